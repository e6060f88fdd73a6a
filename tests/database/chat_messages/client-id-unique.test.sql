begin;
select plan(2);
select tests.create_user('owner');
create temp table made on commit drop as
  select tests.create_session('owner') as first_id, tests.create_session('owner') as second_id;
insert into public.chat_messages (session_id, user_id, sender, client_id)
select first_id, tests.profile_id('owner'), 'user', 'message-1' from made;

select throws_ok(
  $$ insert into public.chat_messages (session_id, user_id, sender, client_id)
     select first_id, tests.profile_id('owner'), 'user', 'message-1' from made $$,
  '23505', null, 'a client''s id is unique in its session'
);
select lives_ok(
  $$ insert into public.chat_messages (session_id, user_id, sender, client_id)
     select second_id, tests.profile_id('owner'), 'user', 'message-1' from made $$,
  'another session may use the same id'
);
select * from finish();
rollback;
