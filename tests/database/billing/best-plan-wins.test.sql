begin;
select plan(3);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.plan_of_payer()
returns text
language sql
as $$
  select subscription_plan from public.profiles where id = tests.profile_id('payer')
$$;

select tests.apply_subscription('cus_1', 'sub_1', 'active', plan => 'enterprise');
select tests.apply_subscription('cus_1', 'sub_2', 'active', plan => 'pro');
select is(pg_temp.plan_of_payer(), 'enterprise', 'the best of several plans counts');
select tests.apply_subscription('cus_1', 'sub_1', 'canceled', plan => 'enterprise');
select is(pg_temp.plan_of_payer(), 'pro', 'after its end the remaining plan counts');
select tests.apply_subscription('cus_1', 'sub_2', 'active', jsonb_build_object(
  'cancel_at_period_end', true, 'ends_at', now() - interval '1 second'
));
select is(pg_temp.plan_of_payer(), 'free', 'a subscription past its end gives no plan, whatever its status');
select * from finish();
rollback;
