-- A turn: one user message and the generation of its reply, from its start to its settlement.

create function private.session_for_turn(session_id uuid, profile_id uuid)
returns public.chat_sessions
language plpgsql
set search_path = ''
as $$
declare
  session public.chat_sessions;
begin
  select * into session
  from public.chat_sessions s
  where s.id = session_for_turn.session_id
    and s.user_id = session_for_turn.profile_id
  for no key update;

  if session.id is null then
    perform private.refuse(404, 'session_not_found');
  end if;
  if not private.can_act(profile_id) then
    perform private.refuse(403, 'account_blocked', hint => 'The account is suspended.');
  end if;
  return session;
end
$$;
comment on function private.session_for_turn(uuid, uuid) is
  'Locks the caller''s session for a turn, or refuses: 404 not the caller''s, 403 may not act.';

create function private.active_assistant(slug text)
returns public.assistants
language plpgsql
stable
set search_path = ''
as $$
declare
  assistant public.assistants;
begin
  select * into assistant from public.assistants a where a.slug = active_assistant.slug and a.is_active;
  if assistant.slug is null then
    perform private.refuse(409, 'assistant_unavailable', hint => 'Choose another assistant.');
  end if;
  return assistant;
end
$$;
comment on function private.active_assistant(text) is 'The assistant of a session, or 409 when it has been switched off.';

create function private.refuse_conflicting_turn(session_id uuid, client_id text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select from public.chat_streams t
    where t.session_id = refuse_conflicting_turn.session_id and t.status = 'active'
  ) then
    perform private.refuse(409, 'turn_in_progress', hint => 'Wait for the reply or stop it.');
  end if;
  if exists (
    select from public.chat_messages m
    where m.session_id = refuse_conflicting_turn.session_id and m.client_id = refuse_conflicting_turn.client_id
  ) then
    perform private.refuse(409, 'message_id_conflict', hint => 'This message id was used before in the session.');
  end if;
end
$$;
comment on function private.refuse_conflicting_turn(uuid, text) is
  'Refuses a second turn of a session that is being answered, and a message id used before.';

create function private.turn_history(session_id uuid, before_seq integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('sender', m.sender, 'content', m.content) order by m.seq), '[]')
  from public.chat_messages m
  where m.session_id = turn_history.session_id
    and m.seq < before_seq
    and m.sender in ('user', 'assistant')
    and m.content <> ''
$$;
comment on function private.turn_history(uuid, integer) is
  'What a new conversation at OpenAI is built from, when the session has none that can be trusted.';

create function private.open_turn(session public.chat_sessions, client_id text, content text, parts jsonb, model text)
returns public.chat_streams
language plpgsql
set search_path = ''
as $$
declare
  user_message_id uuid := gen_random_uuid();
  assistant_message_id uuid := gen_random_uuid();
  stream public.chat_streams;
begin
  insert into public.chat_messages (id, session_id, user_id, client_id, sender, content, parts, model, status)
  values
    (user_message_id, session.id, session.user_id, open_turn.client_id, 'user', open_turn.content, open_turn.parts,
      null, 'complete'),
    (assistant_message_id, session.id, session.user_id, null, 'assistant', '', '[]', open_turn.model, 'streaming');

  insert into public.chat_streams (session_id, user_id, user_message_id, assistant_message_id)
  values (session.id, session.user_id, user_message_id, assistant_message_id)
  returning * into stream;
  return stream;
end
$$;
comment on function private.open_turn(public.chat_sessions, text, text, jsonb, text) is
  'Stores the user''s message, an empty reply and the stream record of its generation.';

