begin;
select plan(12);
select tests.create_user('owner'), tests.create_user('other');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
insert into public.chat_files
  (user_id, session_id, file_name, file_type, storage_path, file_size, sha256, status, error, origin)
select tests.profile_id('owner'), session_id, 'a.txt', 'text/plain', name, case when hash is not null then 5 end,
  repeat(hash, 64), status, case when code is not null then jsonb_build_object('code', code) end, origin
from made, (values
  ('failed', 'a', 'failed', 'provider_error', 'user'),
  ('interrupted', null, 'failed', 'upload_interrupted', 'user'),
  ('doubled', 'b', 'failed', 'file_unreadable', 'user'),
  ('ready', 'b', 'ready', null, 'user'),
  ('made', 'c', 'ready', 'provider_error', 'assistant')
) as files (name, hash, status, code, origin);
grant select on made to public;

create function pg_temp.retry(name text, who text default 'owner')
returns text
language sql
as $$
  select (public.retry_file(tests.auth_id(who), f.id)).status from public.chat_files f where f.storage_path = name
$$;
grant execute on function pg_temp.retry(text, text) to public;

select tests.act_as_service();
select throws_ok(
  $$ select pg_temp.retry('failed', 'other') $$, 'PT404', 'file_not_found', 'another user''s file is not found'
);
select throws_ok(
  $$ select public.retry_file(tests.auth_id('owner'), gen_random_uuid()) $$, 'PT404', 'file_not_found',
  'a file that does not exist is not found'
);
select throws_ok($$ select pg_temp.retry('ready') $$, 'PT409', 'file_not_failed', 'a ready file has not failed');
select throws_ok(
  $$ select pg_temp.retry('interrupted') $$, 'PT409', 'file_not_stored', 'a file without bytes must be uploaded again'
);
select throws_ok(
  $$ select pg_temp.retry('doubled') $$, 'PT409', 'file_exists', 'the session has another file with the same bytes'
);
select is(pg_temp.retry('failed'), 'indexing', 'a failed file is indexed again');
select throws_ok(
  $$ select pg_temp.retry('failed') $$, 'PT409', 'file_not_failed', 'it is not started twice'
);
select is(
  pg_temp.retry('made'), 'indexing', 'so is a file of the assistant that OpenAI could not read'
);
select results_eq(
  $$ select error, indexing_since, retry_at from public.chat_files where storage_path = 'failed' $$,
  $$ select null::jsonb, now(), now() + interval '10 minutes' $$, 'it has an hour again'
);

select public.fail_file(id, '{"code": "provider_error"}') from public.chat_files where storage_path = 'failed';
select tests.act_as_postgres();
select is_empty('select from private.remote_deletions', 'the bytes of a failed file stay in Storage');
update public.profiles set is_active = false where id = tests.profile_id('owner');
select tests.act_as_service();
select throws_ok(
  $$ select pg_temp.retry('failed') $$, 'PT403', 'account_blocked', 'a suspended account starts nothing'
);
select tests.act_as_postgres();
delete from public.chat_files where storage_path = 'failed';
select results_eq(
  'select kind, remote_id from private.remote_deletions', $$ values ('object', 'failed') $$, 'they go with the row'
);
select * from finish();
rollback;
