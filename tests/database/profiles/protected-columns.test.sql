begin;
create temp table protected on commit drop as
  select attname as column_name
  from pg_attribute
  where attrelid = 'public.profiles'::regclass
    and attnum > 0
    and not attisdropped
    and tests.is_parleys_column(attrelid, attname)
    and attname not in ('user_name', 'organization_name', 'avatar_url');
grant select on protected to public;
select plan((select count(*)::integer from protected));
select tests.create_user('owner');

select tests.act_as('owner');
select throws_ok(
  format('update public.profiles set %I = default', column_name), '42501', 'permission denied for table profiles',
  format('the owner cannot update %I', column_name)
)
from protected;
select * from finish();
rollback;
