begin;
select plan(1);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_sessions set thread_id = 'conv_1';

select tests.act_as_service();
select public.finish_turn(id, 'complete', '{"content": "Hi"}') from public.chat_streams;
select is(
  (select thread_id from public.chat_sessions), 'conv_1', 'a complete reply that names no conversation keeps the old one'
);
select * from finish();
rollback;
