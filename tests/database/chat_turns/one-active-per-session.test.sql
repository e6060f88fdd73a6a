begin;
select plan(2);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));

select throws_ok(
  $$ insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id)
     select session_id, user_id, user_message_id, assistant_message_id from public.chat_turns $$,
  '23505', null, 'a session has one active generation'
);
update public.chat_turns set status = 'complete', finished_at = now();
select lives_ok(
  $$ insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id)
     select session_id, user_id, user_message_id, assistant_message_id from public.chat_turns $$,
  'and the next one once it has ended'
);
select * from finish();
rollback;
