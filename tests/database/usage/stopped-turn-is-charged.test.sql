begin;
select plan(4);
select tests.create_user('owner');
create temp table started on commit drop as select tests.start_turn('owner', tests.create_session('owner')) as turn;
grant select on started to public;

select tests.act_as_service();
select public.settle_turn((turn ->> 'turn_id')::uuid, 'stopped', '{"model": "gpt-5.4-mini"}') from started;
select is((select subscription_usage from public.profiles), 1, 'a stop before the first text refunds nothing');
select row_eq(
  $$ select usage_estimated, input_tokens > 0, output_tokens from public.chat_messages where sender = 'assistant' $$,
  row(true, true, 0), 'the input is estimated'
);
select row_eq(
  $$ select feature_type, request_count, input_tokens > 0 from public.usage_metrics $$,
  row('chat'::text, 1, true), 'and booked'
);
select tests.act_as_postgres();
select is((select title from public.chat_sessions), 'Hello', 'the chat has the title of its question');
select * from finish();
rollback;
