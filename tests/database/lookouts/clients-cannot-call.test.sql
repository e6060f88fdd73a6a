begin;
select plan(2);
select set_eq(
  $$ select p.proname::text from pg_proc p
     where p.pronamespace = 'public'::regnamespace and p.proname ~ 'lookout'
       and has_function_privilege('service_role', p.oid, 'execute')
       and tests.is_parleys_function(p.oid) $$,
  array[
    'claim_due_lookouts', 'create_lookout', 'defer_lookout_run', 'delete_lookout', 'settle_lookout_run',
    'run_lookout_now', 'start_lookout_run', 'update_lookout'
  ],
  'the service role may call these functions'
);
select is_empty(
  $$ select p.proname from pg_proc p, unnest(array['anon', 'authenticated']) as role_name
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and p.proname ~ 'lookout|_run$|_runs$'
       and has_function_privilege(role_name, p.oid, 'execute')
       and tests.is_parleys_function(p.oid) $$,
  'clients may call none of them'
);
select * from finish();
rollback;
