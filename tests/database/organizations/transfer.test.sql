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
select lives_ok($$ select public.transfer_ownership(tests.profile_id('member')) $$, 'a member becomes the owner');
select tests.act_as_postgres();
select results_eq(
  $$ select organization_role from unnest(array['owner', 'member']) as name
     join public.profiles on id = tests.profile_id(name) order by name desc $$,
  $$ values ('admin'), ('owner') $$, 'the former owner becomes an admin'
);
set constraints all immediate;
update public.profiles set role = 'banned' where id = tests.profile_id('admin');
select tests.act_as('member');
select throws_ok(
  $$ select public.transfer_ownership(tests.profile_id('admin')) $$, 'PT409', 'member_blocked',
  'a suspended member cannot become the owner'
);
select tests.act_as('owner');
select lives_ok('select public.leave_organization()', 'the former owner may leave');
select * from finish();
rollback;
