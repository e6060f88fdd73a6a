begin;
select plan(27);
select tests.create_user('sends'), tests.create_user('stops'), tests.create_user('redoes'), tests.create_user('leaves'),
  tests.create_user('deletes'), tests.create_user('late'), tests.create_user('empty'),
  tests.create_user('answers'), tests.create_user('stranger');
update public.plans set monthly_budget = 100;
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
create function pg_temp.wait(name text) returns uuid language plpgsql as $$
declare
  turn_id uuid := tests.start_turn(name, tests.create_session(name)) ->> 'turn_id';
begin
  perform tests.store_step(turn_id, jsonb_build_array(tests.sent_call('a', 'ask')),
    '{"model": "gpt-5.4-mini", "input_tokens": 10, "output_tokens": 1}');
  perform public.settle_turn(turn_id, 'waiting', jsonb_build_object('thread_id', 'conv_' || name)
    || '{"content": "", "parts": [
    {"type": "step-start"}, {"type": "tool-x", "toolCallId": "b", "state": "output-available"},
    {"type": "tool-ask", "toolCallId": "a", "state": "input-available", "input": {}},
    {"type": "tool-y", "toolCallId": "c", "state": "approval-requested"}]}');
  return turn_id;
end
$$;
create temp table waiting on commit drop as
select name, pg_temp.wait(name) as turn_id from tests.users where name <> 'stranger';
create function pg_temp.session(name text) returns uuid language sql as $$
  select s.id from public.chat_sessions s where s.user_id = tests.profile_id(name)
$$;
create function pg_temp.state(name text) returns text language sql as $$
  select concat_ws(', ', t.status, t.finished_at is not null,
    case when s.thread_id is null then 'no ' else '' end || 'conversation', c.status, c.error)
  from waiting w
  join public.chat_turns t on t.id = w.turn_id
  join public.chat_sessions s on s.id = t.session_id
  join public.tool_calls c on c.turn_id = t.id
  where w.name = state.name
$$;
create function pg_temp.reserved(name text) returns numeric language sql as $$
  select c.reserved from public.monthly_costs c where c.user_id = tests.profile_id(name)
$$;
create temp table ended on commit drop as
select 'complete, t, no conversation, failed, The output was not provided.' as state;

select is(pg_temp.state('sends'), 'waiting, f, conversation, awaiting_client', 'a turn waits');
select is(pg_temp.reserved('sends'), 0::numeric, 'and reserves nothing');
select is(tests.start_turn('sends', pg_temp.session('sends')) ->> 'kind', 'settled',
  'the same message again gets the stored reply');
select is(pg_temp.state('sends'), 'waiting, f, conversation, awaiting_client', 'and ends nothing');
select is(
  jsonb_path_query_array(d, '$.history[*].parts[*].state'), '["output-available", "output-error", "output-error"]',
  'another message has a history with an end for each call'
) from tests.start_turn('sends', pg_temp.session('sends'), 'message-2', 'Other') d;
select is(pg_temp.state('sends'), state, 'and ends the turn') from ended;
select is(
  parts -> 2, '{"type": "tool-ask", "toolCallId": "a", "state": "output-error", "input": {},
    "errorText": "The output was not provided."}'::jsonb, 'the stored reply says so'
) from public.chat_messages where id = (
  select assistant_message_id from public.chat_turns join waiting on turn_id = id where name = 'sends'
);

select is(public.request_stop(tests.auth_id('stranger'), pg_temp.session('stops')), null, 'a stranger stops nothing');
select is(pg_temp.state('stops'), 'waiting, f, conversation, awaiting_client', 'it still waits');
select tests.act_as_service();
select is(public.request_stop(tests.auth_id('stops'), s.id) ->> 'turn_id', t.id::text, 'its owner stops it')
from public.chat_turns t join public.chat_sessions s on s.id = t.session_id and s.user_id = tests.profile_id('stops');
select tests.act_as_postgres();
select is(pg_temp.state('stops'), state, 'which ends it') from ended;
select is(public.request_stop(tests.auth_id('stops'), pg_temp.session('stops')), null, 'once');

select is(
  public.start_turn(tests.auth_id('redoes'), pg_temp.session('redoes'), regenerate => true) ->> 'kind', 'started',
  'the reply of a turn that waits can be regenerated'
);
select is(pg_temp.state('redoes'), state, 'which ends the turn') from ended;

update public.tool_calls set created_at = now() - interval '23 hours 59 minutes';
select * into temp table purged from private.purge_waiting_turns('-infinity', 100);
select is(deleted, 0, 'turns wait for 24 hours') from purged;
update public.tool_calls set created_at = now() - interval '24 hours 1 second'
where user_id in (tests.profile_id('leaves'), tests.profile_id('late'), tests.profile_id('empty'));
update public.chat_messages set parts = '[]' where sender = 'assistant' and user_id = tests.profile_id('empty');
select is(deleted, 1, 'at most as many at once as asked for') from private.purge_waiting_turns('-infinity', 1);
select is(deleted, 2, 'and no longer, with or without parts') from private.purge_waiting_turns('-infinity', 100);
select is(pg_temp.state('leaves'), state, 'their turns end') from ended;
select is(
  public.continue_turn(tests.auth_id('late'), t.session_id, t.assistant_message_id::text,
    '[{"tool_call_id": "a", "output": 1}]') ->> 'kind', 'settled', 'an output that comes later is not taken'
) from public.chat_turns t where t.user_id = tests.profile_id('late');
select is(pg_temp.state('late'), state, 'and changes nothing') from ended;

select is(
  public.continue_turn(tests.auth_id('answers'), t.session_id, t.assistant_message_id::text,
    '[{"tool_call_id": "a", "output": 1}]') ->> 'kind', 'started', 'a turn whose output comes goes on'
) from public.chat_turns t where t.user_id = tests.profile_id('answers');
select ok(pg_temp.reserved('answers') > 0, 'and reserves its estimate again');
select public.settle_turn(w.turn_id, 'complete', '{"content": "I ask. Yes.", "parts": [], "input_tokens": 20,
  "output_tokens": 2}') from waiting w where w.name = 'answers';
select is(pg_temp.reserved('answers'), 0::numeric, 'which its end takes back');
select row_eq(
  $$ select sum(u.request_count), sum(u.input_tokens)::bigint, sum(u.total_cost) = c.spent
     from public.usage_metrics u join public.monthly_costs c using (user_id)
     where user_id = tests.profile_id('answers') and u.feature_type = 'chat' group by c.spent $$,
  row(2::bigint, 30::bigint, true), 'both responses are booked, once'
);

delete from public.chat_sessions where user_id = tests.profile_id('deletes');
select is_empty(
  $$ select user_id from public.tool_calls where user_id = tests.profile_id('deletes')
     union all select user_id from private.deleted_turns $$, 'a chat that waits can be deleted, and has no cost left'
);
select is(pg_temp.reserved('deletes'), 0::numeric, 'nor a reservation');
select is(sum(u.request_count), 1::bigint, 'its response stays booked') from public.usage_metrics u
where u.user_id = tests.profile_id('deletes') and u.feature_type = 'chat';
select * from finish();
rollback;
