begin;
select plan(11);
select tests.create_user('owner'), tests.create_user('stranger'), tests.create_user('banned');
update public.profiles set role = 'banned' where id = tests.profile_id('banned');

select tests.act_as('owner');
select lives_ok($$ select public.log_activity('page_opened', '{"page": "home"}') $$, 'a user logs an action');
select results_eq(
  'select user_id, action, data from public.user_activity',
  $$ values (tests.profile_id('owner'), 'page_opened', '{"page": "home"}'::jsonb) $$, 'the user reads the logged action'
);
select throws_ok(
  $$ insert into public.user_activity (user_id, action) values (tests.profile_id('stranger'), 'x') $$, '42501', null,
  'a user cannot insert rows directly'
);
select throws_ok($$ delete from public.user_activity $$, '42501', null, 'a user cannot delete rows');
select lives_ok(
  $$ select public.log_activity('big', jsonb_build_object('x', repeat('x', 4096 - 9))) $$, 'data may have 4 KiB'
);
select throws_ok(
  $$ select public.log_activity('big', jsonb_build_object('x', repeat('x', 4096 - 8))) $$, 'PT413', 'data_too_large',
  'data of more than 4 KiB is refused'
);
select throws_ok($$ select public.log_activity('A b') $$, 'PT400', 'invalid_action', 'an action must be a name');
select throws_ok($$ select public.log_activity(null) $$, 'PT400', 'invalid_action', 'an action must not be null');
select throws_ok($$ select public.log_activity('x', '[]') $$, 'PT400', 'invalid_data', 'data must be an object');

select tests.act_as('stranger');
select is_empty('select from public.user_activity', 'others do not see the activity');
select tests.act_as('banned');
select throws_ok($$ select public.log_activity('x') $$, 'PT403', 'account_blocked', 'a banned user cannot log');
select * from finish();
rollback;
