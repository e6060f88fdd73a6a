begin;
select plan(2);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
select throws_ok(
  $$ insert into public.chat_messages (session_id, user_id, sender)
     select session_id, tests.profile_id('stranger'), 'user' from made $$,
  '23503', null, 'a message in another user''s session is refused'
);
select lives_ok(
  $$ insert into public.chat_messages (session_id, user_id, sender)
     select session_id, tests.profile_id('owner'), 'user' from made $$,
  'a message of the session''s owner is accepted'
);
select * from finish();
rollback;
