begin;
select plan(2);
select set_eq(
  $$ select p.proname::text from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.proname ~ 'stripe|billing'
       and has_function_privilege('service_role', p.oid, 'execute')
       and tests.is_parleys_function(p.oid) $$,
  array[
    'apply_stripe_events', 'apply_stripe_objects', 'claim_stripe_events', 'draw_stripe_ticket', 'fail_stripe_event',
    'get_billing_account', 'get_organization_billing', 'link_stripe_customer', 'drop_stripe_event',
    'record_stripe_events', 'report_stripe_problem'
  ],
  'the service role may call these functions'
);
select is_empty(
  $$ select p.proname from pg_proc p, unnest(array['anon', 'authenticated']) as role_name
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and p.proname ~ 'stripe|billing|entitle|credit' and p.proname !~ '^admin_'
       and has_function_privilege(role_name, p.oid, 'execute')
       and tests.is_parleys_function(p.oid) $$,
  'clients may call none of them'
);
select * from finish();
rollback;
