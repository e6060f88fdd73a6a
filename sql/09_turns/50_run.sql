-- A running turn: progress, ids at OpenAI, notes, lost conversations, and a reply that replaces another.

create function private.abandon_turn(turn_id uuid, response_id text, thread_id text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  select * into turn from public.chat_turns t where t.id = turn_id for no key update;
  if turn.id is not null and turn.response_id is null then
    -- The turn was stopped before OpenAI had accepted it. The response is deleted with the session.
    update public.chat_turns t set response_id = abandon_turn.response_id where t.id = turn.id;
  elsif response_id is distinct from turn.response_id then
    perform private.enqueue_deletion('response', response_id, turn_id) where response_id is not null;
  end if;
  -- Deletions are grouped by the turn, so the response is deleted before its conversation.
  perform private.enqueue_deletion('conversation', abandon_turn.thread_id, turn_id)
  where abandon_turn.thread_id is not null
    and not exists (select from public.chat_sessions s where s.thread_id = abandon_turn.thread_id);
end
$$;
comment on function private.abandon_turn(uuid, text, text) is
  'Keeps track of the objects that a turn made at OpenAI after it was settled or its session was deleted: by the turn, '
  'or else in the outbox. Definer: no role may write the outbox.';
grant execute on function private.abandon_turn(uuid, text, text) to service_role;

create function private.lock_session_of(turn_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The session comes first, as in start_turn, so that the lock order is the same everywhere.
  perform from public.chat_sessions s
  where s.id = (select t.session_id from public.chat_turns t where t.id = turn_id)
  for no key update;
end
$$;
comment on function private.lock_session_of(uuid) is
  'Locks the session of a turn. Its messages may change only under this lock.';
grant execute on function private.lock_session_of(uuid) to service_role;

create function public.save_turn_ids(turn_id uuid, response_id text default null, thread_id text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  if save_turn_ids.thread_id is not null then
    perform private.lock_session_of(turn_id);
  end if;
  update public.chat_turns t
  set progressed_at = now(),
      response_id = coalesce(save_turn_ids.response_id, t.response_id)
  where t.id = turn_id
    and t.status = 'active'
  returning * into turn;

  if save_turn_ids.thread_id is not null then
    update public.chat_sessions s
    set thread_id = save_turn_ids.thread_id
    where s.id = turn.session_id and s.thread_id is null;
  end if;
  if turn.id is null then
    perform private.abandon_turn(turn_id, save_turn_ids.response_id, save_turn_ids.thread_id);
  end if;
  return jsonb_build_object('is_active', turn.id is not null, 'is_stop_requested', turn.stop_requested_at is not null);
end
$$;
comment on function public.save_turn_ids(uuid, text, text) is
  'Service RPC: saves the ids of a turn''s response and conversation. Returns whether the turn is still active and '
  'whether a stop was requested.';
grant execute on function public.save_turn_ids(uuid, text, text) to service_role;

create function private.join_turn(auth_user_id uuid, session_id uuid, message_id uuid)
returns public.chat_turns
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_attaches constant integer := 20;
  turn public.chat_turns;
begin
  -- Two queries, so that each has its index. One query would read all turns of a long chat.
  if message_id is null then
    select t.* into turn
    from public.chat_turns t
    join public.profiles p on p.id = t.user_id
    where p.auth_id = auth_user_id and t.session_id = join_turn.session_id and t.status = 'active';
  else
    select t.* into turn
    from public.chat_turns t
    join public.profiles p on p.id = t.user_id
    where p.auth_id = auth_user_id and t.session_id = join_turn.session_id
      and t.assistant_message_id = join_turn.message_id;
  end if;
  if turn.id is not null and turn.status = 'active'
    and not private.count_usage(turn.user_id, 'attaches', 'minute', max_attaches)
  then
    perform private.refuse(
      429, 'too_many_readers',
      'This reply is already being read too often. Wait a minute, or close other tabs with this chat.',
      private.limit_detail('minute', max_attaches)
    );
  end if;
  return turn;
end
$$;
comment on function private.join_turn(uuid, uuid, uuid) is
  'Returns the running turn of the caller''s session, or with message_id the turn of that reply, which may have '
  'ended; null if there is none. Counts that the caller attaches to a running turn, and refuses with 429 after 20 '
  'in a minute, because each one reads the reply from OpenAI again. Definer: counting is not granted.';
grant execute on function private.join_turn(uuid, uuid, uuid) to service_role;

create function public.join_turn(auth_user_id uuid, session_id uuid, message_id uuid default null)
returns setof public.chat_turns
language sql
security invoker
set search_path = ''
as $$
  select t.* from private.join_turn(auth_user_id, session_id, message_id) t where t.id is not null
$$;
comment on function public.join_turn(uuid, uuid, uuid) is
  'Service RPC of the chat function: returns the running turn of the user''s session, to read its reply along. With '
  'message_id, returns the turn of that reply, also after its end.';
grant execute on function public.join_turn(uuid, uuid, uuid) to service_role;

create function public.report_progress(turn_ids uuid[])
returns table (turn_id uuid, is_stop_requested boolean)
language sql
security invoker
set search_path = ''
as $$
  update public.chat_turns t
  set progressed_at = now()
  from (
    -- A locked turn is just being settled, stopped or deleted. Waiting for several of them could deadlock.
    select c.id
    from public.chat_turns c
    where c.id = any (turn_ids) and c.status = 'active'
    for no key update skip locked
  ) as running
  where t.id = running.id
  returning t.id, t.stop_requested_at is not null
$$;
comment on function public.report_progress(uuid[]) is
  'Service RPC: reports that OpenAI still writes the replies of these turns. Returns the turns that are still active '
  'and not locked, and whether a stop was requested.';
grant execute on function public.report_progress(uuid[]) to service_role;

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
