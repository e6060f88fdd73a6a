begin;
select plan(4);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
create temp table stream on commit drop as select id from public.chat_turns;
grant select on stream to public;

select tests.act_as_service();
select is(
  public.settle_turn((select id from stream), 'complete', '{"content": "Hi", "thread_id": "conv_1"}') ->> 'content', 'Hi',
  'the first settles'
);
select is(
  public.settle_turn((select id from stream), 'stopped', '{"content": "x"}') ->> 'status', 'complete',
  'the second is told what the first has stored'
);
select is(public.fail_turn((select id from stream), '{"content": "x"}') ->> 'content', 'Hi', 'so is a failure');
select row_eq(
  $$ select m.content, m.status, s.thread_id
     from public.chat_messages m join public.chat_sessions s on s.id = m.session_id where m.sender = 'assistant' $$,
  row('Hi'::text, 'complete'::text, 'conv_1'::text), 'and they change nothing'
);
select * from finish();
rollback;
