begin;
select plan(4);
select tests.create_user('owner');
create temp table made on commit drop as
  select ending, tests.create_session('owner') as session_id from unnest(array['stopped', 'failed']) as ending;
grant select on made to public;
select tests.start_turn('owner', session_id) from made;
update public.chat_sessions s set thread_id = 'conv_' || ending from made where s.id = session_id;

select tests.act_as_service();
select public.settle_turn(id, 'stopped', '{"content": "Half", "thread_id": "conv_1"}')
from public.chat_turns join made using (session_id) where ending = 'stopped';
select public.fail_turn(id, '{"content": "Some", "error": {"code": "internal", "message": "Sorry"}}')
from public.chat_turns join made using (session_id) where ending = 'failed';

select tests.act_as_postgres();
select is_empty(
  'select id from public.chat_sessions where thread_id is not null',
  'a conversation at OpenAI that may differ from the stored one is not used again'
);
select results_eq(
  $$ select ending, m.status, m.content, m.error
     from made join public.chat_messages m using (session_id)
     where m.sender = 'assistant' order by ending $$,
  $$ values ('failed', 'failed', 'Some', '{"code": "internal", "message": "Sorry"}'::jsonb),
            ('stopped', 'stopped', 'Half', null) $$,
  'the reply keeps its text and the reason of its end'
);
select results_eq(
  'select ending, t.status from made join public.chat_turns t using (session_id) order by ending',
  $$ values ('failed', 'failed'), ('stopped', 'stopped') $$, 'the turn keeps the reason of its end'
);
select is_empty('select id from public.chat_turns where finished_at is null', 'the turn has an end time');
select * from finish();
rollback;
