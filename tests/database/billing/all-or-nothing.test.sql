begin;
select plan(4);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create temp table claimed on commit drop as
select public.record_stripe_events(
  '[{"id": "evt_1", "type": "customer.subscription.created", "livemode": false, "created_at": "2030-01-01",
     "targets": [{"kind": "subscription", "id": "sub_1"}]}]'
) -> 'evt_1' as claim;

select throws_ok(
  $$ select public.apply_stripe_objects('evt_1', (claim ->> 'ticket')::bigint, '[
       {"kind": "product", "fields": {"id": "prod_1", "name": "One", "is_active": true}},
       {"kind": "subscription", "fields": {"stripe_subscription_id": "sub_1", "stripe_customer_id": "cus_1",
       "status": "unheard_of",
         "currency": "usd", "created_at": "2030-01-01"}}
     ]') from claimed $$,
  '22P02'
);
select is_empty('select from public.stripe_products', 'the writes before the failure are rolled back');
select is((select status from public.stripe_events), 'processing', 'the event is not processed');

select public.fail_stripe_event('evt_1', repeat('x', 500));
select is(
  (select (status, attempts, char_length(error))::text from public.stripe_events), '(failed,1,200)',
  'the ledger says that it failed'
);
select * from finish();
rollback;
