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
  $$ values ('Ada', null, 'owner', now()) $$, 'a member sees the name of another, and no address'
);
select results_eq(
  'select role from public.list_members()', $$ values ('owner'), ('admin'), ('member') $$, 'owner first'
);
select results_eq('select name from public.organizations', $$ values ('Team') $$, 'the organization is seen');
select is_empty('select from public.chat_sessions', 'chats of other members are not');
select is_empty('select from public.chat_messages', 'nor what was said');
select results_eq(
  'select id from public.profiles', $$ select tests.profile_id('member') $$, 'nor their profiles'
);
select tests.act_as('admin');
select results_eq(
  'select email from public.list_members() where role = ''owner''', $$ values ('owner@example.com') $$,
  'admins see addresses'
);
select * from finish();
rollback;
