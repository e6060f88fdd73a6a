-- The calls of a turn: stored, decided, settled, and ended when nobody provides their output.

create function private.attached_tool(turn public.chat_turns, slug text)
returns public.tools
language sql
stable
set search_path = ''
as $$
  select t.*
  from public.chat_sessions s
  join public.assistant_tools a using (assistant_slug)
  join public.tools t on t.slug = a.tool_slug and t.is_active
  left join public.plans needed on needed.slug = t.required_plan
  where s.id = turn.session_id
    and t.slug = attached_tool.slug
    and (needed.slug is null or needed.rank <= (private.plan_of(turn.user_id)).rank)
    -- A call of an mcp tool is stored to be approved.
    and (private.is_attended(turn) or (t.kind not in ('client', 'mcp') and not t.needs_approval))
$$;
comment on function private.attached_tool(public.chat_turns, text) is
  'Returns the tool if the assistant of the turn has it, the plan of the user allows it, and somebody can provide what '
  'it waits for; else null.';

create function private.read_arguments(sent text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return sent::jsonb;
exception when others then
  return null;
end
$$;
comment on function private.read_arguments(text) is 'Returns the arguments that a model sent; null if not valid JSON.';

create function private.count_calls(turn_id uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select count(*)::integer from public.tool_calls c where c.turn_id = count_calls.turn_id);
end
$$;
comment on function private.count_calls(uuid) is 'Returns how many tools a turn has called.';

create function private.turn_calls(turn_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(c order by c.step, c.position), '[]')
    from public.tool_calls c
    where c.turn_id = turn_calls.turn_id
  );
end
$$;
comment on function private.turn_calls(uuid) is 'Returns the calls of a turn in their order.';
grant execute on function private.turn_calls(uuid) to service_role;

