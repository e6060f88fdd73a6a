begin;
select plan(4);
select tests.create_user('first');
update public.profiles set is_active = false where id = tests.profile_id('first');

select lives_ok($$ select private.setup_admin(' First@Example.com ') $$, 'the first admin is made by address');
select results_eq(
  $$ select role::text, is_active from public.profiles where id = tests.profile_id('first') $$, $$ values ('admin', true) $$,
  'and can act'
);
select results_eq(
  'select admin_id, user_id, action from public.audit_logs',
  $$ values (null::uuid, tests.profile_id('first'), 'setup_admin') $$, 'which is written down'
);
select throws_ok(
  $$ select private.setup_admin('nobody@example.com') $$, 'PT404', 'user_not_found', 'nobody is not found'
);
select * from finish();
rollback;