create function private.start_turn(auth_user_id uuid, session_id uuid, client_id text, content text, parts jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  session public.chat_sessions := private.session_for_turn(session_id, profile.id);
  assistant public.assistants := private.active_assistant(session.assistant_slug);
  stream public.chat_streams;
begin
  perform private.refuse_conflicting_turn(session.id, client_id);
  stream := private.open_turn(session, client_id, content, parts, assistant.model);

  return jsonb_build_object(
    'stream_id', stream.id,
    'profile_id', profile.id,
    'session_id', session.id,
    'user_message_id', stream.user_message_id,
    'assistant_message_id', stream.assistant_message_id,
    'thread_id', session.thread_id,
    'history', case when session.thread_id is null then private.turn_history(
      session.id, (select m.seq from public.chat_messages m where m.id = stream.user_message_id)
    ) else '[]' end,
    'model', assistant.model,
    'temperature', assistant.temperature,
    'reasoning_effort', assistant.reasoning_effort,
    'tools', assistant.tools,
    'instructions', (select i.instructions from private.assistant_instructions i where i.slug = assistant.slug)
  );
end
$$;
comment on function private.start_turn(uuid, uuid, text, text, jsonb) is
  'Everything before the upstream request, in one transaction. Definer: it reads assistants'' instructions, which no API role may.';
grant execute on function private.start_turn(uuid, uuid, text, text, jsonb) to service_role;

create function public.start_turn(auth_user_id uuid, session_id uuid, client_id text, content text, parts jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_turn(auth_user_id, session_id, client_id, content, parts)
$$;
comment on function public.start_turn(uuid, uuid, text, text, jsonb) is
  'Service RPC of the chat function: checks, stores the message, opens the stream, returns what the request upstream needs.';
grant execute on function public.start_turn(uuid, uuid, text, text, jsonb) to service_role;

create function public.heartbeat_turn(stream_id uuid, response_id text default null, thread_id text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  stream public.chat_streams;
begin
  update public.chat_streams t
  set heartbeat_at = now(),
      response_id = coalesce(heartbeat_turn.response_id, t.response_id)
  where t.id = stream_id
    and t.status = 'active'
  returning * into stream;

  if heartbeat_turn.thread_id is not null then
    update public.chat_sessions s
    set thread_id = heartbeat_turn.thread_id
    where s.id = stream.session_id and s.thread_id is null;
  end if;
  return jsonb_build_object('is_active', stream.id is not null, 'stop_requested_at', stream.stop_requested_at);
end
$$;
comment on function public.heartbeat_turn(uuid, text, text) is
  'Service RPC: the pump is alive; saves the response and conversation ids; says whether to stop or that the turn is gone.';
grant execute on function public.heartbeat_turn(uuid, text, text) to service_role;

create function private.close_stream(stream_id uuid, final_status text, response_id text)
returns public.chat_streams
language plpgsql
set search_path = ''
as $$
declare
  stream public.chat_streams;
begin
  -- The session first, as in start_turn: one lock order everywhere.
  perform from public.chat_sessions s
  where s.id = (select t.session_id from public.chat_streams t where t.id = stream_id)
  for no key update;

  update public.chat_streams t
  set status = final_status,
      finished_at = now(),
      response_id = coalesce(close_stream.response_id, t.response_id)
  where t.id = stream_id
    and t.status = 'active'
  returning * into stream;
  return stream;
end
$$;
comment on function private.close_stream(uuid, text, text) is
  'Ends an active stream; null when somebody settled it before: whoever gets the row settles the turn.';

create function private.settle_turn(stream_id uuid, final_status text, reply jsonb)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
declare
  stream public.chat_streams := private.close_stream(stream_id, final_status, reply ->> 'response_id');
begin
  if stream.id is null then
    return false;
  end if;

  update public.chat_messages m
  set status = final_status,
      content = coalesce(reply ->> 'content', ''),
      parts = coalesce(nullif(reply -> 'parts', 'null'), '[]'),
      model = coalesce(reply ->> 'model', m.model),
      input_tokens = (reply ->> 'input_tokens')::integer,
      cached_input_tokens = (reply ->> 'cached_input_tokens')::integer,
      output_tokens = (reply ->> 'output_tokens')::integer,
      completion_time = (reply ->> 'completion_time')::real,
      response_id = stream.response_id,
      error = nullif(reply -> 'error', 'null')
  where m.id = stream.assistant_message_id;

  -- Only a completed reply leaves the conversation at OpenAI equal to ours.
  update public.chat_sessions s
  set thread_id = case when final_status = 'complete' then coalesce(reply ->> 'thread_id', s.thread_id) end,
      updated_at = now()
  where s.id = stream.session_id;
  return true;
end
$$;
comment on function private.settle_turn(uuid, text, jsonb) is
  'Settles a turn exactly once: stream, reply and session in one transaction; false when it was settled before. Definer: private.close_stream is not granted.';
grant execute on function private.settle_turn(uuid, text, jsonb) to service_role;

create function public.finish_turn(stream_id uuid, status text, reply jsonb)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if status not in ('complete', 'stopped') then
    perform private.refuse(400, 'invalid_turn_status');
  end if;
  return private.settle_turn(stream_id, status, reply);
end
$$;
comment on function public.finish_turn(uuid, text, jsonb) is
  'Service RPC: settles a turn that delivered (complete or stopped). reply: content, parts, model, input_tokens, cached_input_tokens, output_tokens, completion_time (seconds), response_id, thread_id.';
grant execute on function public.finish_turn(uuid, text, jsonb) to service_role;

create function public.fail_turn(stream_id uuid, reply jsonb)
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.settle_turn(stream_id, 'failed', reply)
$$;
comment on function public.fail_turn(uuid, jsonb) is
  'Service RPC: settles a turn that failed. reply as in finish_turn, with error {code, message} as the client saw it; what was said before stays.';
grant execute on function public.fail_turn(uuid, jsonb) to service_role;
