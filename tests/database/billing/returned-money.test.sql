-- Credits follow the money of an invoice, whichever payment returned it, and stay taken while a loss is appealed.
begin;
select plan(8);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.payment(intent text, amount bigint, refunded bigint, dispute text default null)
returns jsonb
language sql
as $$
  select jsonb_build_object('kind', 'payment', 'fields', jsonb_build_object(
    'stripe_payment_intent_id', intent, 'stripe_invoice_id', 'in_1', 'stripe_customer_id', 'cus_1', 'status',
    'completed', 'amount', amount, 'refunded_amount', refunded, 'currency', 'usd', 'invoice_status', 'paid',
    'disputes', case when dispute is null then '[]'
      else jsonb_build_array(jsonb_build_object('id', 'du_1', 'amount', amount, 'status', dispute)) end,
    'paid_at', now(), 'product_cart', '[{"id": "il_1", "product": "prod_c", "quantity": 1}]'::jsonb, 'created_at', now()
  ))
$$;
create function pg_temp.pay(variadic payments jsonb[])
returns integer
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), to_jsonb(payments) || jsonb_build_array(
    '{"kind": "product", "fields": {"id": "prod_c", "name": "Credits", "metadata": {"tokens": "100"}}}'::jsonb
  ));
  select tokens from public.profiles where id = tests.profile_id('payer');
$$;

select is(
  pg_temp.pay(pg_temp.payment('pi_1', 600, 0), pg_temp.payment('pi_2', 300, 0)), 100,
  'an invoice with two payments grants its credits once'
);
select is(pg_temp.pay(pg_temp.payment('pi_2', 300, 300)), 67, 'a refund of the second payment takes its third');
select is(pg_temp.pay(pg_temp.payment('pi_1', 600, 300)), 34, 'a refund of the first payment adds its share');
select is(pg_temp.pay(pg_temp.payment('pi_2', 300, 0)), 67,
  'a failed refund of the second payment gives its share back');
select is(pg_temp.pay(pg_temp.payment('pi_2', 300, 0, 'lost')), 34, 'a lost dispute takes the share of its payment');
select is(
  pg_temp.pay(pg_temp.payment('pi_2', 300, 0, 'appeal_needs_response')), 34, 'an appeal leaves the credits taken'
);
select is(pg_temp.pay(pg_temp.payment('pi_2', 300, 0, 'appeal_under_review')), 34, 'also while it is reviewed');
select is(pg_temp.pay(pg_temp.payment('pi_2', 300, 0, 'won')), 67, 'a won appeal gives them back');
select * from finish();
rollback;
