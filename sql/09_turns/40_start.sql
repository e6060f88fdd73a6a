-- The start of a turn: checks, charge and stored rows in one transaction.

create function private.reusable_conversation(session public.chat_sessions, is_changed boolean)
returns text
language plpgsql
set search_path = ''
as $$
begin
  -- Ids of the old Assistants API are no longer valid. After an edit or a regeneration, the conversation no longer
  -- matches our messages.
  if is_changed or not starts_with(session.thread_id, 'conv_') then
    update public.chat_sessions s set thread_id = null where s.id = session.id and s.thread_id is not null;
    return null;
  end if;
  return session.thread_id;
end
$$;
comment on function private.reusable_conversation(public.chat_sessions, boolean) is
  'Returns the conversation in which a turn continues. If the conversation no longer matches our messages, clears it '
  'and returns null; the turn then builds a new one.';

create function private.title_from(content text)
returns text
language sql
immutable
set search_path = ''
as $$
  with said as (select btrim(regexp_replace(content, '\s+', ' ', 'g')) as text)
  select case
    when text = '' then null
    when char_length(text) <= 60 then text
    else coalesce(substring(left(text, 60) from '^(.*\S)\s'), left(text, 59)) || '…'
  end
  from said
$$;
comment on function private.title_from(text) is
  'Returns the first words of a message, at most 60 characters, as the first title of a chat. Null for a message '
  'without text.';

create function private.name_session(session public.chat_sessions, content text)
returns public.chat_sessions
language plpgsql
set search_path = ''
as $$
begin
  if session.title is null and private.title_from(content) is not null then
    update public.chat_sessions s
    set title = private.title_from(content), title_origin = 'question'
    where s.id = session.id
    returning * into session;
  end if;
  return session;
end
$$;
comment on function private.name_session(public.chat_sessions, text) is
  'Names a chat that has no title after the message. The model finds a better title later.';

create function private.start_turn(auth_user_id uuid, session_id uuid, client_id text, content text, parts jsonb,
  target_id text, regenerate boolean, search boolean, file_ids uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id, must_act => false);
  session public.chat_sessions := private.session_for_turn(session_id, profile_id);
  completed jsonb := private.fill_file_parts(parts);
  named uuid[] := file_ids || private.part_file_ids(coalesce(parts, '[]'));
  repeated jsonb := case when not regenerate then private.repeated_turn(session_id, client_id, content, completed) end;
  assistant public.assistants;
  running public.chat_turns;
  question public.chat_messages;
  turn public.chat_turns;
  search_used boolean;
  has_ended boolean;
begin
  if repeated is not null then
    return repeated;
  end if;
  running := private.active_turn(session.id);
  if running.id is not null then
    perform private.refuse(
      409, 'turn_in_progress',
      'A reply is still being written in this chat. Wait for its end, stop it, or set when_busy to interrupt.',
      jsonb_build_object('turn_id', running.id)
    );
  end if;
  assistant := private.assistant_for_turn(session.assistant_slug, profile_id);
  perform private.check_turn_files(session, named);

  if regenerate then
    question := private.question_to_redo(session, target_id);
  else
    question := private.store_question(session, client_id, content, completed, target_id);
  end if;
  perform private.link_turn_files(question, named);
  session := private.name_session(session, question.content);
  -- A search that cannot happen costs nothing.
  search_used := search and private.can_search(assistant);
  turn := private.open_turn(question, assistant.model, search, private.reserve_usage(profile_id, search_used)
    || jsonb_build_object('budget', private.reserve_turn(question, assistant, search_used)));
  has_ended := (private.end_waiting_turn(session)).id is not null;
  session.thread_id := private.reusable_conversation(
    session, has_ended or regenerate or question.seq < session.message_count
  );
  return private.describe_turn(session, question, assistant, turn);
end
$$;
comment on function private.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) is
  'Does everything before the request to OpenAI, in one transaction. Definer: it reads the instructions of '
  'assistants, which no API role may read.';
grant execute on function private.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[])
  to service_role;

create function public.start_turn(auth_user_id uuid, session_id uuid, client_id text default null,
  content text default null, parts jsonb default null, target_id text default null, regenerate boolean default false,
  search boolean default false, file_ids uuid[] default '{}')
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_turn(auth_user_id, session_id, client_id, content, parts, target_id, regenerate, search,
    file_ids)
$$;
comment on function public.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) is
  'Service RPC of the chat function: checks, charges and stores the message, and starts the turn. kind: started, '
  'attached (the message was sent again while its turn runs) or settled (sent again; includes the stored reply).';
grant execute on function public.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[])
  to service_role;
