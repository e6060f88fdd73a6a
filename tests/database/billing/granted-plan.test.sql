-- A plan that an admin gave and a plan that was bought: the better one counts, and neither ends the other.
begin;
select plan(13);
select tests.create_user('admin'), tests.create_user('payer');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.payer()
returns text
language sql
as $$
  select format('%s from %s, %s', subscription_plan, plan_source, role)
  from public.profiles where id = tests.profile_id('payer')
$$;

select tests.act_as('admin');
select lives_ok(
  $$ select public.admin_grant_plan(tests.profile_id('payer'), 'pro', now() + interval '30 days') $$,
  'an admin gives a plan'
);
select throws_ok(
  $$ select public.admin_grant_plan(tests.profile_id('payer'), 'gold') $$, 'PT400', 'invalid_plan',
  'an unknown plan is refused'
);
select throws_ok(
  $$ select public.admin_grant_plan(tests.profile_id('payer'), 'pro', now()) $$, 'PT400', 'invalid_expiry',
  'a grant that has already ended is refused'
);
select tests.act_as_postgres();
select is(pg_temp.payer(), 'pro from granted, premium', 'the user has the plan at once');
select is(
  (select subscription_quota from public.profiles where id = tests.profile_id('payer')), 3000, 'with its quota'
);
select is(
  (select after ->> 'granted_plan' from public.audit_logs where action = 'admin_grant_plan'), 'pro',
  'the audit log has the grant'
);

select tests.apply_subscription('cus_1', 'sub_1', 'incomplete');
select is(pg_temp.payer(), 'pro from granted, premium', 'a failed checkout does not end it');
select tests.apply_subscription('cus_1', 'sub_2', 'active', plan => 'enterprise');
select is(pg_temp.payer(), 'enterprise from subscription, premium', 'a better plan that was bought counts');
select tests.apply_subscription('cus_1', 'sub_2', 'canceled', plan => 'enterprise');
select is(pg_temp.payer(), 'pro from granted, premium', 'after its end the granted plan counts again');

-- The time of a transaction stands still, so the end moves into the past without the trigger that would notice it.
set constraints all immediate;
alter table public.profiles disable trigger profiles_plan_follows;
update public.profiles set granted_plan_ends_at = now(), entitlement_due_at = now() where granted_plan is not null;
alter table public.profiles enable trigger profiles_plan_follows;
select is(pg_temp.payer(), 'pro from granted, premium', 'the plan stays until something applies its end');
select private.refresh_entitlements();
select is(pg_temp.payer(), 'free from none, user', 'the schedule applies its end');

select tests.act_as('admin');
select public.admin_grant_plan(tests.profile_id('payer'), 'enterprise');
select tests.act_as_postgres();
select is(pg_temp.payer(), 'enterprise from granted, premium', 'a grant without an end');
select tests.act_as('admin');
select public.admin_grant_plan(tests.profile_id('payer'), null);
select tests.act_as_postgres();
select is(pg_temp.payer(), 'free from none, user', 'an admin ends a grant');
select * from finish();
rollback;
