-- Each line grants its credits. Quantity 0 grants none, and credits that do not fit are refused and recorded.
begin;
select plan(7);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create function pg_temp.pay(lines jsonb)
returns integer
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(
    '{"kind": "product", "fields": {"id": "prod_c", "name": "Credits", "metadata": {"tokens": "100"}}}'::jsonb,
    jsonb_build_object('kind', 'payment', 'fields', jsonb_build_object(
      'stripe_payment_intent_id', 'pi_1', 'stripe_invoice_id', 'in_1', 'stripe_customer_id', 'cus_1', 'status',
      'completed', 'amount', 1000, 'currency', 'usd', 'invoice_status', 'paid', 'paid_at', now(),
      'product_cart', lines, 'created_at', now()
    ))
  ));
  select tokens from public.profiles where id = tests.profile_id('payer');
$$;

select is(pg_temp.pay('[{"id": "il_0", "product": "prod_c", "quantity": 0}]'), 0, 'a line with quantity 0 grants none');
select is(pg_temp.pay('[{"id": "il_1", "product": "prod_c", "quantity": 1}, {"id": "il_2", "product": "prod_c"}]'), 200,
  'each line grants its credits, a line without a quantity once');
select is(pg_temp.pay('[{"id": "il_3", "product": "prod_c", "quantity": 999999999999999999999999}]'), 200,
  'credits that no number holds are refused');
select is(pg_temp.pay('[{"id": "il_4", "product": "prod_c", "quantity": 21474836}]'), 200,
  'credits that do not fit into the balance are refused');
select results_eq('select invoice_line_id from private.refused_credits order by 1', array['il_3', 'il_4'],
  'both are recorded');
update public.profiles set tokens = 0 where id = tests.profile_id('payer');
select is(pg_temp.pay('[{"id": "il_4", "product": "prod_c", "quantity": 21474836}]'), 2147483600,
  'they are granted once they fit');
select results_eq('select invoice_line_id from private.refused_credits', array['il_3'], 'and no longer recorded');
select * from finish();
rollback;
