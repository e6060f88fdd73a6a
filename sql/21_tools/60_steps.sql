-- Turns of several steps: what the next request needs, and turns that wait for their client.

create function private.describe_calls(turn public.chat_turns)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'steps', turn.steps,
    'started_at', turn.step_started_at,
    'is_stop_requested', turn.stop_requested_at is not null,
    'calls', private.turn_calls(turn.id),
    -- After this many calls or steps, the model must answer with what it has.
    'must_answer', (
      select turn.steps >= p.max_steps - 1
        or (turn.steps > 0 and private.count_calls(turn.id) >= coalesce(a.max_tool_calls, p.max_tool_calls))
      from private.turn_policy p, public.chat_sessions s
      join public.assistants a on a.slug = s.assistant_slug
      where s.id = turn.session_id
    )
  );
end
$$;
comment on function private.describe_calls(public.chat_turns) is
  'Returns the calls of a turn, and what they mean for its next request.';

create function private.describe_step(turn public.chat_turns)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  session public.chat_sessions;
  question public.chat_messages;
  assistant public.assistants;
begin
  select * into session from public.chat_sessions s where s.id = turn.session_id;
  select * into question from public.chat_messages m where m.id = turn.user_message_id;
  select * into assistant from public.assistants a where a.slug = session.assistant_slug;
  return private.describe_turn(session, question, assistant, turn);
end
$$;
comment on function private.describe_step(public.chat_turns) is
  'Returns what start_turn returns, for a turn that has begun.';

create function private.describe_step(turn_id uuid)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.describe_step(t) from public.chat_turns t where t.id = turn_id and t.status = 'active'
$$;
comment on function private.describe_step(uuid) is
  'Describes a running turn by its id. Definer: reads the instructions of assistants, which no API role may read.';
grant execute on function private.describe_step(uuid) to service_role;

