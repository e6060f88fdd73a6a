begin;
select plan(2);
alter table public.profiles add constraint profiles_refuse_all_check check (false) not valid;
select tests.create_login('newcomer', email => 'newcomer@example.com');
alter table public.profiles drop constraint profiles_refuse_all_check;

select tests.act_as_service();
select throws_ok(
  $$ select public.start_turn(gen_random_uuid(), gen_random_uuid(), 'message-1', 'Hello', '[]') $$,
  'PT401', 'unknown_user', 'an unknown login is refused'
);
select throws_ok(
  $$ select tests.start_turn('newcomer', gen_random_uuid()) $$, 'PT404', 'session_not_found',
  'a login without a profile gets one'
);
select * from finish();
rollback;
