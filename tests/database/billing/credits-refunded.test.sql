-- A paid invoice line grants its credits once. A refund takes back unspent credits; a failed refund returns them.
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
      'stripe_payment_intent_id', 'pi_1', 'stripe_invoice_id', 'in_1', 'stripe_customer_id', 'cus_1', 'status',
      'completed',
      'amount', 1000, 'refunded_amount', refunded, 'currency', 'usd', 'invoice_status', 'paid', 'paid_at', now(),
      'product_cart', '[{"id": "il_1", "product": "prod_c", "quantity": 2}]'::jsonb, 'created_at', now()
    ))
  ));
  select tokens from public.profiles where id = tests.profile_id('payer');
$$;

select is(pg_temp.pay(0), 200, 'two invoice lines of a hundred credits are granted');
select is(pg_temp.pay(0), 200, 'each line is granted once');
select is(pg_temp.pay(500), 100, 'refunding half of the money takes back half of the credits');
update public.profiles set tokens = 30 where id = tests.profile_id('payer');
select is(pg_temp.pay(1000), 0, 'spent credits are not taken back');
select is(pg_temp.pay(500), 30, 'a failed refund returns its credits');
select * from finish();
rollback;
