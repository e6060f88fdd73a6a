begin;
select plan(7);
select tests.create_user('ada', '{"name": "Ada"}');
select public.link_stripe_customer(tests.profile_id('ada'), 'cus_ada');
select tests.apply_subscription('cus_ada', 'sub_ada', 'active');

select tests.act_as('ada');
select public.request_account_deletion();
select tests.act_as_postgres();
select results_eq(
  'select kind, remote_id from private.remote_deletions', $$ values ('stripe_customer', 'cus_ada') $$,
  'the customer is enqueued in the outbox'
);
do $$ begin while private.erase_account(tests.profile_id('ada'), 100) loop null; end loop; end $$;

-- A fetch from before the customer's deletion is applied after it.
select public.apply_stripe_objects('', public.draw_stripe_ticket(), '[{"kind": "customer", "fields": {
  "id": "cus_ada", "email": "ada@example.com", "name": "Ada", "metadata": {"profile_id": "x"}
}}]');
select tests.apply_subscription(
  'cus_ada', 'sub_ada', 'canceled', jsonb_build_object('ended_at', now(), 'ends_at', now())
);
select row_eq(
  $$ select email, name, metadata from public.stripe_customers where id = 'cus_ada' $$,
  row(null::text, null::text, '{}'::jsonb), 'its name and address are not restored'
);
select row_eq(
  $$ select is_deleted, is_active, email, subscription_plan, membership_status from public.profiles
     where id = tests.profile_id('ada') $$,
  row(true, false, null::text, 'free'::text, 'canceled'::public.membership_status),
  'an update from Stripe does not restore the account'
);
select is((select status::text from public.subscriptions), 'canceled', 'the subscription has ended');
select is_empty('select from public.user_activity', 'its end is logged for no user');

-- A checkout that was in progress has created another customer.
select public.apply_stripe_objects('', public.draw_stripe_ticket(), '[{"kind": "customer", "fields": {
  "id": "cus_ada", "is_deleted": true
}}]');
delete from private.remote_deletions;
select public.link_stripe_customer(tests.profile_id('ada'), 'cus_late');
select is(
  (select count(*)::integer from public.stripe_customers where not is_deleted), 1,
  'a customer linked during the deletion is stored'
);
select private.erase_account(tests.profile_id('ada'), 100);
select results_eq(
  'select remote_id from private.remote_deletions', array['cus_late'],
  'the last sweep enqueues that customer in the outbox'
);
select * from finish();
rollback;
