begin;
select plan(4);
select tests.create_user('first');
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
select * from finish();
rollback;
