begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('short');
create function tools.ping() returns text language sql stable set search_path = '' as $$ select 'pong' $$;
comment on function tools.ping is 'Answers.';
select private.add_function_tool('coach', 'tools.ping', '{"max_calls": 3}');
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}', '{"max_calls": 50}');
update private.turn_policy set max_tool_calls = 5, max_steps = 4;
create function pg_temp.store(name text, slug text, amount integer) returns jsonb language sql as $$
  select tests.store_step(t.id, (
    select coalesce(jsonb_agg(tests.sent_call(gen_random_uuid()::text, slug)), '[]') from generate_series(1, amount)
  ))
  from public.chat_turns t where t.user_id = tests.profile_id(name)
$$;
create function pg_temp.statuses(described jsonb) returns jsonb language sql as $$
  select jsonb_agg(coalesce(c ->> 'error', c ->> 'status')) from jsonb_array_elements(described -> 'calls') c
$$;
select is(
  tests.start_turn('owner', tests.create_session('owner')) ->> 'must_answer', 'false', 'a turn may begin with calls'
);
create temp table first on commit drop as select pg_temp.store('owner', 'ping', 4) as described;
select is(
  pg_temp.statuses(described),
  '["pending", "pending", "pending", "This tool may be called 3 times in a turn at most."]',
  'calls of one step count each other, in their order'
) from first;
select is(described ->> 'must_answer', 'false', 'the turn may go on') from first;
-- One transaction has one time.
update public.tool_calls set created_at = created_at - interval '1 second';
create temp table second on commit drop as select pg_temp.store('owner', 'ask', 2) as described;
select is(
  pg_temp.statuses(described) -> 5, '"No more calls are possible. Answer with what you have."',
  'a turn has a limit of its own, in which refused calls count'
) from second;
select is(described ->> 'must_answer', 'true', 'at which the model must answer') from second;
select is(sum(request_count), 4::bigint, 'only calls that can run are uses of a tool')
from public.usage_metrics where feature_type = 'tool';

update public.assistants set max_tool_calls = 50 where slug = 'coach';
select tests.start_turn('short', tests.create_session('short'));
select is(pg_temp.store('short', 'ask', 6) ->> 'must_answer', 'false', 'the limit of the assistant goes before');
select is(pg_temp.store('short', 'ask', 1) ->> 'must_answer', 'false', 'the third of four steps may call');
select is(pg_temp.store('short', 'ask', 1) ->> 'must_answer', 'true', 'the last may not');
select * from finish();
rollback;
