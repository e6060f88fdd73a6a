begin;
select plan(2);
select is_empty(
  $$ select oid::regprocedure from pg_proc where pronamespace = 'public'::regnamespace and prosecdef $$,
  'no function of an exposed schema runs with the rights of its owner'
);
select is_empty(
  $$ select oid::regprocedure from pg_proc
     where pronamespace = 'private'::regnamespace and prosecdef
       and coalesce(obj_description(oid, 'pg_proc'), '') !~ 'Definer: ' $$,
  'every definer function has a comment that says why'
);
select * from finish();
rollback;
