-- The user's message of a turn: checks of session and assistant, repeated messages, and the stored row.

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
    perform private.refuse_unknown_session();
  end if;
  perform private.require_active(profile_id);
  return session;
end
$$;
comment on function private.session_for_turn(uuid, uuid) is
  'Locks the caller''s session for a turn and returns it. Refuses with 404 a session that is not the caller''s, and '
  'with 403 a caller who may not act.';

create function private.assistant_for_turn(slug text, profile_id uuid)
returns public.assistants
language plpgsql
stable
set search_path = ''
as $$
declare
  assistant public.assistants;
begin
  select * into assistant from public.assistants a where a.slug = assistant_for_turn.slug and a.is_active;
  if assistant.slug is null then
    perform private.refuse(
      409, 'assistant_unavailable',
      'This assistant is no longer available. Choose another assistant.'
    );
  end if;
  if (select l.rank from public.plans l where l.slug = assistant.required_plan)
    > (private.plan_of(profile_id)).rank then
    perform private.refuse(
      402, 'plan_required',
      'Your plan does not include this assistant. Upgrade the plan or choose another assistant.',
      jsonb_build_object('plan', assistant.required_plan)
    );
  end if;
  return assistant;
end
$$;
comment on function private.assistant_for_turn(text, uuid) is
  'Returns the assistant of a session. Refuses with 409 an assistant that is switched off, and with 402 when it '
  'needs a higher plan than the caller''s.';

create function private.active_turn(session_id uuid)
returns public.chat_turns
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select t from public.chat_turns t where t.session_id = active_turn.session_id and t.status = 'active'
  );
end
$$;
comment on function private.active_turn(uuid) is 'Returns the turn that is running in a session, or null.';

create function private.reply_to(question public.chat_messages)
returns public.chat_messages
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select m
    from public.chat_messages m
    where m.session_id = question.session_id
      and m.user_id = question.user_id
      and m.seq > question.seq
    order by m.seq
    limit 1
  );
end
$$;
comment on function private.reply_to(public.chat_messages) is
  'Returns the message that follows a user''s message, or null.';

create function private.repeated_turn(session_id uuid, client_id text, content text, parts jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  reply public.chat_messages;
  turn public.chat_turns := private.active_turn(session_id);
begin
  select * into question
  from public.chat_messages m
  where m.session_id = repeated_turn.session_id
    and m.client_id = repeated_turn.client_id
    and m.content = repeated_turn.content
    and m.parts = repeated_turn.parts;

  if turn.user_message_id = question.id then
    return jsonb_build_object('kind', 'attached', 'turn_id', turn.id);
  end if;
  reply := private.reply_to(question);
  if reply.status in ('complete', 'stopped') then
    return jsonb_build_object('kind', 'settled', 'message', to_jsonb(reply));
  end if;
  return null;
end
$$;
comment on function private.repeated_turn(uuid, text, text, jsonb) is
  'Finds the running turn or the stored reply for a repeated message. Null if the message needs a new reply.';

create function private.cut_session(question public.chat_messages)
returns void
language sql
set search_path = ''
as $$
  delete from public.chat_messages m
  where m.session_id = question.session_id
    and m.user_id = question.user_id
    and m.seq > question.seq
$$;
comment on function private.cut_session(public.chat_messages) is
  'Deletes all messages after this one from its session.';

create function private.store_question(session public.chat_sessions, client_id text, content text, parts jsonb,
  target_id text)
returns public.chat_messages
language plpgsql
set search_path = ''
as $$
declare
  question public.chat_messages;
begin
  select * into question
  from public.chat_messages m
  where m.session_id = session.id and m.client_id = coalesce(target_id, store_question.client_id);

  if question.id is null and target_id is null then
    insert into public.chat_messages (session_id, user_id, client_id, sender, content, parts)
    values (session.id, session.user_id, store_question.client_id, 'user', store_question.content, store_question.parts)
    returning * into question;
    return question;
  end if;
  if question.id is null or question.sender <> 'user' then
    perform private.refuse(
      404, 'message_not_found',
      'Only your own messages of this chat can be edited. Reload the chat and choose one.'
    );
  end if;

  if question.content = store_question.content and question.parts = store_question.parts then
    -- The message was sent again after a failure. The failed reply is deleted; no other message may follow it.
    if (private.reply_to(private.reply_to(question))).id is not null then
      perform private.refuse(
        409, 'message_id_conflict',
        'Later messages follow this message. Edit it, or send a new message.'
      );
    end if;
  elsif target_id is null then
    perform private.refuse(
      409, 'message_id_conflict',
      'Another message already has this id. Send the message with a new id.'
    );
  end if;
  perform private.cut_session(question);
  update public.chat_messages m
  set content = store_question.content, parts = store_question.parts, client_id = store_question.client_id
  where m.id = question.id
  returning * into question;
  return question;
end
$$;
comment on function private.store_question(public.chat_sessions, text, text, jsonb, text) is
  'Stores the user''s message of a turn. The message is new, repeated after a failed reply, or (with target_id) '
  'edited. After a repeated or edited message, all later messages of the session are deleted.';

create function private.question_to_redo(session public.chat_sessions, target_id text)
returns public.chat_messages
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  reply public.chat_messages;
begin
  select * into question
  from public.chat_messages m
  where m.session_id = session.id and m.user_id = session.user_id and m.sender = 'user'
  order by m.seq desc
  limit 1;
  reply := private.reply_to(question);

  if question.id is null then
    perform private.refuse(409, 'nothing_to_regenerate', 'This chat has no message to reply to. Send a message first.');
  end if;
  if target_id is not null
    and target_id not in (question.id::text, coalesce(question.client_id, ''), coalesce(reply.id::text, '')) then
    perform private.refuse(
      409, 'message_id_conflict',
      'Only the last reply can be regenerated. Reload the chat and regenerate that one.'
    );
  end if;
  return question;
end
$$;
comment on function private.question_to_redo(public.chat_sessions, text) is
  'Returns the user''s last message, whose reply is to be regenerated. target_id may name this message or its reply; '
  'any other id is refused.';

create function private.open_turn(question public.chat_messages, model text, search boolean, reservation jsonb)
returns public.chat_turns
language plpgsql
set search_path = ''
as $$
declare
  replaced public.chat_messages := private.reply_to(question);
  reply_id uuid;
  turn public.chat_turns;
begin
  insert into public.chat_messages (session_id, user_id, sender, model, status)
  values (question.session_id, question.user_id, 'assistant', open_turn.model, 'streaming')
  returning id into reply_id;

  insert into public.chat_turns
    (session_id, user_id, user_message_id, assistant_message_id, replaces_message_id, search, reservation)
  values (question.session_id, question.user_id, question.id, reply_id, replaced.id, open_turn.search,
    open_turn.reservation)
  returning * into turn;
  return turn;
end
$$;
comment on function private.open_turn(public.chat_messages, text, boolean, jsonb) is
  'Stores an empty reply and the row of the turn. When a reply is regenerated, the old one stays until the new one '
  'has begun.';
