begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
create temp table claimed on commit drop as select public.claim_vector_store(session_id) as claim from made;
select public.fail_vector_store(
  (claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz, 'APIError'
) from claimed;
select is(
  (select status || ' ' || error from public.vector_stores), 'failed APIError',
  'the row records that the store could not be created'
);
select is(
  (select public.claim_vector_store(session_id) ->> 'kind' from made), 'failed',
  'for a minute the creation is not retried'
);
update public.vector_stores set lease_until = now();
select is(
  (select public.claim_vector_store(session_id) ->> 'kind' from made), 'build', 'after that the next caller retries'
);
select * from finish();
rollback;
