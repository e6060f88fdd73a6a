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
select lives_ok('select public.delete_organization()', 'the owner can delete the organization');
select is_empty('select from public.organizations', 'the organization is deleted');

select tests.act_as_postgres();
set constraints all immediate;
select is_empty(
  $$ select from public.profiles where num_nonnulls(organization_id, organization_role, organization_joined_at) > 0 $$,
  'its members belong to no organization'
);
select is_empty('select from public.organization_invitations', 'its invitations are deleted');
select * from finish();
rollback;
