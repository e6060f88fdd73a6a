-- All items of a subscription count, whatever they cost: the best plan among them wins.
begin;
select plan(9);
select tests.create_user('payer'), tests.create_user('stranger');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.item(id text, plan text, quantity bigint default 1)
returns jsonb
language sql
as $$
  select jsonb_build_object('id', id, 'stripe_price_id', 'price_' || plan, 'stripe_product_id', 'prod_' || plan,
    'quantity', quantity, 'current_period_start', date_trunc('second', now() - interval '1 day'),
    'current_period_end', date_trunc('second', now() + interval '29 days'))
$$;
create function pg_temp.plan_with(variadic items jsonb[])
returns text
language sql
as $$
  -- The add-on is the most expensive item, so the subscription itself names it.
  select tests.apply_subscription('cus_1', 'sub_1', 'active',
    jsonb_build_object('stripe_price_id', 'price_addon', 'stripe_product_id', 'prod_addon', 'items', items));
  select subscription_plan from public.profiles where id = tests.profile_id('payer')
$$;
select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(
  '{"kind": "product", "fields": {"id": "prod_addon", "name": "Add-on", "metadata": {}}}'::jsonb,
  '{"kind": "product", "fields": {"id": "prod_enterprise", "name": "E", "metadata": {"plan": "enterprise"}}}'::jsonb
));

select is(
  pg_temp.plan_with(pg_temp.item('si_1', 'pro'), pg_temp.item('si_2', 'addon', 5)), 'pro',
  'a plan counts beside an add-on that costs more'
);
select is(
  (select stripe_product_id from public.profiles where id = tests.profile_id('payer')), 'prod_pro',
  'the profile names the product that gives the plan'
);
select is(
  pg_temp.plan_with(pg_temp.item('si_1', 'pro'), pg_temp.item('si_3', 'enterprise')), 'enterprise',
  'the best of several plans in one subscription wins'
);
select is(
  pg_temp.plan_with(pg_temp.item('si_1', 'pro'), pg_temp.item('si_3', 'enterprise', 0)), 'pro',
  'an item with quantity 0 gives no plan'
);
select is(pg_temp.plan_with(pg_temp.item('si_2', 'addon')), 'free', 'an add-on alone gives no plan');
select is(pg_temp.plan_with(pg_temp.item('si_1', 'pro', null)), 'pro', 'a metered item without a quantity counts');

select tests.act_as('payer');
select results_eq(
  'select id, quantity from public.subscription_items', $$ values ('si_1', null::bigint) $$,
  'the owner reads the items, and removed items are gone'
);
select tests.act_as('stranger');
select is_empty('select from public.subscription_items', 'a stranger reads none');
select tests.act_as_postgres();
select is(
  (select count(*) from public.subscription_items), 1::bigint, 'the items of a lower ticket change nothing'
) from public.apply_stripe_objects('', 1, jsonb_build_array(jsonb_build_object('kind', 'subscription', 'fields',
  (select to_jsonb(s) - array['id', 'user_id', 'auto_renew', 'updated_at', 'ticket'] from public.subscriptions s)
    || jsonb_build_object('items', jsonb_build_array(pg_temp.item('si_8', 'pro'), pg_temp.item('si_9', 'pro')))
)));
select * from finish();
rollback;
