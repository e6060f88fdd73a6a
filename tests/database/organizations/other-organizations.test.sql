begin;
select plan(7);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
select tests.act_as('stranger');
select public.create_organization('Rivals');
create temp table sent on commit drop as select invitation_id from public.invite_member('guest@example.com');
grant select on sent to public;
select tests.act_as_postgres();
select tests.create_user('spy');
update public.profiles p set organization_id = o.id, organization_role = 'admin'
from public.organizations o
where o.name = 'Rivals' and p.id = tests.profile_id('spy');

select tests.act_as('spy');
select throws_ok(
  $$ select public.remove_member(tests.profile_id('member')) $$, 'PT404', 'member_not_found',
  'an admin of one organization cannot remove members of another'
);
select tests.act_as('stranger');
select throws_ok(
  $$ select public.set_member_role(tests.profile_id('member'), 'admin') $$, 'PT404', 'member_not_found',
  'an owner of one organization cannot change roles in another'
);
select throws_ok(
  $$ select public.transfer_ownership(tests.profile_id('admin')) $$, 'PT404', 'member_not_found',
  'an owner cannot transfer the ownership to a member of another'
);
select tests.act_as('admin');
select throws_ok(
  $$ select public.revoke_invitation(invitation_id) from sent $$, 'PT404', 'invitation_not_found',
  'an admin cannot revoke invitations of another organization'
);
select throws_ok(
  $$ select public.resend_invitation(invitation_id) from sent $$, 'PT404', 'invitation_not_found',
  'an admin cannot resend invitations of another organization'
);
select results_eq(
  'select name from public.organizations', $$ values ('Team') $$, 'other organizations are not visible'
);
select set_eq(
  'select profile_id from public.list_members()',
  $$ select tests.profile_id(name) from unnest(array['owner', 'admin', 'member']) as name $$,
  'members of other organizations are not visible'
);
select * from finish();
rollback;
