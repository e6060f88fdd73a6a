begin;
select plan(5);
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
select ok(
  (select (public.claim_vector_store(session_id) ->> 'retry_after')::numeric between 50 and 60 from made),
  'a caller learns when that will be'
);
update public.vector_stores set lease_until = now();
select is(
  (select public.claim_vector_store(session_id) ->> 'kind' from made), 'build', 'after that the next caller retries'
);
select public.fail_vector_store(v.id, v.lease_until, 'provider_busy', 300) from public.vector_stores v;
select ok(
  (select lease_until > now() + interval '4 minutes' from public.vector_stores),
  'a longer pause that OpenAI asks for is kept'
);
select * from finish();
rollback;
