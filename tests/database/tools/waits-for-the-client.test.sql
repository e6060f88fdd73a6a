begin;
select plan(31);
select tests.create_user('owner'), tests.create_user('stranger');
create function tools.ping() returns text language sql stable set search_path = '' as $$ select 'pong' $$;
comment on function tools.ping is 'Answers.';
select private.add_function_tool('coach', 'tools.ping', '{"needs_approval": true}');
create function tools.now() returns text language sql stable set search_path = '' as $$ select 'real' $$;
comment on function tools.now is 'Tells the time.';
select private.add_function_tool('coach', 'tools.now');
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
create temp table made on commit drop as
select t.turn ->> 'turn_id' as turn_id, t.turn ->> 'session_id' as session_id,
  t.turn ->> 'assistant_message_id' as message_id
from tests.start_turn('owner', tests.create_session('owner')) as t (turn);
grant select on made to public;

select tests.act_as_service();
create function pg_temp.continue(answers jsonb, name text default 'owner', message_id text default null) returns jsonb
language sql as $$
  select public.continue_turn(tests.auth_id(name), m.session_id::uuid, coalesce(continue.message_id, m.message_id),
    answers) from made m
$$;
create function pg_temp.open_calls() returns text language sql as $$
  select string_agg(c.call_id || ' ' || c.status, ', ' order by c.call_id) from public.tool_calls c
$$;
create function pg_temp.as_stored() returns text language sql as $$
  select 'a awaiting_client, b awaiting_client, f complete, g failed, p awaiting_approval'
$$;
select tests.store_step(turn_id::uuid, jsonb_build_array(
  tests.sent_call('f', 'now'), tests.sent_call('g', 'now'), tests.sent_call('a', 'ask'),
  tests.sent_call('b', 'ask'), tests.sent_call('p', 'ping')
), '{"model": "gpt-5.4-mini", "input_tokens": 10, "output_tokens": 1}') from made;
select public.run_function_tool(id) from public.tool_calls where call_id = 'f';
select is(public.settle_turn(turn_id::uuid, 'waiting', '{"content": "I ask.", "thread_id": "conv_1", "parts": [
  {"type": "tool-ask", "toolCallId": "a", "state": "input-available"},
  {"type": "tool-ask", "toolCallId": "b", "state": "input-available"},
  {"type": "tool-ping", "toolCallId": "p", "state": "approval-requested"}]}') ->> 'status', 'complete',
  'the reply of a turn that waits has ended for readers') from made;
select results_eq(
  'select t.status, t.finished_at, s.thread_id from public.chat_turns t
   join public.chat_sessions s on s.id = t.session_id',
  $$ values ('waiting', null::timestamptz, 'conv_1') $$, 'the turn waits, and keeps its conversation'
);
select is(pg_temp.open_calls(), pg_temp.as_stored(), 'its calls for the client stay open');

select throws_ok(format('select pg_temp.continue(%L)', answers), code, message, why)
from (values
  ('[]', 'PT409', 'tool_output_missing', 'an answer to each call is needed'),
  ('[{"tool_call_id": "a", "output": 1}, {"tool_call_id": "p", "is_approved": true}]', 'PT409', 'tool_output_missing',
    'one answer too few is refused'),
  ('[{"tool_call_id": "a", "output": 1}, {"tool_call_id": "b", "output": 1}, {"tool_call_id": "p", "output": 1}]',
    'PT409', 'tool_output_missing', 'an output does not approve a call')
) refused (answers, code, message, why);
select is(pg_temp.open_calls(), pg_temp.as_stored(), 'nothing of them is stored');
select is((public.run_function_tool(id)).status, 'failed', 'a call that ended does not run') from public.tool_calls
where call_id = 'g';
select throws_ok($$ select pg_temp.continue('[]', 'stranger') $$, 'PT404', 'session_not_found',
  'a stranger is refused');
select throws_ok($$ select pg_temp.continue('[]', 'owner', 'none') $$, 'PT404', 'reply_not_found',
  'so is another reply');

create function pg_temp.all(is_approved jsonb) returns jsonb language sql as $$
  select jsonb_build_array('{"tool_call_id": "a", "output": {"x": 1}}'::jsonb,
    '{"tool_call_id": "b", "error": "The camera is off."}'::jsonb, '{"tool_call_id": "other", "output": 2}'::jsonb,
    '{"tool_call_id": "f", "output": "forged"}'::jsonb,
    '{"tool_call_id": "g", "output": "forged", "is_approved": true}'::jsonb,
    jsonb_build_object('tool_call_id', 'p', 'is_approved', is_approved, 'output', 'forged'))
