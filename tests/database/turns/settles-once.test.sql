begin;
select plan(4);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
create temp table turn on commit drop as select id from public.chat_turns;
grant select on turn to public;

select tests.act_as_service();
select is(
  public.settle_turn((select id from turn), 'complete', '{"content": "Hi", "thread_id": "conv_1"}') ->> 'content', 'Hi',
  'the first call settles the turn'
);
select is(
  public.settle_turn((select id from turn), 'stopped', '{"content": "x"}') ->> 'status', 'complete',
  'a second call returns the result of the first'
);
select is(
  public.fail_turn((select id from turn), '{"content": "x"}') ->> 'content', 'Hi',
  'a failure after it returns the result of the first'
);
select row_eq(
  $$ select m.content, m.status, s.thread_id
     from public.chat_messages m join public.chat_sessions s on s.id = m.session_id where m.sender = 'assistant' $$,
  row('Hi'::text, 'complete'::text, 'conv_1'::text), 'later calls change nothing'
);
select * from finish();
rollback;
