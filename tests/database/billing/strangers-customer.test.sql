-- Metadata at Stripe does not decide whose customer it is.
begin;
select plan(4);
select tests.create_user('owner'), tests.create_user('other');
select public.link_stripe_customer(tests.profile_id('owner'), 'cus_owner');
select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(
  jsonb_build_object('kind', 'customer', 'fields', jsonb_build_object(
    'id', 'cus_owner', 'metadata', jsonb_build_object('profile_id', tests.profile_id('other'))
  )),
  jsonb_build_object('kind', 'customer', 'fields', jsonb_build_object(
    'id', 'cus_nobody', 'metadata', jsonb_build_object('profile_id', tests.profile_id('other'))
  ))
));
select tests.apply_subscription(c, 'sub_' || c, 'active', jsonb_build_object(
  'metadata', jsonb_build_object('profile_id', tests.profile_id('other'))
)) from unnest(array['cus_owner', 'cus_nobody']) as c;

select is(
  (select subscription_plan from public.profiles where id = tests.profile_id('owner')), 'pro', 'the payer gets the plan'
);
select is(
  (select subscription_plan from public.profiles where id = tests.profile_id('other')), 'free',
  'the user named in metadata gets nothing'
);
select throws_ok(
  $$ select public.link_stripe_customer(tests.profile_id('other'), 'cus_owner') $$, 'PT409', 'customer_taken'
);
select is(
  public.link_stripe_customer(tests.profile_id('owner'), 'cus_second'), 'cus_owner',
  'a profile keeps the customer that it has'
);
select * from finish();
rollback;
