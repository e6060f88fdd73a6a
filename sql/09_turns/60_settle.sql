-- Settling a turn exactly once; stop requests, recovery, titles.

create function private.mark_turn_settled(turn_id uuid, final_status text, response_id text, step integer)
returns public.chat_turns
language plpgsql
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  perform private.lock_session_of(turn_id);
  update public.chat_turns t
  set status = final_status,
      finished_at = case when final_status <> 'waiting' then now() end,
      response_id = coalesce(mark_turn_settled.response_id, t.response_id)
  where t.id = turn_id
    and t.status = 'active'
    and t.steps = coalesce(step, t.steps)
  returning * into turn;
  return turn;
end
$$;
comment on function private.mark_turn_settled(uuid, text, text, integer) is
  'Sets the final status of an active turn and returns its row. Returns null when another caller settled it before '
  'or has stored a later step, so only one caller settles a turn.';

create function private.add_tokens(earlier integer, counted jsonb)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case when counted <> 'null' then coalesce(earlier, 0) + counted::integer else earlier end
$$;
comment on function private.add_tokens(integer, jsonb) is
  'Adds the tokens of a response to those of the responses before it. Null while none was counted.';
grant execute on function private.add_tokens(integer, jsonb) to service_role;

create function private.store_reply(turn public.chat_turns, reply jsonb)
returns public.chat_messages
language plpgsql
set search_path = ''
as $$
declare
  stored public.chat_messages;
begin
  update public.chat_messages m
  -- A reply that waits for its client has ended for everybody else.
  set status = case turn.status when 'waiting' then 'complete' else turn.status end,
      content = coalesce(reply ->> 'content', ''),
      parts = coalesce(nullif(reply -> 'parts', 'null'), '[]'),
      model = coalesce(reply ->> 'model', m.model),
      input_tokens = private.add_tokens(m.input_tokens, reply -> 'input_tokens'),
      cached_input_tokens = private.add_tokens(m.cached_input_tokens, reply -> 'cached_input_tokens'),
      output_tokens = private.add_tokens(m.output_tokens, reply -> 'output_tokens'),
      completion_time = round(extract(epoch from clock_timestamp() - turn.created_at), 3)::real,
      response_id = turn.response_id,
      error = nullif(reply -> 'error', 'null')
  where m.id = turn.assistant_message_id
  returning m.* into stored;
  return stored;
end
$$;
comment on function private.store_reply(public.chat_turns, jsonb) is
  'Writes a reply into the assistant message, and adds the tokens of its last response.';

-- In plpgsql, because a later file creates the calls of tools.
create function private.estimate_reply_tokens(reply public.chat_messages, earlier public.chat_messages)
returns public.chat_messages
language plpgsql
set search_path = ''
as $$
begin
  -- OpenAI does not always report the tokens that it bills for a cancelled response. The estimate assumes four
  -- characters a token.
  update public.chat_messages m
  set output_tokens = coalesce(earlier.output_tokens, 0)
        + greatest(0, ceil((char_length(m.content) - char_length(earlier.content)) / 4.0))::integer,
      input_tokens = coalesce(earlier.input_tokens, 0) + (
        select ceil((coalesce(sum(char_length(e.content)), 0) + char_length(earlier.content) + (
          select coalesce(char_length(private.turn_instructions(s.assistant_slug, s.user_id)), 0)
          from public.chat_sessions s
          where s.id = reply.session_id
        ) + (
          select coalesce(sum(char_length(concat(c.arguments, c.output))), 0)
          from public.chat_turns t
          join public.tool_calls c on c.turn_id = t.id
          where t.assistant_message_id = reply.id
        )) / 4.0)::integer
        from public.chat_messages e
        where e.session_id = m.session_id and e.user_id = m.user_id and e.seq < m.seq
      ),
      cached_input_tokens = coalesce(earlier.cached_input_tokens, 0),
      usage_estimated = true
  where m.id = reply.id
  returning m.* into reply;
  return reply;
end
$$;
comment on function private.estimate_reply_tokens(public.chat_messages, public.chat_messages) is
  'Estimates the tokens of a response for which OpenAI gave no counts, and marks the reply as estimated. '
  'earlier is the reply before this response.';

