begin;
select plan(12);
select tests.create_user(name) from unnest(array['stops', 'fails', 'breaks', 'refused']) as name;
update public.plans set monthly_budget = 100;
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
create function pg_temp.second_step(name text) returns uuid language plpgsql as $$
declare
  turn_id uuid := tests.start_turn(name, tests.create_session(name)) ->> 'turn_id';
begin
  perform tests.store_step(turn_id, jsonb_build_array(tests.sent_call('call_1', 'ask')),
    '{"content": "12345678", "model": "gpt-5.4-mini", "input_tokens": 1000, "cached_input_tokens": 0,
      "output_tokens": 100}');
  return turn_id;
end
$$;
create function pg_temp.booked(name text) returns table (requests bigint, input bigint, output bigint, is_equal boolean,
  reserved numeric) language sql as $$
  select sum(u.request_count), sum(u.input_tokens), sum(u.output_tokens), sum(u.total_cost) = c.spent, c.reserved
  from public.usage_metrics u join public.monthly_costs c using (user_id)
  where u.feature_type = 'chat' and user_id = tests.profile_id(name)
  group by c.spent, c.reserved
$$;
create function pg_temp.messages(name text) returns integer language sql as $$
  select subscription_usage from public.profiles where id = tests.profile_id(name)
$$;

select public.settle_turn(pg_temp.second_step('stops'), 'stopped', '{"content": "123456781234", "parts": []}');
select results_eq(
  $$ select requests, output, is_equal, reserved from pg_temp.booked('stops') $$,
  'values (2::bigint, 101::bigint, true, 0::numeric)', 'a stopped step is estimated, and the step before it is not'
);
select ok(input > 1000, 'its input, too') from pg_temp.booked('stops');
select results_eq(
  $$ select output_tokens, usage_estimated from public.chat_messages
     where sender = 'assistant' and user_id = tests.profile_id('stops') $$,
  'values (101, true)', 'the message says so'
);
select is(status || ': ' || error, 'failed: The output was not provided.', 'its open calls end')
from public.tool_calls where user_id = tests.profile_id('stops');

select public.fail_turn(pg_temp.second_step('fails'), '{"content": "12345678", "parts": []}');
select results_eq($$ select * from pg_temp.booked('fails') $$,
  'values (1::bigint, 1000::bigint, 100::bigint, true, 0::numeric)',
  'a refused step costs nothing, the first one stays');
select is(pg_temp.messages('fails'), 1, 'the message is not refunded');

select public.fail_turn(pg_temp.second_step('refused'), '{}');
select results_eq($$ select * from pg_temp.booked('refused') $$,
  'values (1::bigint, 1000::bigint, 100::bigint, true, 0::numeric)', 'also without any text');
select is(pg_temp.messages('refused'), 1, 'and is not refunded either');

select public.fail_turn(pg_temp.second_step('breaks'), '{"content": "123456781234", "parts": []}');
select results_eq(
  $$ select requests, output, is_equal from pg_temp.booked('breaks') $$,
  'values (2::bigint, 101::bigint, true)', 'a step that broke off is estimated'
);

select tests.create_user('empty');
select public.settle_turn(pg_temp.second_step('empty'), 'stopped', '{}');
select is(requests, 1::bigint, 'a stop before the next request costs nothing') from pg_temp.booked('empty');
select tests.create_user('silent');
select public.settle_turn(pg_temp.second_step('silent'), 'stopped', '{"response_id": "resp_2"}');
select results_eq($$ select requests, output from pg_temp.booked('silent') $$, 'values (2::bigint, 100::bigint)',
  'a stop before the first word costs its input, and no negative output');
select tests.create_user('long');
create temp table long on commit drop as select pg_temp.second_step('long') as id;
update public.tool_calls set output = to_jsonb(repeat('a', 4000)) where turn_id = (select id from long);
select public.settle_turn(id, 'stopped', '{"content": "12345678", "response_id": "resp_3"}') from long;
select ok(l.input - s.input >= 999, 'the outputs of tools count as input')
from pg_temp.booked('long') l, pg_temp.booked('stops') s;
select * from finish();
rollback;
