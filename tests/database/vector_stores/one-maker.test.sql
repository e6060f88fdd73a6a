begin;
select plan(8);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
create temp table claim on commit drop as select public.claim_vector_store(session_id) as first from made;
select is((select first ->> 'kind' from claim), 'build', 'the first caller creates the store');
select is((select public.claim_vector_store(session_id) ->> 'kind' from made), 'wait', 'other callers wait');

create function pg_temp.finish_store(claim jsonb, store_id text)
returns boolean
language sql
as $$
  select public.settle_vector_store((claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz, store_id,
    now() + interval '7 days', '{"expires_after": {"days": 7}}', '{}')
$$;
select ok((select pg_temp.finish_store(first, 'vs_1') from claim), 'the first caller saves its store');
select is(
  (select public.claim_vector_store(session_id) ->> 'store_id' from made), 'vs_1', 'all callers get the created store'
);

select public.expire_vector_store('vs_1');
create temp table second on commit drop as select public.claim_vector_store(session_id) as claim from made;
select is((select claim ->> 'kind' from second), 'build', 'an expired store is created again');
update public.vector_stores set lease_until = now() - interval '1 second';
create temp table third on commit drop as select public.claim_vector_store(session_id) as claim from made;
select is((select claim ->> 'kind' from third), 'build', 'the next caller takes over from a creator that is silent');
select ok(
  (select not pg_temp.finish_store(claim, 'vs_late') from second), 'a creator that was replaced cannot save its store'
);
select pg_temp.finish_store(claim, 'vs_2') from third;

select tests.act_as_postgres();
select set_eq(
  $$ select kind, remote_id from private.remote_deletions $$,
  $$ values ('vector_store', 'vs_1'), ('vector_store', 'vs_late') $$,
  'a replaced store and one created too late are enqueued in the outbox'
);
select * from finish();
rollback;
