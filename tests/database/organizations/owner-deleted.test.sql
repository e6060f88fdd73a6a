begin;
select plan(6);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
-- Three users joined one after the other; the admins later than the member.
select tests.create_user('second-admin');
update public.profiles p set organization_id = o.id, organization_role = 'admin'
from public.organizations o where p.id = tests.profile_id('second-admin');
update public.profiles p set organization_joined_at = now() - a.ago
from (values ('member', interval '3 days'), ('second-admin', '2 days'), ('admin', '1 day')) as a (name, ago)
where p.id = tests.profile_id(a.name);
set constraints all immediate;

create function pg_temp.owner_name()
returns text
language sql
as $$
  select u.name from public.profiles p join tests.users u on u.profile_id = p.id where p.organization_role = 'owner'
$$;

delete from auth.users where id = tests.auth_id('owner');
select is(pg_temp.owner_name(), 'second-admin', 'the admin who joined first becomes the owner');
select results_eq(
  $$ select organization_id, organization_role, organization_joined_at from public.profiles
     where id = tests.profile_id('owner') $$,
  $$ values (null::uuid, null::text, null::timestamptz) $$, 'the deleted owner is no longer a member'
);
update public.profiles set is_active = false where id = tests.profile_id('admin');
delete from auth.users where id = tests.auth_id('second-admin');
select is(pg_temp.owner_name(), 'member', 'an active member comes before a suspended admin');
delete from auth.users where id = tests.auth_id('member');
select is(pg_temp.owner_name(), 'admin', 'a suspended admin becomes the owner if nobody else is left');
delete from auth.users where id = tests.auth_id('admin');
select is_empty('select from public.organizations', 'the organization is deleted with its last member');
select is_empty('select from auth.users where email like ''%admin%''', 'all deletions succeeded');
select * from finish();
rollback;
