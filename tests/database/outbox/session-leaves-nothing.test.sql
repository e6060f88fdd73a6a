begin;
select plan(1);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;
create temp table started on commit drop as select tests.start_turn('owner', session_id) as turn from made;
select public.save_turn_ids((turn ->> 'turn_id')::uuid, 'resp_1', 'conv_1') from started;
insert into public.chat_files (user_id, session_id, file_name, file_type, storage_path, openai_file_id)
select tests.profile_id('owner'), session_id, 'a.txt', 'text/plain', 'files/a.txt', 'file_1' from made;
insert into public.vector_stores (user_id, session_id, name, status, store_id, expires_at)
select tests.profile_id('owner'), session_id, 'Chat', 'active', 'vs_1', now() + interval '7 days' from made;

select tests.act_as('owner');
delete from public.chat_sessions;

select tests.act_as_postgres();
select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ values ('response', 'resp_1'), ('conversation', 'conv_1'), ('file', 'file_1'), ('object', 'files/a.txt'),
       ('vector_store', 'vs_1') $$,
  'deleting a session enqueues all its remote objects in the outbox'
);
select * from finish();
rollback;
