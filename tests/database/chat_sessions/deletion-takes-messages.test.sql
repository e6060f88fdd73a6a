begin;
select plan(2);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;
select tests.start_turn('owner', (select session_id from made));

select tests.act_as('owner');
select isnt_empty('delete from public.chat_sessions returning 1', 'the owner can delete a session during a turn');

select tests.act_as_postgres();
select is_empty(
  $$ select id from public.chat_messages union all select id from public.chat_turns $$,
  'its messages and turns are deleted with it'
);
select * from finish();
rollback;
