begin;
select plan(4);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));

select tests.act_as('owner');
select isnt_empty('select id from public.chat_turns', 'the owner can read the turn');
select throws_ok(
  $$ insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id)
     select session_id, user_id, user_message_id, assistant_message_id from public.chat_turns $$,
  '42501', 'permission denied for table chat_turns', 'the owner cannot insert a turn'
);
select throws_ok(
  'update public.chat_turns set stop_requested_at = now()', '42501', 'permission denied for table chat_turns',
  'the owner cannot update the turn'
);
select throws_ok(
  'delete from public.chat_turns', '42501', 'permission denied for table chat_turns', 'the owner cannot delete the turn'
);
select * from finish();
rollback;
