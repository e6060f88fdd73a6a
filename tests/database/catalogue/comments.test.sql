begin;
select plan(3);
select is_empty(
  $$ select oid::regclass from pg_class
     where relnamespace in ('public'::regnamespace, 'private'::regnamespace) and relkind in ('r', 'p', 'v', 'm')
       and obj_description(oid, 'pg_class') is null $$,
  'every table has a comment'
);
select is_empty(
  $$ select oid::regprocedure from pg_proc
     where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
       and obj_description(oid, 'pg_proc') is null $$,
  'every function has a comment'
);
select is_empty(
  $$ select oid::regprocedure from pg_proc
     where pronamespace = 'public'::regnamespace
       and (has_function_privilege('anon', oid, 'execute') or has_function_privilege('authenticated', oid, 'execute'))
       and coalesce(obj_description(oid, 'pg_proc'), '') !~ '^[A-Z].{19,}\.$' $$,
  'every RPC for clients has a comment in whole sentences, for the reference'
);
select * from finish();
rollback;
