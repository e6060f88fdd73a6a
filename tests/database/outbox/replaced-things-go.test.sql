begin;
select plan(1);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
create temp table started on commit drop as select tests.start_turn('owner', session_id) as turn from made;
select public.save_turn_ids((turn ->> 'turn_id')::uuid, 'resp_1', 'conv_1') from started;
select public.save_turn_ids((turn ->> 'turn_id')::uuid, 'resp_2', 'conv_1') from started;
insert into public.chat_files (user_id, session_id, file_name, file_type, storage_path, openai_file_id)
select tests.profile_id('owner'), session_id, 'a.png', 'image/png', 'files/a.png', 'file_1' from made;
insert into public.vector_stores (user_id, session_id, name, status, store_id, expires_at)
select tests.profile_id('owner'), session_id, 'Chat', 'active', 'vs_1', now() + interval '7 days' from made;

update public.chat_sessions set thread_id = null;
update public.chat_sessions set thread_id = 'thread_old';
update public.chat_sessions set thread_id = 'conv_2';
update public.chat_files set openai_file_id = 'file_2';
update public.vector_stores set store_id = 'vs_2';

select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ values ('response', 'resp_1'), ('conversation', 'conv_1'), ('file', 'file_1'), ('vector_store', 'vs_1') $$,
  'replaced objects are enqueued in the outbox, except ids of the old API'
);
select * from finish();
rollback;
