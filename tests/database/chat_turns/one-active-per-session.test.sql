begin;
select plan(2);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));

select throws_ok(
  $$ insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id)
     select session_id, user_id, user_message_id, assistant_message_id from public.chat_turns $$,
  '23505', null, 'a session cannot have two active turns'
);
update public.chat_turns set status = 'complete', finished_at = now();
select lives_ok(
  $$ insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id)
     select session_id, user_id, user_message_id, assistant_message_id from public.chat_turns $$,
  'a session can have another turn after the end of the first'
);
select * from finish();
rollback;
