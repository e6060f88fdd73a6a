begin;
select plan(7);
select tests.create_user('owner'), tests.create_user('other');
update public.plans set max_session_files = 1, max_file_bytes = 10 where slug = 'free';
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.create_session('other') as foreign_id,
  gen_random_uuid() as file_id;
grant select on made to public;

create function pg_temp.take_on(session_id uuid, file_id uuid)
returns public.chat_files
language sql
as $$
  select public.create_file(tests.auth_id('owner'), file_id, 'a.txt', 'text/plain',
    tests.profile_id('owner') || '/' || file_id || '/a.txt', session_id)
$$;
grant execute on function pg_temp.take_on(uuid, uuid) to public;

select tests.act_as_service();
select lives_ok($$ select pg_temp.take_on(session_id, file_id) from made $$, 'the first file is accepted');
select throws_ok(
  $$ select pg_temp.take_on(session_id, gen_random_uuid()) from made $$, 'PT402', 'file_limit_reached',
  'a file over the plan''s number is refused'
);
select throws_ok(
  $$ select pg_temp.take_on(foreign_id, gen_random_uuid()) from made $$, 'PT404', 'session_not_found',
  'another user''s session is not found'
);
select throws_ok(
  $$ select public.store_file(file_id, 11, repeat('0', 64)) from made $$, 'PT413', 'file_too_large',
  'a file over the plan''s size is refused'
);
select public.fail_file(file_id, '{"code": "upload_failed"}') from made;
select lives_ok(
  $$ select pg_temp.take_on(session_id, gen_random_uuid()) from made $$, 'a failed upload does not count'
);
select throws_ok(
  $$ select pg_temp.take_on(session_id, gen_random_uuid()) from made $$, 'PT402', 'file_limit_reached',
  'the upload after it does'
);
update public.chat_files set status = 'failed', sha256 = repeat('0', 64), file_size = 5 where status = 'pending';
select throws_ok(
  $$ select pg_temp.take_on(session_id, gen_random_uuid()) from made $$, 'PT402', 'file_limit_reached',
  'a failed file whose bytes are stored counts'
);
select * from finish();
rollback;
