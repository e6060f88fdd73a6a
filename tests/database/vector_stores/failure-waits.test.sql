begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
create temp table claimed on commit drop as select public.claim_vector_store(session_id) as claim from made;
select public.fail_vector_store((claim ->> 'id')::uuid, (claim ->> 'lease_until')::timestamptz, 'APIError') from claimed;
select is((select status || ' ' || error from public.vector_stores), 'failed APIError', 'the row says that it could not be made');
select is((select public.claim_vector_store(session_id) ->> 'kind' from made), 'failed', 'for a minute nobody tries again');
update public.vector_stores set lease_until = now();
select is((select public.claim_vector_store(session_id) ->> 'kind' from made), 'build', 'then the next who needs it does');
select * from finish();
rollback;
