begin;
select plan(3);

create function pg_temp.callable(role_name text)
returns setof text
language sql
as $$
  select format('%s.%s', pronamespace::regnamespace, proname)
  from pg_proc
  where pronamespace in ('public'::regnamespace, 'private'::regnamespace)
    and has_function_privilege(role_name, oid, 'execute')
$$;

select is_empty(
  $$ select p.oid::regprocedure
     from pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
     where p.pronamespace in ('public'::regnamespace, 'private'::regnamespace) and acl.grantee = 0 $$,
  'no function is open to everybody'
);
select is_empty($$ select pg_temp.callable('anon') $$, 'anon calls nothing');
select set_eq(
  $$ select pg_temp.callable('authenticated') $$,
  array[
    'private.current_profile_id', 'private.ensure_my_profile', 'private.limit_detail', 'private.quota_period_start',
    'private.refuse', 'private.require_can_act', 'public.ensure_profile', 'public.get_my_usage'
  ],
  'users call these and no other'
);
select * from finish();
rollback;
