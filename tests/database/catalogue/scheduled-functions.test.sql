begin;
select plan(3);
select isnt_empty('select from private.schedules where sql_function is not null', 'there are scheduled functions');
select is_empty(
  $$ select s.name from private.schedules s
     where s.sql_function is not null and not exists (
       select from pg_proc p
       where p.pronamespace = 'private'::regnamespace and p.proname = s.sql_function
         and p.prokind = 'f' and p.prorettype = 'boolean'::regtype and p.pronargs = p.pronargdefaults
     ) $$,
  'each takes no arguments and returns whether there is more to do'
);
select is_empty(
  $$ select s.name from private.schedules s
     where s.due_function is not null and not exists (
       select from pg_proc p
       where p.pronamespace = 'private'::regnamespace and p.proname = s.due_function
         and p.prokind = 'f' and p.prorettype = 'integer'::regtype and p.proargtypes = '23'::oidvector
     ) $$,
  'each function that counts due work takes the largest count and returns an integer'
);
select * from finish();
rollback;
