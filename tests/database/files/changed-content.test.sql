begin;
select plan(2);
select tests.create_user('owner');
insert into public.chat_files (user_id, session_id, file_name, file_type, storage_path, file_size, sha256, status)
select
  tests.profile_id('owner'), tests.create_session('owner'), 'a.txt', 'text/plain', name, 5, repeat('0', 64), 'ready'
from unnest(array['changed', 'late']) as name;

select tests.act_as_service();
select public.fail_file(id, '{"code": "file_changed"}') from public.chat_files where storage_path = 'changed';
select public.fail_file(id, '{"code": "indexing_timeout"}') from public.chat_files where storage_path = 'late';

select tests.act_as_postgres();
select is(
  (select status from public.chat_files where storage_path = 'changed'), 'failed',
  'a ready file fails if its stored bytes have changed'
);
select is(
  (select status from public.chat_files where storage_path = 'late'), 'ready',
  'an attempt that ended late does not fail a ready file'
);
select * from finish();
rollback;
