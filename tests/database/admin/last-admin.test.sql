begin;
select plan(8);
select tests.create_user('first'), tests.create_user('second'), tests.create_user('user');
update public.profiles set role = 'admin' where id in (tests.profile_id('first'), tests.profile_id('second'));

select tests.act_as('first');
select lives_ok($$ select public.admin_set_role(tests.profile_id('second'), 'user') $$, 'an admin demotes another');
select throws_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'user') $$, 'PT409', 'last_admin', 'not the last one'
);
select throws_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'banned') $$, 'PT409', 'last_admin', 'by no other role'
);
select throws_ok(
  $$ select public.admin_set_active(tests.profile_id('first'), false) $$, 'PT409', 'last_admin', 'nor by suspension'
);
select lives_ok($$ select public.admin_set_active(tests.profile_id('user'), false) $$, 'others are suspended');
select lives_ok($$ select public.admin_set_role(tests.profile_id('user'), 'admin') $$, 'and made admins');
select throws_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'user') $$, 'PT409', 'last_admin',
  'a suspended admin does not count'
);
select public.admin_set_active(tests.profile_id('user'), true);
select lives_ok(
  $$ select public.admin_set_role(tests.profile_id('first'), 'user') $$, 'with another one who can act, an admin resigns'
);
select * from finish();
rollback;
