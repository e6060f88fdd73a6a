begin;
select plan(2);
select tests.create_user('owner');
create temp table made on commit drop as
  select tests.create_session('owner') as new_id, tests.create_session('owner') as continued_id;
grant select on made to public;
select tests.create_message(id, 'user', 'Hi'), tests.create_message(id, 'assistant', 'Hello'),
  tests.create_message(id, 'assistant', '')
from public.chat_sessions;
update public.chat_sessions set thread_id = 'conv_1' where id = (select continued_id from made);

select tests.act_as_service();
select is(
  (select jsonb_path_query_array(tests.start_turn('owner', new_id, content => 'And now?'), '$.history[*].content')
   from made),
  '["Hi", "Hello"]',
  'a session without a conversation at OpenAI returns its history in order'
);
select row_eq(
  $$ select turn ->> 'thread_id', turn -> 'history'
     from (select tests.start_turn('owner', continued_id, content => 'And now?') as turn from made) as started $$,
  row('conv_1'::text, '[]'::jsonb), 'a session with a conversation returns its id instead'
);
select * from finish();
rollback;
