begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
insert into public.chat_files
  (user_id, session_id, file_name, file_type, storage_path, file_size, sha256, status, openai_file_id)
select tests.profile_id('owner'), session_id, 'a.txt', 'text/plain', 'path-' || n, 5, repeat(n::text, 64), 'ready',
  'file_' || n
from made, generate_series(1, 3) as n;
grant select on made to public;

create function pg_temp.rebuild(variadic file_ids text[])
returns boolean
language sql
as $$
  select public.settle_vector_store((claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz,
    'vs_' || cardinality(file_ids), now() + interval '7 days', '{}', file_ids)
  from made, public.claim_vector_store(session_id) as claim
$$;
grant execute on function pg_temp.rebuild(text[]) to public;

select tests.act_as_service();
select pg_temp.rebuild('file_1', 'file_2', 'file_3');
select is((select file_count from public.vector_stores), 3, 'a store counts the files that OpenAI searches in it');

update public.vector_stores set status = 'expired';
select pg_temp.rebuild('file_1', 'file_3');
select is((select file_count from public.vector_stores), 2, 'a file that OpenAI does not search is not counted');
select results_eq(
  'select openai_file_id from public.chat_files where vector_store_id is null', $$ values ('file_2') $$,
  'its row does not name the store'
);
select * from finish();
rollback;
