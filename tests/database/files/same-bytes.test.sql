begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, gen_random_uuid() as first_id, gen_random_uuid() as second_id;
insert into public.chat_files (id, user_id, session_id, file_name, file_type, storage_path)
select id, tests.profile_id('owner'), session_id, 'a.txt', 'text/plain', 'files/' || id
from made, unnest(array[first_id, second_id]) as id;
grant select on made to public;

select tests.act_as_service();
select public.store_file(first_id, 5, repeat('a', 64)) from made;
select is(
  (select (public.store_file(second_id, 5, repeat('a', 64))).id from made), (select first_id from made),
  'the same bytes again return the first file'
);

select tests.act_as_postgres();
select results_eq(
  'select id, status from public.chat_files', $$ select first_id, 'indexing' from made $$, 'only one row stays'
);
select results_eq(
  $$ select kind, remote_id from private.remote_deletions $$, $$ select 'object', 'files/' || second_id from made $$,
  'the second object is enqueued in the outbox'
);
select * from finish();
rollback;
