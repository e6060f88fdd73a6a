begin;
select plan(10);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
create temp table sent on commit drop as select 'x' as token;
grant all on sent to public;
select tests.act_as('owner');
update sent set token = i.token from public.invite_member('stranger@example.com') i;
select tests.act_as_postgres();
update public.profiles set role = 'banned' where id in (tests.profile_id('admin'), tests.profile_id('stranger'));
update public.profiles set is_active = false where id = tests.profile_id('owner');

select tests.act_as('stranger');
select throws_ok(
  $$ select public.create_organization('Mine') $$, 'PT403', 'account_blocked',
  'a banned user cannot create an organization'
);
select throws_ok(
  $$ select public.accept_invitation(token) from sent $$, 'PT403', 'account_blocked',
  'a banned user cannot accept an invitation'
);
select tests.act_as('admin');
select throws_ok(
  $$ select public.invite_member('x@example.com') $$, 'PT403', 'account_blocked', 'a banned admin cannot invite'
);
select throws_ok(
  $$ select public.rename_organization('x') $$, 'PT403', 'account_blocked',
  'a banned admin cannot rename the organization'
);
select throws_ok(
  $$ select public.remove_member(tests.profile_id('member')) $$, 'PT403', 'account_blocked',
  'a banned admin cannot remove members'
);
select isnt_empty('select from public.organizations', 'a banned member still sees the organization');
select lives_ok('select public.leave_organization()', 'a banned member may leave');
select tests.act_as('owner');
select throws_ok(
  $$ select public.invite_member('x@example.com') $$, 'PT403', 'account_blocked', 'a suspended owner cannot invite'
);
select throws_ok(
  $$ select public.transfer_ownership(tests.profile_id('member')) $$, 'PT403', 'account_blocked',
  'a suspended owner cannot transfer the ownership'
);
select throws_ok(
  'select public.leave_organization()', 'PT409', 'owner_must_transfer', 'a suspended owner cannot leave'
);
select * from finish();
rollback;
