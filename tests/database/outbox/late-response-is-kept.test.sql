-- A turn that is stopped before OpenAI has accepted it learns the id of its response after it was settled.
begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
create temp table started on commit drop as select tests.start_turn('owner', session_id) as turn from made;
grant select on started to public;

select tests.act_as_service();
select public.settle_turn((turn ->> 'turn_id')::uuid, 'stopped', '{}') from started;
select public.save_turn_ids((turn ->> 'turn_id')::uuid, 'resp_late', 'conv_late') from started;
select is((select response_id from public.chat_turns), 'resp_late', 'the settled turn keeps the id of its response');

select tests.act_as_postgres();
select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ values ('conversation', 'conv_late') $$, 'the conversation, which no session uses, is deleted'
);
delete from public.chat_sessions;
select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ values ('conversation', 'conv_late'), ('response', 'resp_late') $$, 'the response is deleted with the session'
);
select * from finish();
rollback;
