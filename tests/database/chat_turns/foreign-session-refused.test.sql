begin;
select plan(1);
select tests.create_user('owner'), tests.create_user('stranger');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_turns set status = 'complete', finished_at = now();

select tests.act_as_service();
select throws_ok(
  $$ insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id)
     select session_id, tests.profile_id('stranger'), user_message_id, assistant_message_id
     from public.chat_turns $$,
  '23503', null, 'a turn in another user''s session is refused'
);
select * from finish();
rollback;
