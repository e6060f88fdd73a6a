-- Only listed prices are for sale, and clients see only the columns that a price table needs.
begin;
select plan(13);
select tests.create_user('payer'), tests.create_user('other');

create function pg_temp.apply(objects jsonb)
returns void
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), objects)
$$;
create function pg_temp.product(product_id text, metadata jsonb, default_price text default null)
returns void
language sql
as $$
  select pg_temp.apply(jsonb_build_array(jsonb_build_object('kind', 'product', 'fields', jsonb_build_object(
    'id', product_id, 'name', 'Product ' || product_id, 'is_active', true, 'is_deleted', false, 'metadata', metadata,
    'default_price_id', default_price
  ))))
$$;
create function pg_temp.price(
  price_id text, product_id text, metadata jsonb default '{}', is_active boolean default true
)
returns void
language sql
as $$
  select pg_temp.apply(jsonb_build_array(jsonb_build_object('kind', 'price', 'fields', jsonb_build_object(
    'id', price_id, 'product_id', product_id, 'is_active', is_active, 'is_deleted', false, 'currency', 'usd',
    'unit_amount', 2000, 'type', 'recurring', 'nickname', 'secret', 'metadata', metadata
  ))))
$$;
create function pg_temp.listed(product_id text)
returns text[]
language sql
as $$
  select coalesce(array_agg(r.id order by r.id), '{}') from public.listed_prices() r
  where r.product_id = listed.product_id
$$;

-- A product without a marked price.
select pg_temp.product('prod_1', '{"plan": "pro"}', 'price_1'),
  pg_temp.price('price_1', 'prod_1'), pg_temp.price('price_partner', 'prod_1');
select is(pg_temp.listed('prod_1'), '{price_1}', 'without a mark, only the default price is listed');
select pg_temp.price('price_yearly', 'prod_1', '{"listed": "true", "trial_days": "14"}'),
  pg_temp.price('price_not', 'prod_1', '{"listed": "false"}');
select is(pg_temp.listed('prod_1'), '{price_yearly}', 'with a mark, only marked prices are listed');
select pg_temp.price('price_yearly', 'prod_1', '{"listed": "true"}', false);
select is(pg_temp.listed('prod_1'), '{}', 'an archived price is not listed, and its mark still counts');
select pg_temp.price('price_yearly', 'prod_1', '{"listed": "true", "trial_days": "14"}');

select pg_temp.product('prod_bad_plan', '{"plan": "gold"}', 'price_bad_plan'),
  pg_temp.price('price_bad_plan', 'prod_bad_plan');
select pg_temp.product('prod_bad_credits', '{"tokens": "1.5"}', 'price_bad_credits'),
  pg_temp.price('price_bad_credits', 'prod_bad_credits');
select pg_temp.product('prod_bad_days', '{"tokens": "5", "tokens_days": "soon"}', 'price_bad_days'),
  pg_temp.price('price_bad_days', 'prod_bad_days');
select pg_temp.product('prod_bad_trial', '{"plan": "pro"}'),
  pg_temp.price('price_bad_trial', 'prod_bad_trial', '{"listed": "true", "trial_days": "731"}'),
  pg_temp.price('price_good_trial', 'prod_bad_trial', '{"listed": "true", "trial_days": "730"}');
select is(pg_temp.listed('prod_bad_plan'), '{}', 'a product with an unknown plan is not sold');
select is(pg_temp.listed('prod_bad_credits') || pg_temp.listed('prod_bad_days'), '{}',
  'a product with a bad number is not sold');
select is(pg_temp.listed('prod_bad_trial'), '{price_good_trial}', 'a price with a bad trial is not sold');
select set_eq(
  'select product_id, price_id, key, value from private.catalogue_problems()',
  $$ values ('prod_bad_plan', null, 'plan', 'gold'), ('prod_bad_credits', null, 'tokens', '1.5'),
       ('prod_bad_days', null, 'tokens_days', 'soon'),
       ('prod_bad_trial', 'price_bad_trial', 'trial_days', '731') $$,
  'every bad value is reported with its product'
);
select pg_temp.product('prod_bad_plan', '{"plan": "pro"}', 'price_bad_plan');
select is(pg_temp.listed('prod_bad_plan'), '{price_bad_plan}', 'a corrected product is sold');

select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
select tests.apply_subscription('cus_1', 'sub_1', 'active', '{"stripe_price_id": "price_partner"}');
select tests.act_as_anon();
select set_eq(
  $$ select id from public.stripe_prices where product_id in ('prod_1', 'prod_bad_credits') $$,
  array['price_yearly'], 'anon sees listed prices only'
);
select set_eq(
  $$ select id, tokens from public.stripe_products where id in ('prod_1', 'prod_bad_credits') $$,
  $$ values ('prod_1', null::integer) $$, 'anon sees products with a listed price only'
);
select throws_ok('select metadata from public.stripe_products', '42501');
select throws_ok('select nickname from public.stripe_prices', '42501');
select tests.act_as('payer');
select set_eq(
  $$ select id from public.stripe_prices where product_id = 'prod_1' $$,
  array['price_yearly', 'price_partner'], 'a subscriber also sees the price of the own subscription'
);
select * from finish();
rollback;
