-- Admins add files to assistants. No client reads their rows, and they count against nobody's plan.
begin;
select plan(23);
select tests.create_user(name) from unnest(array['owner', 'admin', 'suspended']) as name;
update public.profiles set role = 'admin' where id in (tests.profile_id('admin'), tests.profile_id('suspended'));
update public.profiles set is_active = false where id = tests.profile_id('suspended');
update public.plans set max_files = 1, max_session_files = 1, max_bytes = 10, max_file_bytes = 5;
update public.assistants set max_files = 2, is_active = false where slug = 'coach';
create temp table made on commit drop as select tests.create_session('admin', null, 'researcher') as session_id;
grant select on made to public;

create function pg_temp.add(who text, slug text default 'coach', file_type text default 'text/plain')
returns public.chat_files
language sql
as $$
  select public.create_file(tests.auth_id(who), gen_random_uuid(), 'a.txt', file_type,
    'assistants/' || gen_random_uuid(), assistant_slug => slug)
$$;
grant execute on function pg_temp.add(text, text, text) to public;

select tests.act_as_service();
select throws_ok($$ select pg_temp.add('owner') $$, 'PT403', 'not_allowed', 'a user adds no file to an assistant');
select throws_ok(
  $$ select pg_temp.add('suspended') $$, 'PT403', 'account_blocked', 'nor does an admin who is suspended'
);
select throws_ok(
  $$ select public.open_upload(tests.auth_id('owner'), assistant_slug => 'coach') $$, 'PT403', 'not_allowed',
  'a user is refused before the bytes arrive'
);
select throws_ok(
  $$ select pg_temp.add('admin', 'nobody') $$, 'PT404', 'assistant_not_found', 'the assistant must exist'
);
select throws_ok(
  $$ select pg_temp.add('admin', 'coach', 'image/png') $$, 'PT415', 'image_not_searched',
  'an image, which search cannot read, is refused'
);
select is(
  public.open_upload(tests.auth_id('admin'), assistant_slug => 'coach') - array['profile_id', 'file'],
  jsonb_build_object('folder', 'assistants', 'max_bytes', (
    select b.file_size_limit from storage.buckets b where b.id = 'chat-files'
  )),
  'only the bucket limits the size, and the folder is nobody''s'
);
create temp table added on commit drop as select * from pg_temp.add('admin');
create temp table twin on commit drop as select * from pg_temp.add('admin');
grant select on added, twin to public;
select is(
  (select status from public.store_file((select id from added), 100, repeat('a', 64))), 'indexing',
  'an admin adds a file that is larger than the admin''s plan allows'
);
select is(
  (select id from public.store_file((select id from twin), 100, repeat('a', 64))), (select id from added),
  'an assistant has the same bytes once'
);
select lives_ok($$ select pg_temp.add('admin') $$, 'an assistant may have as many files as its max_files');
select throws_ok(
  $$ select pg_temp.add('admin') $$, 'PT409', 'assistant_file_limit_reached', 'and no more'
);
select lives_ok(
  $$ select public.create_file(tests.auth_id('admin'), gen_random_uuid(), 'a.txt', 'text/plain',
       tests.profile_id('admin') || '/own.txt', session_id) from made $$,
  'files of assistants do not count against the admin''s own plan'
);
select throws_ok(
  $$ update public.chat_files set session_id = made.session_id, user_id = tests.profile_id('admin') from made
     where assistant_slug = 'coach' $$,
  '23514', null, 'a file has a session or an assistant, not both'
);

select tests.act_as('owner');
select is_empty('select from public.chat_files', 'a user reads no row of an assistant''s file');
select tests.act_as('admin');
select is_empty(
  $$ select from public.chat_files where assistant_slug is not null $$, 'nor does an admin, through the table'
);
select set_eq(
  $$ select file_name, status from public.admin_list_assistant_files('coach') $$,
  $$ values ('a.txt', 'indexing'), ('a.txt', 'pending') $$, 'an admin lists them'
);
select tests.act_as_postgres();
insert into storage.objects (bucket_id, name) select 'chat-files', storage_path from added;
select tests.act_as('admin');
select is_empty('select from storage.objects', 'no user reads their bytes');

select tests.act_as_service();
select throws_ok(
  $$ select public.delete_file(tests.auth_id('owner'), id) from added $$, 'PT404', 'file_not_found',
  'a user cannot delete an assistant''s file'
);
select throws_ok(
  $$ select public.retry_file(tests.auth_id('suspended'), id) from added $$, 'PT403', 'account_blocked',
  'a suspended admin retries nothing'
);
select public.fail_file(id, '{"code": "provider_error"}') from added;
select is(
  (select (public.retry_file(tests.auth_id('admin'), id)).status from added), 'indexing', 'an admin retries a file'
);
select public.set_openai_file(id, 'file_1') from added;
create temp table claim on commit drop as select public.claim_vector_store(assistant_slug => 'coach') as claim;
select public.settle_vector_store((claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz, 'vs_1', now(), '{}',
  array['file_1']) from claim;
select is(
  (select public.delete_file(tests.auth_id('admin'), id) from added), tests.profile_id('admin'),
  'an admin deletes a file'
);
select tests.act_as_postgres();
select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ select 'object', storage_path from added union all select 'object', storage_path from twin
     union all values ('file', 'file_1'), ('vector_store_file', 'vs_1/file_1') $$,
  'its copies go to the outbox'
);
select set_eq(
  $$ select action, details ->> 'assistant_slug', count(*)::integer from public.audit_logs
     where admin_id = tests.profile_id('admin') group by 1, 2 $$,
  $$ values ('admin_add_file', 'coach', 3), ('admin_retry_file', 'coach', 1), ('admin_delete_file', 'coach', 1) $$,
  'changes of an assistant''s files are audited, and those of the admin''s own are not'
);
delete from public.assistants where slug = 'coach';
select results_eq(
  $$ select (select count(*)::integer from public.chat_files where assistant_slug is not null),
       (select count(*)::integer from private.remote_deletions where kind = 'vector_store') $$,
  $$ values (0, 1) $$, 'files and store go with the assistant'
);
select * from finish();
rollback;
