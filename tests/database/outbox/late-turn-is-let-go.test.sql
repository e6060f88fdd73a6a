begin;
select plan(2);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
create temp table started on commit drop as select tests.start_turn('owner', session_id) as turn from made;
grant select on started to public;
delete from public.chat_sessions;

select tests.act_as_service();
select is(
  (select public.save_turn_ids((turn ->> 'turn_id')::uuid, 'resp_late', 'conv_late') -> 'is_active' from started),
  'false', 'saving the ids tells that the session is deleted'
);

select tests.act_as_postgres();
select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ values ('response', 'resp_late'), ('conversation', 'conv_late') $$,
  'objects it has created at OpenAI since are enqueued in the outbox'
);
select * from finish();
rollback;
