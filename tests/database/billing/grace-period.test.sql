begin;
select plan(4);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.plan_of_payer()
returns text
language sql
as $$
  select subscription_plan from public.profiles where id = tests.profile_id('payer')
$$;

select tests.apply_subscription(
  'cus_1', 'sub_1', 'past_due', jsonb_build_object('past_due_at', now() - interval '6 days')
);
select is(pg_temp.plan_of_payer(), 'pro', 'within the grace period the plan stays');
update public.subscriptions set past_due_at = now() - interval '8 days';
select is(pg_temp.plan_of_payer(), 'pro', 'the plan stays until something applies the end of the period');
select private.refresh_entitlements();
select is(pg_temp.plan_of_payer(), 'free', 'the schedule applies the end of the period');

update private.billing_policy set past_due_grace_days = 14;
select tests.apply_subscription(
  'cus_1', 'sub_1', 'past_due', jsonb_build_object('past_due_at', now() - interval '8 days')
);
select is(pg_temp.plan_of_payer(), 'pro', 'the number of days is a setting');
select * from finish();
rollback;
