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
update public.profiles set user_name = 'Ada' where id = tests.profile_id('owner');
select tests.create_message(tests.create_session('owner', 'Secret'));

select tests.act_as('member');
select results_eq(
  'select user_name, email, role, joined_at from public.list_members() where profile_id = tests.profile_id(''owner'')',
  $$ values ('Ada', null, 'owner', now()) $$, 'a member sees names of others without their addresses'
);
select results_eq(
  'select role from public.list_members()', $$ values ('owner'), ('admin'), ('member') $$,
  'members are listed with the owner first'
);
select results_eq('select name from public.organizations', $$ values ('Team') $$, 'a member sees the organization');
select is_empty('select from public.chat_sessions', 'a member cannot see chats of others');
select is_empty('select from public.chat_messages', 'a member cannot see messages of others');
select results_eq(
  'select id from public.profiles', $$ select tests.profile_id('member') $$, 'a member cannot see profiles of others'
);
select tests.act_as('admin');
select results_eq(
  'select email from public.list_members() where role = ''owner''', $$ values ('owner@example.com') $$,
  'an admin sees addresses'
);
select * from finish();
rollback;
