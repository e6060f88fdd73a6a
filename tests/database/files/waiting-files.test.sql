begin;
select plan(12);
select tests.create_user('owner');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, gen_random_uuid() as file_id, gen_random_uuid() as upload_id;
insert into public.chat_files (id, user_id, session_id, file_name, file_type, storage_path)
select id, tests.profile_id('owner'), session_id, 'a.txt', 'text/plain', 'files/' || id
from made, unnest(array[file_id, upload_id]) as id;
grant select on made to public;

create function pg_temp.seconds_left()
returns integer
language sql
as $$
  select round(extract(epoch from f.retry_at - now())) from public.chat_files f, made where f.id = made.file_id
$$;
grant execute on function pg_temp.seconds_left() to public;

select tests.act_as_service();
select public.store_file(file_id, 5, repeat('a', 64)) from made;
select is(pg_temp.seconds_left(), 600, 'the function that stored a file has ten minutes to index it');
select is_empty('select from public.claim_stale_files(10)', 'meanwhile the clean-up leaves it alone');
select is_empty('select from made, public.claim_file(file_id)', 'and so does any other caller');

select public.delay_file(f.id, f.retry_at, 30, '{"code": "provider_error"}') from public.chat_files f, made
where f.id = made.file_id;
select is(pg_temp.seconds_left(), 30, 'a failed attempt says when the next one may start');
select results_eq(
  $$ select f.status, f.error ->> 'code' from public.chat_files f, made where f.id = made.file_id $$,
  $$ values ('indexing', 'provider_error') $$, 'the file waits, and its row has the reason'
);
select public.delay_file(file_id, now() + interval '1 second', 99) from made;
select is(pg_temp.seconds_left(), 30, 'a caller without the claim changes nothing');

update public.chat_files f set retry_at = now();
select tests.act_as_postgres();
select is(private.count_due_files(10), 2, 'due uploads and files make a schedule call the clean-up');
select is(private.count_due_files(1), 1, 'it counts no further than it is asked to');
select tests.act_as_service();
select isnt_empty('select from made, public.claim_file(file_id)', 'the function that has waited claims its file again');
select results_eq(
  'select id, status from public.claim_stale_files(10)', $$ select upload_id, 'pending' from made $$,
  'the clean-up claims what nobody else has'
);
select public.fail_file(file_id, '{"code": "provider_error"}') from made;
update public.chat_files f set status = 'ready', sha256 = repeat('b', 64), file_size = 1, error = null
from made where f.id = made.upload_id;
select tests.act_as_postgres();
select is(private.count_due_files(10), 0, 'files that are ready or have failed are never due');

select tests.act_as_service();
select public.reindex_file(upload_id, '{"code": "provider_error"}') from made;
select results_eq(
  $$ select f.status, f.retry_at < now() + interval '1 minute', f.indexing_since = now()
     from public.chat_files f, made where f.id = made.upload_id $$,
  $$ values ('indexing', true, true) $$, 'a ready file that a new store lacks is indexed again, for another hour'
);
select * from finish();
rollback;
