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
select throws_ok($$ select public.create_organization('Mine') $$, 'PT403', 'account_blocked', 'the banned do not create');
select throws_ok(
  $$ select public.accept_invitation(token) from sent $$, 'PT403', 'account_blocked', 'nor accept'
);
select tests.act_as('admin');
select throws_ok($$ select public.invite_member('x@example.com') $$, 'PT403', 'account_blocked', 'nor invite');
select throws_ok($$ select public.rename_organization('x') $$, 'PT403', 'account_blocked', 'nor rename');
select throws_ok(
  $$ select public.remove_member(tests.profile_id('member')) $$, 'PT403', 'account_blocked', 'nor remove'
);
select isnt_empty('select from public.organizations', 'they still see where they are');
select lives_ok('select public.leave_organization()', 'and may leave');
select tests.act_as('owner');
select throws_ok($$ select public.invite_member('x@example.com') $$, 'PT403', 'account_blocked', 'so it is for the suspended');
select throws_ok(
  $$ select public.transfer_ownership(tests.profile_id('member')) $$, 'PT403', 'account_blocked', 'the owner, too'
);
select throws_ok('select public.leave_organization()', 'PT409', 'owner_must_transfer', 'who cannot leave either');
select * from finish();
rollback;
