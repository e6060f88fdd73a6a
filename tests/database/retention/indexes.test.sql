begin;
select plan(2);
-- Enough rows that the planner uses an index, and none of them old.
select tests.create_user('owner');
insert into public.user_activity (user_id, action) select tests.profile_id('owner'), 'a' from generate_series(1, 5000);
insert into public.audit_logs (action) select 'a' from generate_series(1, 5000);
insert into public.sync_logs (event_type, event_source, success) select 'a', 'b', true from generate_series(1, 5000);
insert into public.usage_counters (user_id, feature, period_start, reset_at)
select tests.profile_id('owner'), 'turns', now() + n * interval '1 minute',
  now() + n * interval '1 minute' from generate_series(1, 5000) n;
insert into public.stripe_events (id, type, livemode, status, created_at)
select n, 'a', false, 'processed', now() from generate_series(1, 5000) n;
insert into public.bridge_tokens (user_id, auth_session_id, token_hash)
select tests.profile_id('owner'), gen_random_uuid(), sha256(n::text::bytea) from generate_series(1, 5000) n;
insert into public.organizations (name) select 'Team' from generate_series(1, 5000);
insert into public.organization_invitations (organization_id, email, role, token_hash)
select o.id, 'a@b', 'member', sha256(o.id::text::bytea) from public.organizations o;
analyze;
-- Kinds without an index are scanned once a day.
select private.run_retention() from generate_series(1, 5);

create function pg_temp.tuples_read()
returns bigint
language sql
as $$
  select sum(pg_stat_get_xact_tuples_returned(c.oid))::bigint from pg_class c
  where c.oid = any (array[
    'public.user_activity', 'public.audit_logs', 'public.sync_logs', 'public.usage_counters', 'public.stripe_events',
    'public.bridge_tokens', 'public.organization_invitations'
  ]::regclass[])
$$;
create temp table before on commit drop as select pg_temp.tuples_read() as tuples;
select is(private.run_retention(), false, 'no row is old enough to delete');
select is(pg_temp.tuples_read() - tuples, 0::bigint, 'no newer row was read') from before;
select * from finish();
rollback;
