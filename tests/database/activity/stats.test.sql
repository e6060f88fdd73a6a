begin;
select plan(3);
select tests.create_user('active'), tests.create_user('idle'), tests.create_user('gone'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
update public.profiles set created_at = now() - interval '8 days' where id = tests.profile_id('active');
delete from auth.users where id = tests.auth_id('gone');
insert into public.user_activity (user_id, action, created_at)
values
  (tests.profile_id('active'), 'click', date_trunc('day', now(), 'UTC')),
  (tests.profile_id('active'), 'click', now()),
  (tests.profile_id('idle'), 'click', date_trunc('day', now(), 'UTC') - interval '1 microsecond');
select private.book_usage(tests.profile_id('active'), 'chat', 'gpt-5.4-mini', 1, 0, 1);

select tests.act_as('active');
select throws_ok('select public.get_user_stats()', 'PT403', 'not_allowed', 'statistics are for admins');
select tests.act_as('admin');
select results_eq(
  'select * from public.get_user_stats()', 'values (3::bigint, 1::bigint, 2::bigint, 1::bigint)',
  'a user with activity since midnight UTC was active today, even a new one'
);
select tests.act_as_postgres();
select results_eq(
  'select action from public.audit_logs', $$ values ('get_user_stats') $$, 'reading the statistics is audited'
);
select * from finish();
rollback;
