-- One function links customers: imported ones, those of our own checkouts, and by address only if the operator says so.
begin;
select plan(17);
select tests.create_user(name) from unnest(array['import', 'later', 'buyer', 'mail', 'other']) as name;

create function pg_temp.apply(kind text, fields jsonb)
returns void
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(
    jsonb_build_object('kind', kind, 'fields', fields)
  ))
$$;
create function pg_temp.pay(customer_id text)
returns void
language sql
as $$
  select pg_temp.apply('product', '{"id": "prod_credits", "name": "Credits", "metadata": {"tokens": "50"}}');
  select pg_temp.apply('payment', jsonb_build_object(
    'stripe_payment_intent_id', 'pi_' || customer_id, 'stripe_invoice_id', 'in_' || customer_id,
    'stripe_customer_id', customer_id, 'status', 'completed', 'amount', 1000, 'currency', 'usd',
    'invoice_status', 'paid', 'paid_at', now(), 'created_at', now(), 'refunded_amount', 0, 'disputes', '[]'::jsonb,
    'refunds', '[]'::jsonb, 'metadata', '{}'::jsonb,
    'product_cart', jsonb_build_array(jsonb_build_object(
      'id', 'il_' || customer_id, 'product', 'prod_credits', 'quantity', 1, 'proration', false
    ))
  ))
$$;
create function pg_temp.state(name text)
returns text
language sql
as $$
  select concat_ws(' ', p.subscription_plan, p.tokens, (
    select count(*) from public.payments y where y.user_id = p.id
  ), p.stripe_customer_id)
  from public.profiles p where p.id = tests.profile_id(name)
$$;

-- The import comes first: the customer is met by a subscription, before its own event.
update public.profiles set stripe_customer_id = 'cus_import' where id = tests.profile_id('import');
select tests.apply_subscription('cus_import', 'sub_import', 'active');
select is(pg_temp.state('import'), 'pro 0 0 cus_import', 'an imported customer is adopted with its subscription');
select pg_temp.pay('cus_import');
select is(pg_temp.state('import'), 'pro 50 1 cus_import', 'its payments grant credits');

-- Stripe comes first: everything is there, and the import names it later.
select tests.apply_subscription('cus_later', 'sub_later', 'active');
select pg_temp.pay('cus_later');
select is(pg_temp.state('later'), 'free 0 0', 'without a link, nobody gets the plan');
update public.profiles set stripe_customer_id = 'cus_later' where id = tests.profile_id('later');
select is(
  pg_temp.state('later'), 'pro 50 1 cus_later', 'subscriptions, payments and credits follow in the same transaction'
);
update public.profiles set stripe_customer_id = stripe_customer_id where id = tests.profile_id('later');
select pg_temp.pay('cus_later');
select is(pg_temp.state('later'), 'pro 50 1 cus_later', 'credits are granted once');

-- An import that nothing has named yet is used by the next purchase.
select tests.create_user('unseen');
update public.profiles set stripe_customer_id = 'cus_unseen' where id = tests.profile_id('unseen');
select is(
  public.get_billing_account(tests.auth_id('unseen'), true) ->> 'customer_id', 'cus_unseen',
  'a purchase uses the imported customer and creates no second one'
);

-- Our own checkout names its payer.
select tests.apply_subscription('cus_buyer', 'sub_buyer', 'active');
select pg_temp.apply('checkout', jsonb_build_object(
  'id', 'cs_1', 'stripe_customer_id', 'cus_buyer', 'stripe_subscription_id', 'sub_buyer', 'custom_field_data', null,
  'profile_id', tests.profile_id('buyer')
));
select is(pg_temp.state('buyer'), 'pro 0 0 cus_buyer', 'the customer of our own checkout is adopted');
select ok(
  (select custom_field_data is null from public.subscriptions where stripe_subscription_id = 'sub_buyer'),
  'no answers are SQL null'
);
select lives_ok(
  $$ select pg_temp.apply('checkout', jsonb_build_object(
       'id', 'cs_2', 'stripe_customer_id', 'cus_buyer', 'profile_id', tests.profile_id('other')
     )) $$,
  'a checkout that names somebody else is no error'
);
select is(pg_temp.state('other'), 'free 0 0', 'a customer with a link stays where it is');
select lives_ok(
  $$ select pg_temp.apply('checkout', '{"id": "cs_3", "stripe_customer_id": "cus_buyer", "profile_id": "x"}') $$,
  'a reference that is no id is ignored'
);

-- Addresses.
select tests.apply_subscription('cus_mail', 'sub_mail', 'active');
select pg_temp.apply('customer', '{"id": "cus_mail", "email": "Mail@Example.com"}');
select is(pg_temp.state('mail'), 'free 0 0', 'an address at Stripe proves nothing');
update private.billing_policy set adopt_by_email = true;
select is(
  public.get_billing_account(tests.auth_id('mail'), true) ->> 'customer_id', 'cus_mail',
  'with adopt_by_email, the customer with the address is used'
);
select is(pg_temp.state('mail'), 'pro 0 0 cus_mail', 'its subscription follows');
select pg_temp.apply('customer', '{"id": "cus_twin_1", "email": "other@example.com"}'),
  pg_temp.apply('customer', '{"id": "cus_twin_2", "email": "other@example.com"}');
select is(
  pg_temp.state('other'), 'free 0 0 cus_twin_1', 'the first customer with the address is adopted, the second not'
);
select tests.create_login('unconfirmed', email => 'unconfirmed@example.com');
select pg_temp.apply('customer', '{"id": "cus_unconfirmed", "email": "unconfirmed@example.com"}');
select is(pg_temp.state('unconfirmed'), 'free 0 0', 'an address that is not confirmed proves nothing');

-- A changed address goes to Stripe.
update auth.users set email = 'new@example.com' where id = tests.auth_id('buyer');
select set_eq(
  $$ select kind, provider, remote_id from private.remote_deletions $$,
  $$ values ('stripe_email', 'stripe', 'cus_buyer') $$, 'a changed address of a payer is in the outbox'
);
select * from finish();
rollback;
