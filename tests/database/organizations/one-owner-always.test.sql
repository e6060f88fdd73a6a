begin;
select plan(5);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
set constraints all immediate;

select throws_ok(
  $$ update public.profiles set organization_role = 'admin' where id = tests.profile_id('owner') $$,
  'PT409', 'organization_without_owner', 'the only owner cannot be demoted, even by SQL'
);
select throws_ok(
  $$ update public.profiles set organization_id = null where id = tests.profile_id('owner') $$,
  'PT409', 'organization_without_owner', 'the only owner cannot be removed, even by SQL'
);
select throws_ok(
  $$ delete from public.profiles where id = tests.profile_id('owner') $$,
  'PT409', 'organization_without_owner', 'the only owner''s profile cannot be deleted'
);
select throws_ok(
  $$ insert into public.organizations (name) values ('Nobody''s') $$,
  'PT409', 'organization_without_owner', 'an organization cannot be created without an owner'
);
select throws_ok(
  $$ update public.profiles set organization_role = 'owner' where id = tests.profile_id('admin') $$,
  '23505', null, 'an organization cannot have a second owner'
);
select * from finish();
rollback;
