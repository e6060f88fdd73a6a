begin;
select plan(8);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
create temp table claim on commit drop as select public.claim_vector_store(session_id) as first from made;
select is((select first ->> 'kind' from claim), 'build', 'the first to ask makes the store');
select is((select public.claim_vector_store(session_id) ->> 'kind' from made), 'wait', 'the others wait');

create function pg_temp.finish_store(claim jsonb, store_id text)
returns boolean
language sql
as $$
  select public.settle_vector_store((claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz, store_id,
    now() + interval '7 days', '{"expires_after": {"days": 7}}')
$$;
select ok((select pg_temp.finish_store(first, 'vs_1') from claim), 'the store is made');
select is((select public.claim_vector_store(session_id) ->> 'store_id' from made), 'vs_1', 'then all have it');

select public.expire_vector_store('vs_1');
create temp table second on commit drop as select public.claim_vector_store(session_id) as claim from made;
select is((select claim ->> 'kind' from second), 'build', 'once expired it is made again');
update public.vector_stores set lease_until = now() - interval '1 second';
create temp table third on commit drop as select public.claim_vector_store(session_id) as claim from made;
select is((select claim ->> 'kind' from third), 'build', 'when the maker is silent, the next one takes over');
select ok((select not pg_temp.finish_store(claim, 'vs_late') from second), 'who was taken over from comes too late');
select pg_temp.finish_store(claim, 'vs_2') from third;

select tests.act_as_postgres();
select set_eq(
  $$ select kind, remote_id from private.remote_deletions $$,
  $$ values ('vector_store', 'vs_1'), ('vector_store', 'vs_late') $$,
  'the store that was replaced and the one that came too late go to the outbox'
);
select * from finish();
rollback;
