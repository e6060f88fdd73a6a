begin;
select plan(3);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_sessions set updated_at = '2000-01-01';

select tests.act_as_service();
select is(
  (public.settle_turn((select id from public.chat_turns), 'complete', '{
    "content": "Hi", "parts": [{"type": "text", "text": "Hi"}], "model": "gpt-x", "input_tokens": 10,
    "cached_input_tokens": 4, "output_tokens": 5, "response_id": "resp_1", "thread_id": "conv_1"
  }')) ->> 'status',
  'complete', 'settling a turn returns the stored row'
);
select row_eq(
  $$ select content, parts, model, input_tokens, cached_input_tokens, output_tokens, total_tokens,
       completion_time >= 0, response_id, status, error
     from public.chat_messages where sender = 'assistant' $$,
  row('Hi'::text, '[{"type": "text", "text": "Hi"}]'::jsonb, 'gpt-x'::text, 10, 4, 5, 15, true, 'resp_1'::text,
    'complete'::text, null::jsonb),
  'the reply has the delivered content'
);
select row_eq(
  'select thread_id, updated_at = now() from public.chat_sessions', row('conv_1'::text, true),
  'the session keeps the reply''s conversation and updates its activity'
);
select * from finish();
rollback;
