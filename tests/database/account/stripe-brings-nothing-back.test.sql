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
  'the customer goes to the outbox'
);
do $$ begin while private.erase_account(tests.profile_id('ada'), 100) loop null; end loop; end $$;

-- What was fetched before the customer was deleted is applied after.
select public.apply_stripe_objects('', public.draw_stripe_ticket(), '[{"kind": "customer", "fields": {
  "id": "cus_ada", "email": "ada@example.com", "name": "Ada", "metadata": {"profile_id": "x"}
}}]');
select tests.apply_subscription('cus_ada', 'sub_ada', 'canceled', jsonb_build_object('ended_at', now(), 'ends_at', now()));
select row_eq(
  $$ select email, name, metadata from public.stripe_customers where id = 'cus_ada' $$,
  row(null::text, null::text, '{}'::jsonb), 'its name and address do not come back'
);
select row_eq(
  $$ select is_deleted, is_active, email, subscription_plan, membership_status from public.profiles
     where id = tests.profile_id('ada') $$,
  row(true, false, null::text, 'free'::text, 'canceled'::public.membership_status), 'nor does the account'
);
select is((select status::text from public.subscriptions), 'canceled', 'the subscription has ended');
select is_empty('select from public.user_activity', 'which is no activity of anybody');

-- A checkout that was under way made another customer.
select public.apply_stripe_objects('', public.draw_stripe_ticket(), '[{"kind": "customer", "fields": {
  "id": "cus_ada", "is_deleted": true
}}]');
delete from private.remote_deletions;
select public.link_stripe_customer(tests.profile_id('ada'), 'cus_late');
select is((select count(*)::integer from public.stripe_customers where not is_deleted), 1, 'a customer that comes late');
select private.erase_account(tests.profile_id('ada'), 100);
select results_eq(
  'select remote_id from private.remote_deletions', array['cus_late'], 'goes with the last sweep'
);
select * from finish();
rollback;
