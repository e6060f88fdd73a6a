-- Credits of a paid invoice line come once; refunds take back what is unspent, and failed refunds give it back.
begin;
select plan(5);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');

create function pg_temp.pay(refunded bigint)
returns integer
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(
    '{"kind": "product", "fields": {"id": "prod_c", "name": "Credits", "metadata": {"tokens": "100"}}}'::jsonb,
    jsonb_build_object('kind', 'payment', 'fields', jsonb_build_object(
      'stripe_payment_intent_id', 'pi_1', 'stripe_invoice_id', 'in_1', 'stripe_customer_id', 'cus_1', 'status', 'completed',
      'amount', 1000, 'refunded_amount', refunded, 'currency', 'usd', 'invoice_status', 'paid', 'paid_at', now(),
      'product_cart', '[{"id": "il_1", "product": "prod_c", "quantity": 2}]'::jsonb, 'created_at', now()
    ))
  ));
  select tokens from public.profiles where id = tests.profile_id('payer');
$$;

select is(pg_temp.pay(0), 200, 'two of a hundred');
select is(pg_temp.pay(0), 200, 'once');
select is(pg_temp.pay(500), 100, 'half of the money, half of the credits');
update public.profiles set tokens = 30 where id = tests.profile_id('payer');
select is(pg_temp.pay(1000), 0, 'what was spent is not taken back');
select is(pg_temp.pay(500), 30, 'a refund that fails gives back what it took');
select * from finish();
rollback;
