-- An assistant has one store for all sessions, and a turn searches it beside the store of its session.
begin;
select plan(13);
select tests.create_user('owner'), tests.create_user('other');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.create_session('other') as other_id,
  tests.create_session('other', null, 'researcher') as stranger_id;
insert into public.chat_files (id, user_id, session_id, assistant_slug, file_name, file_type, file_size, sha256,
  storage_path, status, openai_file_id)
select id, case when name = 'own.md' then tests.profile_id('owner') end,
  case when name = 'own.md' then session_id end, case when name <> 'own.md' then 'coach' end,
  name, 'text/plain', 1, repeat(right(id::text, 1), 64), name, status, 'file_' || name
from made, (values
  ('00000000-0000-4000-8000-000000000001'::uuid, 'own.md', 'ready'),
  ('00000000-0000-4000-8000-000000000002', 'book.md', 'ready'),
  ('00000000-0000-4000-8000-000000000003', 'new.md', 'indexing')
) as f (id, name, status);
grant select on made to public;

create function pg_temp.described(session_id uuid)
returns jsonb
language sql
as $$
  select private.describe_files(s) from public.chat_sessions s where s.id = session_id
$$;
create function pg_temp.build(claim jsonb, store_id text)
returns boolean
language sql
as $$
  select public.settle_vector_store((claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz, store_id,
    now() + interval '7 days', '{"expires_after": {"days": 7}}', array['file_book.md', 'file_own.md'])
$$;
grant execute on function pg_temp.build(jsonb, text) to public;

select is(
  (select pg_temp.described(session_id) -> 'stores' from made),
  (select jsonb_build_array(
    jsonb_build_object('session_id', session_id, 'assistant_slug', null, 'store_id', null),
    jsonb_build_object('session_id', null, 'assistant_slug', 'coach', 'store_id', null)
  ) from made),
  'a turn needs the stores of its session and its assistant'
);
select is(
  (select jsonb_path_query_array(pg_temp.described(session_id), '$.files[*].file_name') from made),
  '["own.md", "book.md"]', 'it may use the ready files of both'
);
select is(
  (select jsonb_path_query_array(pg_temp.described(other_id), '$.files[*].file_name') from made), '["book.md"]',
  'another session of the assistant has only the assistant''s files'
);
select is(
  (select pg_temp.described(stranger_id) from made), '{"files": [], "stores": []}',
  'a session with another assistant has none'
);

select tests.act_as_service();
create temp table claims on commit drop as
select public.claim_vector_store(session_id) as own, public.claim_vector_store(assistant_slug => 'coach') as shared
from made;
select is((select shared ->> 'kind' from claims), 'build', 'the first caller builds the store of the assistant');
select is(
  public.claim_vector_store(assistant_slug => 'coach') ->> 'kind', 'wait', 'callers of other sessions wait for it'
);
select is(
  public.claim_vector_store(assistant_slug => 'nobody') ->> 'kind', 'failed', 'an unknown assistant has no store'
);
select pg_temp.build(own, 'vs_own'), pg_temp.build(shared, 'vs_shared') from claims;
select results_eq(
  'select store_id, name, file_count from public.vector_stores order by store_id',
  $$ select 'vs_own', 'Chat ' || session_id, 1 from made union all values ('vs_shared', 'Assistant coach', 1) $$,
  'each store has the files of its collection'
);

select tests.act_as_postgres();
select is(
  (select jsonb_path_query_array(pg_temp.described(session_id), '$.stores[*].store_id') from made),
  '["vs_own", "vs_shared"]', 'a turn searches both, its own first'
);
update public.vector_stores set expires_at = now() + interval '1 day';
select pg_temp.described(other_id) from made;
select results_eq(
  'select store_id, expires_at from public.vector_stores order by store_id',
  $$ values ('vs_own', now() + interval '1 day'), ('vs_shared', now() + interval '7 days') $$,
  'a turn of any session prolongs the store of the assistant, and no store of another session'
);
update public.vector_stores set expires_at = now() + interval '7 days' - interval '29 minutes';
select pg_temp.described(other_id) from made;
select is(
  (select expires_at from public.vector_stores where store_id = 'vs_shared'),
  now() + interval '7 days' - interval '29 minutes', 'but it does not write the row at every turn'
);
delete from public.chat_sessions s using made m where s.id = m.session_id;
select is(
  (select jsonb_path_query_array(pg_temp.described(other_id), '$.stores[*].store_id') from made), '["vs_shared"]',
  'the store of the assistant outlives a session'
);
update public.vector_stores set status = 'recreating', lease_until = now();
select results_eq(
  'select session_id, assistant_slug from public.find_abandoned_stores(9)', $$ values (null::uuid, 'coach') $$,
  'the clean-up finds a store of an assistant whose builder died'
);
select * from finish();
rollback;
