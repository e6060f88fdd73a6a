begin;
select plan(4);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
select tests.act_as('owner');
select public.invite_member('guest@example.com');
select lives_ok('select public.delete_organization()', 'the owner deletes the organization');
select is_empty('select from public.organizations', 'it is gone');

select tests.act_as_postgres();
set constraints all immediate;
select is_empty(
  $$ select from public.profiles where num_nonnulls(organization_id, organization_role, organization_joined_at) > 0 $$,
  'its members are in none'
);
select is_empty('select from public.organization_invitations', 'its invitations are gone');
select * from finish();
rollback;