create function public.describe_step(turn_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.describe_step(turn_id)
$$;
comment on function public.describe_step(uuid) is
  'Service RPC: returns what the next request of a running turn needs, as start_turn does, with the calls so far. Null '
  'if the turn has ended.';
grant execute on function public.describe_step(uuid) to service_role;

create function public.list_tool_calls(turn_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.turn_calls(turn_id)
$$;
comment on function public.list_tool_calls(uuid) is 'Service RPC: returns the calls of a turn in their order.';
grant execute on function public.list_tool_calls(uuid) to service_role;

create function private.answer_call(call public.tool_calls, answer jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Only true approves.
  is_denied boolean := call.status = 'awaiting_approval' and answer -> 'is_approved' is distinct from 'true';
  failure text := case
    when is_denied then 'The user denied this call.' || coalesce(' The reason: ' || nullif(answer ->> 'reason', ''), '')
    when call.status = 'awaiting_client' and answer ? 'error'
      then coalesce(nullif(answer ->> 'error', ''), 'The tool failed.')
  end;
  next_status text := case
    when is_denied then 'denied'
    -- OpenAI runs it.
    when call.status = 'awaiting_approval' and call.kind = 'mcp' then 'complete'
    when call.status = 'awaiting_approval' then 'pending'
    when failure is not null then 'failed'
    else 'complete'
  end;
begin
  update public.tool_calls c
  set status = next_status,
      output = case when next_status = 'complete' and call.kind = 'client' then
        private.cut_output(coalesce(answer -> 'output', 'null')) end,
      error = left(failure, 500),
      reason = left(nullif(answer ->> 'reason', ''), 500),
      decided_at = case when call.status = 'awaiting_approval' then now() end,
      finished_at = case when next_status in ('complete', 'failed', 'denied') then now() end
  where c.id = call.id;
end
$$;
comment on function private.answer_call(public.tool_calls, jsonb) is
  'Takes the output, the error or the decision of the client for a call that waits for it.';

create function private.answer_calls(turn public.chat_turns, answers jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  missing text;
begin
  perform private.answer_call(c, a.answer)
  from public.tool_calls c
  join lateral (
    select given.answer from jsonb_array_elements(answers) as given (answer)
    where given.answer ->> 'tool_call_id' = c.call_id
      -- An output without a decision does not approve a call.
      and (c.status = 'awaiting_client' or given.answer ? 'is_approved')
    limit 1
  ) a on true
  where c.turn_id = turn.id and c.status in ('awaiting_client', 'awaiting_approval');

  select c.call_id into missing
  from public.tool_calls c
  where c.turn_id = turn.id and c.status in ('awaiting_client', 'awaiting_approval')
  limit 1;
  if missing is not null then
    perform private.refuse(
      409, 'tool_output_missing',
      'A tool call of this reply still waits for its output or approval. Send all of them together.',
      jsonb_build_object('tool_call_id', missing)
    );
  end if;
end
$$;
comment on function private.answer_calls(public.chat_turns, jsonb) is
  'Takes the answers of the client for all calls that wait. Refuses with 409 if one is missing, and then takes none.';

create function private.continue_turn(auth_user_id uuid, session_id uuid, message_id text, answers jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id, must_act => false);
  session public.chat_sessions := private.session_for_turn(session_id, profile_id);
  running public.chat_turns := private.active_turn(session.id);
  turn public.chat_turns;
  reply public.chat_messages;
  assistant public.assistants;
begin
  select * into reply
  from public.chat_messages m
  where m.session_id = session.id and m.sender = 'assistant' and m.id::text = continue_turn.message_id;
  if reply.id is null then
    perform private.refuse(404, 'reply_not_found', 'This reply does not exist. Reload the chat.');
  end if;
  if running.assistant_message_id = reply.id then
    -- Another device was first.
    return jsonb_build_object('kind', 'attached', 'turn_id', running.id);
  end if;
  select * into turn
  from public.chat_turns t
  where t.assistant_message_id = reply.id and t.status = 'waiting'
  for no key update;
  if turn.step_started_at < now() - interval '24 hours' then
    -- Retention, which runs at night, has not come to it yet.
    perform private.end_waiting(turn);
    select * into reply from public.chat_messages m where m.id = reply.id;
    turn.id := null;
  end if;
  if turn.id is null then
    return jsonb_build_object('kind', 'settled', 'message', to_jsonb(reply), 'first_part', coalesce((
      select t.first_part from public.chat_turns t where t.assistant_message_id = reply.id
    ), 0));
  end if;

  assistant := private.assistant_for_turn(session.assistant_slug, profile_id);
  perform private.answer_calls(turn, answers);
  update public.chat_turns t
  set status = 'active', stop_requested_at = null, progressed_at = now(), step_started_at = now(), response_id = null,
      first_part = jsonb_array_length(reply.parts),
      reservation = t.reservation || jsonb_build_object('budget', private.reserve_turn(
        q, assistant, turn.search and private.can_search(assistant)
      ))
  from public.chat_messages q
  where t.id = turn.id and q.id = t.user_message_id
  returning t.* into turn;
  update public.chat_messages m set status = 'streaming' where m.id = reply.id;
  return private.describe_step(turn);
end
$$;
comment on function private.continue_turn(uuid, uuid, text, jsonb) is
  'Takes the outputs and decisions of the client and continues the turn that waits for them. Charges nothing. Definer: '
  'reads the instructions of assistants, which no API role may read.';
grant execute on function private.continue_turn(uuid, uuid, text, jsonb) to service_role;

create function public.continue_turn(auth_user_id uuid, session_id uuid, message_id text, answers jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.continue_turn(auth_user_id, session_id, message_id, answers)
$$;
comment on function public.continue_turn(uuid, uuid, text, jsonb) is
  'Service RPC of the chat function: answers is an array of { tool_call_id } with output, error, or is_approved and '
  'reason. Of several devices, the first counts. Returns what start_turn returns: started, attached or settled.';
grant execute on function public.continue_turn(uuid, uuid, text, jsonb) to service_role;

create function private.end_tool_calls(turn public.chat_turns)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.tool_calls c
  set status = 'failed', error = 'The output was not provided.', finished_at = now()
  where c.turn_id = turn.id
    and c.finished_at is null
    and (turn.status <> 'waiting' or c.status in ('pending', 'running'));
end
$$;
comment on function private.end_tool_calls(public.chat_turns) is
  'Marks the open calls of a turn as not provided. Those that wait for the client stay open while the turn waits.';

create function private.end_waiting(turn public.chat_turns)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.chat_turns t
  set status = 'complete', finished_at = now()
  where t.id = turn.id
  returning * into turn;
  perform private.end_tool_calls(turn);
  update public.chat_messages m
  set parts = (
    select coalesce(jsonb_agg(
      case when p.part ->> 'state' in ('input-available', 'approval-requested')
        then p.part || '{"state": "output-error", "errorText": "The output was not provided."}' else p.part end
      order by p.n
    ), '[]')
    from jsonb_array_elements(m.parts) with ordinality as p (part, n)
  )
  where m.id = turn.assistant_message_id;
  -- OpenAI would miss the outputs in its conversation.
  update public.chat_sessions s set thread_id = null where s.id = turn.session_id and s.thread_id is not null;
end
$$;
comment on function private.end_waiting(public.chat_turns) is
  'Ends a turn that waits: its open calls fail, in the stored reply too, and the next turn builds a new conversation.';

create function private.end_waiting_turn(session public.chat_sessions)
returns public.chat_turns
language plpgsql
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  select * into turn from public.chat_turns t where t.session_id = session.id and t.status = 'waiting';
  if turn.id is not null then
    perform private.end_waiting(turn);
  end if;
  return turn;
end
$$;
comment on function private.end_waiting_turn(public.chat_sessions) is
  'Ends the turn of a session that waits for its client, and returns it; null if none does. The caller holds the lock '
  'of the session.';

create function private.purge_waiting_turns(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  deleted := 0;
  -- A turn that has ended is not found again.
  reached := null;
  for turn in
    select distinct on (t.session_id) t.*
    from public.tool_calls c
    join public.chat_turns t on t.id = c.turn_id and t.status = 'waiting'
    where c.status in ('awaiting_client', 'awaiting_approval') and c.created_at >= since
      and c.created_at < now() - interval '24 hours'
    order by t.session_id
    limit max_rows
  loop
    -- Two locks of sessions at once: waiting for the second could deadlock.
    perform from public.chat_sessions s where s.id = turn.session_id for no key update skip locked;
    continue when not found;
    select * into turn from public.chat_turns t where t.id = turn.id and t.status = 'waiting' for no key update;
    continue when turn.id is null;
    perform private.end_waiting(turn);
    deleted := deleted + 1;
  end loop;
end
$$;
comment on function private.purge_waiting_turns(timestamptz, integer) is
  'Ends turns that have waited for their client for 24 hours. Deletes nothing. Turns whose session is locked wait for '
  'another run.';
