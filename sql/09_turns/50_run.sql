-- A running turn: heartbeats, notes, lost conversations, and a reply that replaces another.

create function private.abandon_turn(turn_id uuid, response_id text, thread_id text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from public.chat_turns t where t.id = turn_id) then
    return;
  end if;
  -- The session is gone. Both deletions are grouped by the turn, so the response is deleted before its conversation.
  perform private.enqueue_deletion('response', response_id, turn_id) where response_id is not null;
  perform private.enqueue_deletion('conversation', thread_id, turn_id) where thread_id is not null;
end
$$;
comment on function private.abandon_turn(uuid, text, text) is
  'Puts the objects that a turn made at OpenAI after its session was deleted into the outbox. Definer: no role may '
  'write the outbox.';
grant execute on function private.abandon_turn(uuid, text, text) to service_role;

create function private.lock_session_of(turn_id uuid)
returns void
language sql
set search_path = ''
as $$
  -- The session comes first, as in start_turn, so that the lock order is the same everywhere.
  select s.id
  from public.chat_sessions s
  where s.id = (select t.session_id from public.chat_turns t where t.id = turn_id)
  for no key update
$$;
comment on function private.lock_session_of(uuid) is
  'Locks the session of a turn. Its messages may change only under this lock.';
grant execute on function private.lock_session_of(uuid) to service_role;

create function public.heartbeat_turn(turn_id uuid, response_id text default null, thread_id text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  if heartbeat_turn.thread_id is not null then
    perform private.lock_session_of(turn_id);
  end if;
  update public.chat_turns t
  set heartbeat_at = now(),
      response_id = coalesce(heartbeat_turn.response_id, t.response_id)
  where t.id = turn_id
    and t.status = 'active'
  returning * into turn;

  if heartbeat_turn.thread_id is not null then
    update public.chat_sessions s
    set thread_id = heartbeat_turn.thread_id
    where s.id = turn.session_id and s.thread_id is null;
  end if;
  if turn.id is null then
    perform private.abandon_turn(turn_id, heartbeat_turn.response_id, heartbeat_turn.thread_id);
  end if;
  return jsonb_build_object('is_active', turn.id is not null, 'stop_requested_at', turn.stop_requested_at);
end
$$;
comment on function public.heartbeat_turn(uuid, text, text) is
  'Service RPC: reports that a turn is still running, and saves the ids of its response and conversation. Returns '
  'whether the turn is still active and whether a stop was requested.';
grant execute on function public.heartbeat_turn(uuid, text, text) to service_role;

create function public.note_turn(turn_id uuid, part jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_messages m
  set parts = m.parts || part
  from public.chat_turns t
  where t.id = turn_id and t.status = 'active' and m.id = t.assistant_message_id
$$;
comment on function public.note_turn(uuid, jsonb) is
  'Service RPC: stores a part that Parley adds to the reply of a running turn, such as a notice. It stays at the '
  'beginning of the reply, also when recovery writes the rest.';
grant execute on function public.note_turn(uuid, jsonb) to service_role;

create function public.rebuild_conversation(turn_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  question public.chat_messages;
begin
  perform private.lock_session_of(turn_id);
  select m.* into question
  from public.chat_turns t
  join public.chat_messages m on m.id = t.user_message_id
  where t.id = turn_id and t.status = 'active';

  update public.chat_sessions s set thread_id = null where s.id = question.session_id;
  return private.turn_history(question);
end
$$;
comment on function public.rebuild_conversation(uuid) is
  'Service RPC: OpenAI has lost the conversation. Forgets it and returns the history for a new one.';
grant execute on function public.rebuild_conversation(uuid) to service_role;

create function public.replace_reply(turn_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
  freed integer;
begin
  perform private.lock_session_of(turn_id);
  select * into turn
  from public.chat_turns t
  where t.id = turn_id and t.status = 'active' and t.replaces_message_id is not null
  for no key update;

  -- Deleting the old reply sets replaces_message_id to null by its foreign key.
  delete from public.chat_messages m where m.id = turn.replaces_message_id returning m.seq into freed;
  update public.chat_messages m
  set seq = freed
  where m.id = turn.assistant_message_id and freed is not null;
end
$$;
comment on function public.replace_reply(uuid) is
  'Service RPC, called on the first delta of a regenerated reply: puts the new reply in the place of the old one. '
  'Repeating the call changes nothing.';
grant execute on function public.replace_reply(uuid) to service_role;
