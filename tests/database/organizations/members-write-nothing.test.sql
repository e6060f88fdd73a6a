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
select tests.act_as('member');
select throws_ok(
  $$ update public.profiles set organization_role = 'owner' $$, '42501', null, 'a member cannot update their own role'
);
select throws_ok(
  $$ update public.profiles set user_name = 'x', organization_id = gen_random_uuid() $$, '42501', null,
  'a member cannot update their own organization'
);
select throws_ok(
  $$ update public.organizations set name = 'Mine' $$, '42501', null, 'a member cannot update the organization''s row'
);
select throws_ok(
  $$ delete from public.organizations $$, '42501', null, 'a member cannot delete the organization''s row'
);
select throws_ok(
  $$ insert into public.organization_invitations (organization_id, email, role, token_hash)
     select id, 'member@example.com', 'admin', '\x00' from public.organizations $$,
  '42501', null, 'a member cannot insert an invitation'
);
select throws_ok(
  'select token_hash from public.organization_invitations', '42501', null, 'a member cannot read token hashes'
);
select * from finish();
rollback;