$$;
create temp table messages on commit drop as select subscription_usage as used from public.profiles
where id = tests.profile_id('owner');
select results_eq(
  $$ select d ->> 'kind', d ->> 'turn_id', d ->> 'thread_id', d ->> 'steps', d ->> 'is_stop_requested'
     from pg_temp.continue(pg_temp.all('true')) d $$,
  $$ select 'started', turn_id, 'conv_1', '1', 'false' from made $$, 'with all answers the turn goes on'
);
select results_eq(
  'select call_id, status, output, error from public.tool_calls order by call_id',
  $$ values ('a', 'complete', '{"x": 1}'::jsonb, null),
       ('b', 'failed', null, 'The camera is off.'), ('f', 'complete', '"real"', null),
       ('g', 'failed', null, 'The output was not provided.'), ('p', 'pending', null, null) $$,
  'outputs and errors are stored, an approved call can run, and other calls stay as they are'
);
select is((public.run_function_tool(id)).output, '"pong"', 'as the server runs it') from public.tool_calls
where call_id = 'p';
select results_eq(
  'select t.status, t.first_part, m.status, m.content from public.chat_turns t
   join public.chat_messages m on m.id = t.assistant_message_id',
  $$ values ('active', 3, 'streaming', 'I ask.') $$, 'the reply goes on where it was'
);
select is((select subscription_usage from public.profiles where id = tests.profile_id('owner')),
  (select used from messages), 'going on is not charged');
select is(pg_temp.continue(pg_temp.all('false')) ->> 'kind', 'attached', 'a second device attaches');
select is((select status from public.tool_calls where call_id = 'p'), 'complete', 'and changes nothing');

select tests.store_step(turn_id::uuid, jsonb_build_array(tests.sent_call('q', 'ping'))) from made;
select public.settle_turn(turn_id::uuid, 'waiting', '{"parts": []}') from made;
select is(
  pg_temp.continue(jsonb_build_array(jsonb_build_object('tool_call_id', 'q', 'is_approved', v, 'reason', 'no')))
    ->> 'kind', 'started', v::text || ' does not approve a call'
) from (values ('null'::jsonb)) t (v);
select results_eq($$ select status, error, output from public.tool_calls where call_id = 'q' $$,
  $$ values ('denied', 'The user denied this call. The reason: no', null::jsonb) $$, 'the model is told why');
select is((public.run_function_tool(id)).status, 'denied', 'a denied call does not run') from public.tool_calls
where call_id = 'q';

select public.settle_turn(turn_id::uuid, 'complete', '{"content": "Done.", "parts": [], "thread_id": "conv_1"}')
from made;
select results_eq(
  $$ select d ->> 'kind', d -> 'message' ->> 'content', d ->> 'first_part' from pg_temp.continue('[]') d $$,
  $$ values ('settled', 'Done.', '0') $$, 'after its end, a device gets the stored reply'
);

select tests.start_turn('owner', session_id::uuid, 'message-2') from made;
create temp table second on commit drop as
select t.id, t.assistant_message_id::text as message_id from public.chat_turns t where t.status = 'active';
select tests.store_step(id, jsonb_build_array(tests.sent_call('long', 'ask'))) from second;
select is(
  jsonb_array_length(public.list_tool_calls(id)), 1, 'each turn has its own calls'
) from second;
select public.settle_turn(id, 'waiting', '{"parts": []}') from second;
select pg_temp.continue(jsonb_build_array(jsonb_build_object('tool_call_id', 'long', 'output',
  repeat('a', 70000))), 'owner', message_id) from second;
select ok(octet_length(output::text) < 65536, 'a long output is cut') from public.tool_calls where call_id = 'long';
select is(pg_temp.continue('[]') ->> 'kind', 'settled', 'an earlier reply is not attached') ;
select is(c ->> 'call_id', 'long', 'the next request has the call') from second,
  jsonb_array_elements(public.describe_step(id) -> 'calls') c;

select public.settle_turn(id, 'complete', '{"content": "Done.", "parts": []}') from second;
select tests.start_turn('owner', session_id::uuid, 'message-3') from made;
create temp table third on commit drop as
select t.id, t.assistant_message_id::text as message_id from public.chat_turns t where t.status = 'active';
select tests.store_step(id, jsonb_build_array(tests.sent_call('late', 'ask'))) from third;
select public.settle_turn(id, 'waiting', '{"parts": []}') from third;
update public.chat_turns t set step_started_at = now() - interval '24 hours 1 second' from third where t.id = third.id;
select is(
  pg_temp.continue('[{"tool_call_id": "late", "output": 1}]', 'owner', message_id) ->> 'kind', 'settled',
  'after 24 hours an output is not taken'
) from third;
select is(error, 'The output was not provided.', 'and the call has failed') from public.tool_calls
where call_id = 'late';

select tests.act_as_postgres();
delete from public.chat_messages m using second where m.id::text = second.message_id;
update public.profiles set is_active = false where id = tests.profile_id('owner');
update public.chat_turns set status = 'waiting', finished_at = null;
select throws_ok($$ select pg_temp.continue('[]') $$, 'PT403', 'account_blocked', 'a suspended user is refused');
update public.profiles set is_active = true where id = tests.profile_id('owner');
update public.assistants set is_active = false;
select throws_ok($$ select pg_temp.continue('[]') $$, 'PT409', 'assistant_unavailable',
  'so is the user of an assistant that is switched off');
update public.assistants set is_active = true, required_plan = 'pro';
select throws_ok($$ select pg_temp.continue('[]') $$, 'PT402', 'plan_required',
  'and a user whose plan no longer includes it');
select private.anonymize_profile(tests.profile_id('owner'));
select throws_ok($$ select pg_temp.continue('[]') $$, 'PT401', null, 'and a user who is deleted');

select * from finish();
rollback;
