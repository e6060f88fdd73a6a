begin;
select plan(3);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_old');
update public.stripe_customers set is_deleted = true where id = 'cus_old';
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_new');

update public.stripe_customers set is_deleted = false where id = 'cus_old';
select results_eq(
  'select id, user_id from public.stripe_customers order by id',
  $$ values ('cus_new', tests.profile_id('payer')), ('cus_old', null) $$,
  'a customer that Stripe has again stays without an owner who has a new one'
);

insert into public.stripe_products (id, name, is_active, metadata) values ('prod_pro', 'Pro', true, '{"plan": "pro"}');
insert into public.subscriptions (id, stripe_subscription_id, stripe_customer_id, user_id, status, currency, created_at)
select gen_random_uuid(), 'sub_' || c.id, c.id, c.user_id, 'active', 'usd', now()
from public.stripe_customers c;
insert into public.stripe_prices (id, product_id, is_active, currency, type)
values ('price_pro', 'prod_pro', true, 'usd', 'recurring');
insert into public.subscription_items (id, subscription_id, stripe_price_id, stripe_product_id)
select 'si_' || s.stripe_subscription_id, s.id, 'price_pro', 'prod_pro' from public.subscriptions s;
select results_eq(
  'select private.unowned_plans()', $$ values ('sub_cus_old') $$,
  'db:health names the subscription of a customer that belongs to nobody'
);

update public.stripe_customers set is_deleted = true where id = 'cus_new';
update public.stripe_customers set is_deleted = false where id = 'cus_new';
select is(
  (select user_id from public.stripe_customers where id = 'cus_new'), tests.profile_id('payer'),
  'the only customer of its owner keeps it'
);
select * from finish();
rollback;
