begin;
select plan(1);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_sessions set thread_id = 'conv_1';

select tests.act_as_service();
select public.settle_turn(id, 'complete', '{"content": "Hi"}') from public.chat_turns;
select is(
  (select thread_id from public.chat_sessions), null,
  'after a reply that is not in the conversation, the session has no conversation'
);
select * from finish();
rollback;