create function private.call_problem(turn public.chat_turns, tool public.tools, args jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  most integer := (
    select coalesce(a.max_tool_calls, p.max_tool_calls)
    from private.turn_policy p, public.chat_sessions s
    join public.assistants a on a.slug = s.assistant_slug
    where s.id = turn.session_id
  );
begin
  return case
    when tool.slug is null or tool.kind = 'provider' then 'There is no such tool.'
    when args is null then 'The arguments are not valid JSON.'
    when private.count_calls(turn.id) >= most then 'No more calls are possible. Answer with what you have.'
    when (
      select count(*) from public.tool_calls c where c.turn_id = turn.id and c.tool_slug = tool.slug
    ) >= tool.max_calls then format('This tool may be called %s times in a turn at most.', tool.max_calls)
    -- The server of an mcp tool checks its arguments itself.
    when tool.kind <> 'mcp' then private.argument_problem(tool.parameters, args)
  end;
end
$$;
comment on function private.call_problem(public.chat_turns, public.tools, jsonb) is
  'Returns why a call cannot run, as a sentence for the model; null if it can.';

create function private.store_tool_call(turn public.chat_turns, call jsonb, "position" integer)
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools := private.attached_tool(turn, call ->> 'name');
  args jsonb := private.read_arguments(call ->> 'arguments');
  problem text := private.call_problem(turn, tool, args);
begin
  insert into public.tool_calls
    (turn_id, session_id, user_id, call_id, step, position, tool_slug, kind, arguments, status, error, finished_at)
  values (turn.id, turn.session_id, turn.user_id, call ->> 'call_id', turn.steps, store_tool_call.position,
    call ->> 'name', case when tool.kind <> 'provider' then tool.kind else 'function' end, args,
    case when problem is not null then 'failed'
      when tool.needs_approval or tool.kind = 'mcp' then 'awaiting_approval'
      when tool.kind = 'client' then 'awaiting_client'
      else 'pending' end,
    problem, case when problem is not null then now() end);
  insert into public.usage_metrics as u (user_id, day, feature_type, model, request_count)
  select turn.user_id, (now() at time zone 'UTC')::date, 'tool', tool.slug, 1
  where problem is null
  on conflict on constraint usage_metrics_pkey do update set request_count = u.request_count + 1;
end
$$;
comment on function private.store_tool_call(public.chat_turns, jsonb, integer) is
  'Stores one call, and counts it as a use of its tool. A call that cannot run is stored as failed, with a sentence '
  'for the model.';

create function private.store_step(turn_id uuid, step integer, reply jsonb, calls jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  turn public.chat_turns;
  earlier public.chat_messages;
  message public.chat_messages;
begin
  perform public.replace_reply(turn_id);
  perform private.lock_session_of(turn_id);
  update public.chat_turns t
  set steps = t.steps + 1, response_id = null, step_started_at = now(), progressed_at = now()
  where t.id = turn_id and t.status = 'active' and t.steps = step
    and (t.response_id is null or t.response_id = reply ->> 'response_id')
  returning * into turn;
  if turn.id is null then
    return null;
  end if;
  -- What is stored is not read from the response again, except by devices that read along.
  perform private.enqueue_deletion('response', reply ->> 'response_id', turn.session_id)
  where reply ->> 'response_id' is not null;
  update private.remote_deletions d set due_at = now() + interval '15 minutes'
  where d.kind = 'response' and d.remote_id = reply ->> 'response_id';

  select * into earlier from public.chat_messages m where m.id = turn.assistant_message_id;
  update public.chat_messages m
  set content = coalesce(reply ->> 'content', ''),
      parts = reply -> 'parts',
      model = coalesce(reply ->> 'model', m.model),
      input_tokens = private.add_tokens(m.input_tokens, reply -> 'input_tokens'),
      cached_input_tokens = private.add_tokens(m.cached_input_tokens, reply -> 'cached_input_tokens'),
      output_tokens = private.add_tokens(m.output_tokens, reply -> 'output_tokens')
  where m.id = earlier.id
  returning m.* into message;
  perform private.book_reply(message, earlier, reply);
  perform private.store_tool_call(turn, c.call, c.n::integer)
  from jsonb_array_elements(calls) with ordinality as c (call, n)
  order by c.n;
  return private.describe_calls(turn);
end
$$;
comment on function private.store_step(uuid, integer, jsonb, jsonb) is
  'Stores a response that ended with calls. Definer: books usage and reads plans, which service_role may not.';
grant execute on function private.store_step(uuid, integer, jsonb, jsonb) to service_role;

create function public.store_step(turn_id uuid, step integer, reply jsonb, calls jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.store_step(turn_id, step, reply, calls)
$$;
comment on function public.store_step(uuid, integer, jsonb, jsonb) is
  'Service RPC: stores a response that ended with calls of tools: the reply so far (as in settle_turn), its cost, and '
  'the calls, an array of { call_id, name, arguments } as OpenAI sends them. step is the number of steps before it. '
  'Returns the calls of the turn, and what they mean for its next request. Null if the turn has ended or another '
  'caller has stored this step.';
grant execute on function public.store_step(uuid, integer, jsonb, jsonb) to service_role;

create function private.start_http_tool(tool_call_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_attempts constant integer := 2;
  call public.tool_calls;
begin
  update public.tool_calls c
  set status = 'running', attempts = c.attempts + 1, started_at = clock_timestamp()
  from public.tools t
  where c.id = tool_call_id and t.slug = c.tool_slug and t.kind = 'http' and t.is_active
    and private.can_act(c.user_id)
    and c.attempts < max_attempts
    -- The function that claimed it is dead: no call takes longer than a minute.
    and (c.status = 'pending' or (c.status = 'running' and c.started_at < clock_timestamp() - interval '60 seconds'))
  returning c.* into call;
  return (
    select jsonb_build_object('call', to_jsonb(call), 'user_id', p.auth_id, 'session_id', call.session_id,
      'url', g.url, 'timeout_ms', t.timeout_ms, 'secret', s.secret,
      'lacks_secret', g.secret_name is not null and s.secret is null)
    from private.tool_targets g join public.tools t on t.slug = g.tool_slug
    join public.profiles p on p.id = call.user_id
    cross join lateral (select private.read_vault(g.secret_name) as secret) s
    where g.tool_slug = call.tool_slug
  );
end
$$;
comment on function private.start_http_tool(uuid) is
  'Claims the call of an http tool. Definer: reads private.tool_targets and Vault.';
grant execute on function private.start_http_tool(uuid) to service_role;

create function public.start_http_tool(tool_call_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_http_tool(tool_call_id)
$$;
comment on function public.start_http_tool(uuid) is
  'Service RPC: claims the call of an http tool and returns where and how to call it; null if another caller has it, '
  'it was tried twice, or its user may not act. A call can be claimed again once its time is over.';
grant execute on function public.start_http_tool(uuid) to service_role;

create function private.end_http_tool(tool_call_id uuid, is_claimed boolean, output jsonb, error text)
returns public.tool_calls
language plpgsql
security definer
set search_path = ''
as $$
declare
  call public.tool_calls;
begin
  update public.tool_calls c
  set status = case when end_http_tool.error is null then 'complete' else 'failed' end,
      output = case when end_http_tool.error is null then
        private.cut_output(coalesce(end_http_tool.output, 'null')) end,
      error = left(end_http_tool.error, 500), finished_at = clock_timestamp()
  where c.id = tool_call_id
    and case when is_claimed then c.status = 'running' else c.status = 'pending' or (
      c.status = 'running' and c.started_at < clock_timestamp() - interval '60 seconds'
    ) end;
  select * into call from public.tool_calls c where c.id = tool_call_id;
  return call;
end
$$;
comment on function private.end_http_tool(uuid, boolean, jsonb, text) is
  'Stores the end of a call. Definer: cuts long outputs with a function that is not granted.';
grant execute on function private.end_http_tool(uuid, boolean, jsonb, text) to service_role;

create function public.end_http_tool(tool_call_id uuid, is_claimed boolean, output jsonb default null,
  error text default null)
returns public.tool_calls
language sql
security invoker
set search_path = ''
as $$
  select private.end_http_tool(tool_call_id, is_claimed, output, error)
$$;
comment on function public.end_http_tool(uuid, boolean, jsonb, text) is
  'Service RPC: stores the output of an http tool, or with error a sentence that says why it failed, and returns the '
  'call. The first end counts. Without a claim, only a call that nobody runs ends.';
grant execute on function public.end_http_tool(uuid, boolean, jsonb, text) to service_role;
