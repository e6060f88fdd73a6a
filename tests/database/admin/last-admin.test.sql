begin;
select plan(8);
select tests.create_user('first'), tests.create_user('second'), tests.create_user('user');
update public.profiles set role = 'admin' where id in (tests.profile_id('first'), tests.profile_id('second'));

select tests.act_as('first');
select lives_ok($$ select public.admin_set_role(tests.profile_id('second'), 'user') $$, 'an admin may demote another');
select throws_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'user') $$, 'PT409', 'last_admin',
  'the last admin cannot be demoted'
);
select throws_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'banned') $$, 'PT409', 'last_admin',
  'the last admin cannot get another role'
);
select throws_ok(
  $$ select public.admin_set_active(tests.profile_id('first'), false) $$, 'PT409', 'last_admin',
  'the last admin cannot be suspended'
);
select lives_ok($$ select public.admin_set_active(tests.profile_id('user'), false) $$, 'other users can be suspended');
select lives_ok(
  $$ select public.admin_set_role(tests.profile_id('user'), 'admin') $$, 'other users can be made admins'
);
select throws_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'user') $$, 'PT409', 'last_admin',
  'a suspended admin does not count as an admin'
);
select public.admin_set_active(tests.profile_id('user'), true);
select lives_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'user') $$,
  'an admin may resign while another active one remains'
);
select * from finish();
rollback;
