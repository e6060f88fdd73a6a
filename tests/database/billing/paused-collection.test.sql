-- While Stripe collects no payments, a subscription gives its plan until the paid period ends.
begin;
select plan(4);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.plan_when(pause jsonb, paid_until timestamptz)
returns text
language sql
as $$
  select tests.apply_subscription('cus_1', 'sub_1', 'active',
    jsonb_build_object('pause_collection', pause, 'paid_until', paid_until));
  select subscription_plan from public.profiles where id = tests.profile_id('payer')
$$;

select is(pg_temp.plan_when('{"behavior": "void"}', now() + interval '1 day'), 'pro', 'the paid period counts');
update public.subscriptions set paid_until = now();
select private.refresh_entitlements();
select is(
  (select subscription_plan from public.profiles where id = tests.profile_id('payer')), 'free', 'the schedule ends it'
);
select is(
  pg_temp.plan_when('{"behavior": "keep_as_draft"}', null), 'free', 'a pause without a paid period gives no plan'
);
select is(pg_temp.plan_when(null, null), 'pro', 'after the pause the plan is back');
select * from finish();
rollback;
