begin;
select plan(1);
select is_empty(
  $$ select oid::regclass from pg_class
     where relnamespace = 'public'::regnamespace
       and (relkind = 'm' or relkind = 'v' and not coalesce(reloptions @> '{security_invoker=true}', false)) $$,
  'a view reads with the rights of its caller'
);
select * from finish();
rollback;
