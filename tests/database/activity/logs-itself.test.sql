begin;
select plan(4);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;

update auth.users set last_sign_in_at = now() where id = tests.auth_id('owner');
select results_eq(
  'select user_id, action from public.user_activity', $$ values (tests.profile_id('owner'), 'signed_in') $$,
  'a sign-in is logged'
);
update auth.users set raw_user_meta_data = '{"x": 1}' where id = tests.auth_id('owner');
select is((select count(*) from public.user_activity), 1::bigint, 'other changes of a login are not logged');
select tests.start_turn('owner', session_id) from made;
select results_eq(
  $$ select user_id, data from public.user_activity where action = 'turn_started' $$,
  $$ select tests.profile_id('owner'), jsonb_build_object('session_id', session_id) from made $$, 'a turn is logged'
);

alter table public.user_activity add constraint user_activity_broken check (false) not valid;
set local client_min_messages = error;
select lives_ok(
  $$ update auth.users set last_sign_in_at = now() + interval '1 hour' where id = tests.auth_id('owner') $$,
  'a broken log does not prevent a sign-in'
);
select * from finish();
rollback;
