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
-- Three who joined one after the other; the admins later than the member.
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
select is(pg_temp.owner_name(), 'second-admin', 'the longest-standing admin inherits');
select results_eq(
  $$ select organization_id, organization_role, organization_joined_at from public.profiles
     where id = tests.profile_id('owner') $$,
  $$ values (null::uuid, null::text, null::timestamptz) $$, 'who was deleted is out'
);
update public.profiles set is_active = false where id = tests.profile_id('admin');
delete from auth.users where id = tests.auth_id('second-admin');
select is(pg_temp.owner_name(), 'member', 'who may act comes before who may not');
delete from auth.users where id = tests.auth_id('member');
select is(pg_temp.owner_name(), 'admin', 'then whoever is left');
delete from auth.users where id = tests.auth_id('admin');
select is_empty('select from public.organizations', 'with the last member goes the organization');
select is_empty('select from auth.users where email like ''%admin%''', 'and nothing hindered the deletions');
select * from finish();
rollback;