create function private.book_reply(reply public.chat_messages, earlier public.chat_messages, booked jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.book_usage(reply.user_id, 'chat', reply.model,
    coalesce(reply.input_tokens, 0) - coalesce(earlier.input_tokens, 0),
    coalesce(reply.cached_input_tokens, 0) - coalesce(earlier.cached_input_tokens, 0),
    reply.output_tokens - coalesce(earlier.output_tokens, 0),
    coalesce(nullif(booked -> 'tools', 'null'), '{}'), coalesce((booked ->> 'cache_write_tokens')::bigint, 0))
  where (reply.input_tokens, reply.output_tokens) is distinct from (earlier.input_tokens, earlier.output_tokens);
end
$$;
comment on function private.book_reply(public.chat_messages, public.chat_messages, jsonb) is
  'Books the cost of the last response of a reply. earlier is the reply before this response, whose cost is booked.';

create function private.settle_turn(turn_id uuid, final_status text, reply jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  has_output boolean := coalesce(reply ->> 'content', '') <> ''
    or coalesce((reply ->> 'output_tokens')::integer, 0) > 0
    or jsonb_path_exists(coalesce(reply -> 'parts', '[]'), '$[*] ? (@.type == "file")');
  -- A stopped turn costs what OpenAI did for it until then. Otherwise, stopping early would be free.
  is_charged boolean := final_status <> 'failed' or has_output;
  turn public.chat_turns;
  earlier public.chat_messages;
  message public.chat_messages;
begin
  if final_status in ('complete', 'waiting') or has_output then
    perform public.replace_reply(turn_id);
  end if;
  if not is_charged then
    -- The refund changes the profile, and the lock on the profile comes before the lock on the session.
    perform from public.profiles p
    where p.id = (select t.user_id from public.chat_turns t where t.id = turn_id)
    for no key update;
  end if;
  turn := private.mark_turn_settled(turn_id, final_status, reply ->> 'response_id', (reply ->> 'step')::integer);
  -- A step may have been stored until the session was locked.
  is_charged := is_charged or turn.steps > 0;
  if turn.id is null then
    return (
      select to_jsonb(m)
      from public.chat_turns t
      join public.chat_messages m on m.id = t.assistant_message_id
      where t.id = turn_id
    );
  end if;

  select * into earlier from public.chat_messages m where m.id = turn.assistant_message_id;
  message := private.store_reply(turn, reply);
  -- A turn that waits has sent no request after its last step.
  if is_charged and final_status <> 'waiting' and reply ->> 'output_tokens' is null
    -- After a step, a request that OpenAI refused or never got costs nothing.
    and (turn.steps = 0 or char_length(message.content) > char_length(earlier.content)
      or (final_status = 'stopped' and turn.response_id is not null))
  then
    message := private.estimate_reply_tokens(message, earlier);
  end if;
  perform private.book_reply(message, earlier, reply);
  perform private.end_tool_calls(turn);
  perform private.settle_budget(turn.user_id, turn.reservation -> 'budget');
  if not is_charged then
    perform private.refund_usage(turn.user_id, turn.reservation);
  end if;
  -- Only after a complete response does the conversation at OpenAI match our messages.
  update public.chat_sessions s
  set thread_id = case when final_status in ('complete', 'waiting') then reply ->> 'thread_id' end, updated_at = now()
  where s.id = turn.session_id;
  if turn.replaces_message_id is not null then
    -- The new reply never began, so its empty row is deleted and the old reply stays.
    delete from public.chat_messages m where m.id = message.id;
  end if;
  return to_jsonb(message);
end
$$;
comment on function private.settle_turn(uuid, text, jsonb) is
  'Settles a turn exactly once: turn, reply, usage and session in one transaction. Returns the assistant message as '
  'stored, or null when the session is gone. Definer: the functions that it calls are not granted.';
grant execute on function private.settle_turn(uuid, text, jsonb) to service_role;

create function public.settle_turn(turn_id uuid, status text, reply jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if status not in ('complete', 'waiting', 'stopped') then
    perform private.refuse(
      400, 'invalid_turn_status',
      'A turn cannot settle with this status. Use complete, waiting or stopped.'
    );
  end if;
  return private.settle_turn(turn_id, status, reply);
end
$$;
comment on function public.settle_turn(uuid, text, jsonb) is
  'Service RPC: settles a turn as complete, stopped, or waiting for outputs, and returns the stored row. reply holds '
  'content, parts, model, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens and response_id. It '
  'holds thread_id when the conversation at OpenAI contains the turn. tools counts the uses of OpenAI''s tools by '
  'type, such as {"web_search": 2}. step is the number of stored steps: if the turn has gone on since, nothing '
  'changes.';
grant execute on function public.settle_turn(uuid, text, jsonb) to service_role;

create function public.fail_turn(turn_id uuid, reply jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.settle_turn(turn_id, 'failed', reply)
$$;
comment on function public.fail_turn(uuid, jsonb) is
  'Service RPC: settles a turn that failed. reply is as in settle_turn, with error {code, message} as the client saw '
  'it. Output from before the failure stays.';
grant execute on function public.fail_turn(uuid, jsonb) to service_role;

create function private.end_waiting_turn_of(auth_user_id uuid, session_id uuid)
returns public.chat_turns
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.chat_sessions;
begin
  select s.* into session
  from public.chat_sessions s
  join public.profiles p on p.id = s.user_id
  where p.auth_id = auth_user_id
    and s.id = end_waiting_turn_of.session_id
    and exists (select from public.chat_turns t where t.session_id = s.id and t.status = 'waiting')
  for no key update of s;
  return private.end_waiting_turn(session);
end
$$;
comment on function private.end_waiting_turn_of(uuid, uuid) is
  'Ends the turn of the user''s session that waits for its client; null if none does. Definer: the functions that it '
  'calls are not granted.';
grant execute on function private.end_waiting_turn_of(uuid, uuid) to service_role;

create function public.request_stop(auth_user_id uuid, session_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns := private.end_waiting_turn_of(auth_user_id, session_id);
begin
  if turn.id is null then
    update public.chat_turns t
    set stop_requested_at = coalesce(t.stop_requested_at, now())
    from public.profiles p
    where p.auth_id = request_stop.auth_user_id
      and t.user_id = p.id
      and t.session_id = request_stop.session_id
      and t.status = 'active'
    returning t.* into turn;
  end if;
  return case when turn.id is not null then
    jsonb_build_object('turn_id', turn.id, 'profile_id', turn.user_id, 'response_id', turn.response_id) end;
end
$$;
comment on function public.request_stop(uuid, uuid) is
  'Service RPC: requests that the running turn of the user''s session stops, or ends the turn that waits for its '
  'client. Returns null when there is neither.';
grant execute on function public.request_stop(uuid, uuid) to service_role;

create function public.claim_stale_turns(max_count integer)
returns setof public.chat_turns
language sql
security invoker
set search_path = ''
as $$
  -- progressed_at serves as the lease: a second run claims other turns. If a run crashes, its turns become silent
  -- again and the next run claims them.
  update public.chat_turns t
  set progressed_at = now()
  where t.id in (
    select s.id
    from public.chat_turns s
    where s.status = 'active' and s.progressed_at < now() - interval '60 seconds'
    order by s.progressed_at
    limit max_count
    for update skip locked
  )
  returning t.*
$$;
comment on function public.claim_stale_turns(integer) is
  'Service RPC of turn-recovery: claims turns without progress for 60 seconds. Each turn goes to one caller.';
grant execute on function public.claim_stale_turns(integer) to service_role;

create function private.count_stale_turns(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (
    select from public.chat_turns t
    where t.status = 'active' and t.progressed_at < now() - interval '60 seconds'
    limit max_count
  ) stale
$$;
comment on function private.count_stale_turns(integer) is
  'Counts turns without progress for 60 seconds, up to max_count. The dispatcher calls it.';

create function public.set_generated_title(profile_id uuid, session_id uuid, title text, model text,
  input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, cache_write_tokens bigint default 0)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set title = left(set_generated_title.title, 200), title_origin = 'model'
  where s.id = set_generated_title.session_id
    and (s.title is null or s.title_origin = 'question')
    and set_generated_title.title <> '';
  perform private.book_usage(profile_id, 'title', model, input_tokens, cached_input_tokens, output_tokens,
    cache_write_tokens => cache_write_tokens);
end
$$;
comment on function public.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint, bigint) is
  'Service RPC: stores a title that the model made, and books its cost. A title that the user has set is never '
  'overwritten.';
grant execute on function public.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint, bigint)
  to service_role;

create function private.note_deleted_turn()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.settle_budget(old.user_id, old.reservation -> 'budget');
  -- When the profile itself is deleted, nobody is left to book on.
  insert into private.deleted_turns (turn_id, user_id)
  select old.id, p.id from public.profiles p where p.id = old.user_id;
  return null;
end
$$;
comment on function private.note_deleted_turn() is
  'Trigger: takes the reservation of a running turn back when its session is deleted, and notes that its cost is not '
  'booked yet. Definer: it also runs for the client that deletes the session.';

create trigger chat_turns_note_deleted
  after delete on public.chat_turns
  for each row when (old.status = 'active')
  execute function private.note_deleted_turn();

create function private.book_lost_turn(turn_id uuid, model text, input_tokens bigint, cached_input_tokens bigint,
  output_tokens bigint, tools jsonb, cache_write_tokens bigint)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  payer uuid;
begin
  -- Only the first caller finds the row, and none finds a row for a turn that was settled before it was deleted.
  delete from private.deleted_turns d where d.turn_id = book_lost_turn.turn_id returning d.user_id into payer;
  if payer is not null then
    perform private.book_usage(payer, 'chat', model, input_tokens, cached_input_tokens, output_tokens, tools,
      cache_write_tokens);
  end if;
end
$$;
comment on function private.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) is
  'Books the cost of a turn whose session was deleted while it ran, once. Definer: no role may read deleted_turns.';
grant execute on function private.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) to service_role;

create function public.book_lost_turn(turn_id uuid, model text, input_tokens bigint, cached_input_tokens bigint,
  output_tokens bigint, tools jsonb default '{}', cache_write_tokens bigint default 0)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.book_lost_turn(
    turn_id, model, input_tokens, cached_input_tokens, output_tokens, tools, cache_write_tokens
  )
$$;
comment on function public.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) is
  'Service RPC: books the tokens and tools of a turn whose session was deleted while its reply was generated. '
  'Repeating the call changes nothing.';
grant execute on function public.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) to service_role;
