begin;
select plan(6);
select tests.create_user('first'), tests.create_login('other', 'other@example.com');
update public.profiles set is_active = false where id = tests.profile_id('first');

select lives_ok($$ select private.setup_admin(' First@Example.com ') $$, 'the first admin is chosen by address');
select results_eq(
  $$ select role::text, is_active from public.profiles where id = tests.profile_id('first') $$,
  $$ values ('admin', true) $$,
  'the first admin has an admin''s rights'
);
select results_eq(
  'select admin_id, user_id, action from public.audit_logs',
  $$ values (null::uuid, tests.profile_id('first'), 'setup_admin') $$, 'choosing the first admin is audited'
);
select throws_ok(
  $$ select private.setup_admin('nobody@example.com') $$, 'PT404', 'user_not_found', 'an unknown address is refused'
);
select throws_ok(
  $$ select private.setup_admin('other@example.com') $$, 'PT403', 'email_not_confirmed',
  'an unconfirmed address is refused'
);
select lives_ok($$ select private.setup_admin('other@example.com', true) $$, 'unless the operator allows it');
select * from finish();
rollback;
