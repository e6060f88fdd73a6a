begin;
select plan(2);
select tests.create_user('owner'), tests.create_user('stranger');

select tests.act_as('stranger');
select throws_ok(
  $$ insert into public.chat_sessions (user_id, assistant_slug) values (tests.profile_id('owner'), 'coach') $$,
  '42501', 'permission denied for table chat_sessions', 'a session cannot be created for another user'
);
select throws_ok(
  $$ insert into public.chat_sessions (user_id, assistant_slug) values (tests.profile_id('stranger'), 'coach') $$,
  '42501', 'permission denied for table chat_sessions', 'a client cannot set the owner, even to their own id'
);
select * from finish();
rollback;
