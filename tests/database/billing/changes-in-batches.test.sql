-- A changed plan of a product, and a changed quota of a plan, reach many users in batches.
begin;
select plan(9);
insert into public.profiles (user_name) select 'user ' || n from generate_series(1, 120) n;
insert into public.stripe_products (id, metadata) values ('prod_pro', '{"plan": "pro"}');
insert into public.stripe_prices (id, product_id) values ('price_pro', 'prod_pro');
insert into public.stripe_customers (id, user_id) select 'cus_' || id, id from public.profiles;
insert into public.subscriptions (user_id, stripe_subscription_id, stripe_customer_id, status, currency, created_at,
  current_period_start, started_at)
select id, 'sub_' || id, 'cus_' || id, 'active', 'usd', now(), now(), now() from public.profiles;
insert into public.subscription_items (id, subscription_id, stripe_price_id, stripe_product_id, quantity)
select 'si_' || id, id, 'price_pro', 'prod_pro', 1 from public.subscriptions;
select private.apply_entitlement(id) from public.profiles;
create function pg_temp.on_plan(plan text)
returns bigint
language sql
as $$
  select count(*) from public.profiles where subscription_plan = plan
$$;
select is(pg_temp.on_plan('pro'), 120::bigint, 'all have bought the plan');

select public.apply_stripe_objects('', public.draw_stripe_ticket(),
  '[{"kind": "product", "fields": {"id": "prod_pro", "name": "Pro", "metadata": {"plan": "enterprise"}}}]');
select is(pg_temp.on_plan('enterprise'), 0::bigint, 'the change itself touches no profile');
select is(private.refresh_entitlements(), true, 'more is left after a batch');
select is(pg_temp.on_plan('enterprise'), 25::bigint, 'a batch has 25 profiles');
select private.refresh_entitlements() from generate_series(1, 5);
select is(pg_temp.on_plan('enterprise'), 120::bigint, 'the batches reach all');
select is(private.refresh_entitlements(), false, 'nothing is left');

update public.plans set monthly_messages = 9 where slug = 'enterprise';
select is((select count(*) from public.profiles where subscription_quota = 9), 0::bigint, 'a quota follows later, too');
update public.plans set monthly_messages = 7 where slug = 'enterprise';
select private.refresh_entitlements() from generate_series(1, 5);
select is((select count(*) from public.profiles where subscription_quota = 7), 120::bigint,
  'the last quota reaches all');
select is_empty('select from private.entitlement_changes', 'repeated changes are handled together');
select * from finish();
rollback;
