-- A turn: one user message and the generation of its reply, from its start to its settlement.

alter table public.chat_streams
  add column replaces_message_id uuid,
  add constraint chat_streams_replaces_message_id_fkey foreign key (replaces_message_id)
    references public.chat_messages (id) on delete set null;
comment on column public.chat_streams.replaces_message_id is
  'Regenerating: the answer that stays until the new one has begun.';
create index chat_streams_replaces_message_id_idx on public.chat_streams (replaces_message_id);

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
    perform private.refuse(409, 'assistant_unavailable', hint => 'Choose another assistant.');
  end if;
  if (select needed.rank from public.plans needed where needed.slug = assistant.required_plan) > (
    select own.rank
    from public.profiles p
    join public.plans own on own.slug = p.subscription_plan
    where p.id = profile_id
  ) then
    perform private.refuse(402, 'plan_required', jsonb_build_object('plan', assistant.required_plan),
      'Upgrade the plan to use this assistant.');
  end if;
  return assistant;
end
$$;
comment on function private.assistant_for_turn(text, uuid) is
  'The assistant of a session: 409 when it has been switched off, 402 when the caller''s plan is too low.';

create function private.active_stream(session_id uuid)
returns public.chat_streams
language sql
stable
set search_path = ''
as $$
  select t from public.chat_streams t where t.session_id = active_stream.session_id and t.status = 'active'
$$;
comment on function private.active_stream(uuid) is 'The generation that runs in a session, or null.';

create function private.answer_to(question public.chat_messages)
returns public.chat_messages
language sql
stable
set search_path = ''
as $$
  select m
  from public.chat_messages m
  where m.session_id = question.session_id
    and m.user_id = question.user_id
    and m.seq > question.seq
  order by m.seq
  limit 1
$$;
comment on function private.answer_to(public.chat_messages) is 'The message that follows a user''s message, or null.';

create function private.repeated_turn(session_id uuid, client_id text, content text, parts jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  answer public.chat_messages;
  stream public.chat_streams := private.active_stream(session_id);
begin
  select * into question
  from public.chat_messages m
  where m.session_id = repeated_turn.session_id
    and m.client_id = repeated_turn.client_id
    and m.content = repeated_turn.content
    and m.parts = repeated_turn.parts;

  if stream.user_message_id = question.id then
    return jsonb_build_object('kind', 'attached', 'stream_id', stream.id);
  end if;
  answer := private.answer_to(question);
  if answer.status in ('complete', 'stopped') then
    return jsonb_build_object('kind', 'settled', 'message', to_jsonb(answer));
  end if;
  return null;
end
$$;
comment on function private.repeated_turn(uuid, text, text, jsonb) is
  'What a message sent again leads to: the running generation, or the stored reply; null when it is to be answered.';

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
comment on function private.cut_session(public.chat_messages) is 'Takes everything after a message out of its session.';

create function private.store_question(session public.chat_sessions, client_id text, content text, parts jsonb, target_id text)
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
    perform private.refuse(404, 'message_not_found', hint => 'Only an own message of this session can be edited.');
  end if;

  if question.content = store_question.content and question.parts = store_question.parts then
    -- Sent again after a failure: the failed reply goes, nothing else may have followed it.
    if (private.answer_to(private.answer_to(question))).id is not null then
      perform private.refuse(409, 'message_id_conflict', hint => 'Later messages follow this one.');
    end if;
  elsif target_id is null then
    perform private.refuse(409, 'message_id_conflict', hint => 'This message id was used with other content.');
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
  'The user''s message of a turn: a new one, one to answer again after a failure, or (with target_id) an edited one, after which the session is cut.';

create function private.question_to_redo(session public.chat_sessions, target_id text)
returns public.chat_messages
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  answer public.chat_messages;
begin
  select * into question
  from public.chat_messages m
  where m.session_id = session.id and m.user_id = session.user_id and m.sender = 'user'
  order by m.seq desc
  limit 1;
  answer := private.answer_to(question);

  if question.id is null then
    perform private.refuse(409, 'nothing_to_regenerate', hint => 'The session has no message to answer.');
  end if;
  if target_id is not null
    and target_id not in (question.id::text, coalesce(question.client_id, ''), coalesce(answer.id::text, '')) then
    perform private.refuse(409, 'message_id_conflict', hint => 'Only the last answer can be regenerated.');
  end if;
  return question;
end
$$;
comment on function private.question_to_redo(public.chat_sessions, text) is
  'The last message of the user, whose answer is regenerated; target_id may name it or that answer, nothing else.';

create function private.open_stream(question public.chat_messages, model text, reservation jsonb)
returns public.chat_streams
language plpgsql
set search_path = ''
as $$
declare
  replaced public.chat_messages := private.answer_to(question);
  answer_id uuid;
  stream public.chat_streams;
begin
  insert into public.chat_messages (session_id, user_id, sender, model, status)
  values (question.session_id, question.user_id, 'assistant', open_stream.model, 'streaming')
  returning id into answer_id;

  insert into public.chat_streams
    (session_id, user_id, user_message_id, assistant_message_id, replaces_message_id, reservation)
  values (question.session_id, question.user_id, question.id, answer_id, replaced.id, open_stream.reservation)
  returning * into stream;
  return stream;
end
$$;
comment on function private.open_stream(public.chat_messages, text, jsonb) is
  'Stores an empty reply and the record of its generation; an answer that is there already stays until the new one begins.';

create function private.turn_history(question public.chat_messages)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object('sender', m.sender, 'content', m.content) order by m.seq), '[]')
  from public.chat_messages m
  where m.session_id = question.session_id
    and m.user_id = question.user_id
    and m.seq < question.seq
    and m.sender in ('user', 'assistant')
    and m.content <> ''
$$;
comment on function private.turn_history(public.chat_messages) is
  'What a new conversation at OpenAI is built from, when the session has none that can be trusted.';

create function private.turn_instructions(assistant_slug text, profile_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  own text := (select c.content from public.custom_instructions c where c.user_id = profile_id);
begin
  return concat_ws(
    e'\n\n',
    (select i.instructions from private.assistant_instructions i where i.slug = assistant_slug),
    e'What the user wants you to know, in the user''s own words:\n' || own
  );
end
$$;
comment on function private.turn_instructions(text, uuid) is 'What the assistant is told: its own instructions and the user''s.';

create function private.part_file_ids(parts jsonb)
returns uuid[]
language sql
immutable
set search_path = ''
as $$
  select coalesce(array_agg(substr(p.part ->> 'url', 13)::uuid), '{}')
  from jsonb_array_elements(parts) as p (part)
  where p.part ->> 'type' = 'file' and starts_with(p.part ->> 'url', 'parley:file/')
$$;
comment on function private.part_file_ids(jsonb) is 'The files that the parts of a message name, as parley:file/<id>.';

create function private.check_turn_files(session public.chat_sessions, file_ids uuid[])
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  missing uuid;
  unready public.chat_files;
begin
  select asked.id into missing
  from unnest(file_ids) as asked (id)
  where not exists (
    select from public.chat_files f where f.id = asked.id and f.session_id = session.id and f.user_id = session.user_id
  )
  limit 1;
  if missing is not null then
    perform private.refuse(404, 'file_not_found', jsonb_build_object('file_id', missing), 'Upload the file to this chat first.');
  end if;

  select f.* into unready
  from public.chat_files f
  where f.id = any (file_ids) and f.status <> 'ready'
  limit 1;
  if unready.id is not null then
    perform private.refuse(409, 'file_not_ready', jsonb_build_object('file_id', unready.id, 'status', unready.status),
      'The file is not ready to be used.');
  end if;
end
$$;
comment on function private.check_turn_files(public.chat_sessions, uuid[]) is
  'Refuses files that are not of the session (404) or not ready (409).';

create function private.complete_file_parts(parts jsonb)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(
    case when f.id is null then p.part
      else jsonb_build_object('mediaType', f.file_type, 'filename', f.file_name) || p.part
    end
    order by p.position
  )
  from jsonb_array_elements(parts) with ordinality as p (part, position)
  left join public.chat_files f
    on p.part ->> 'type' = 'file' and f.id = any (private.part_file_ids(jsonb_build_array(p.part)))
$$;
comment on function private.complete_file_parts(jsonb) is
  'Gives file parts that carry an id only the type and name of the file; what a client says itself stays.';

create function private.link_turn_files(question public.chat_messages, file_ids uuid[])
returns void
language sql
set search_path = ''
as $$
  update public.chat_files f
  set message_id = question.id
  where f.id = any (file_ids) and f.message_id is null
$$;
comment on function private.link_turn_files(public.chat_messages, uuid[]) is
  'The files that a message is the first to name belong to it.';

create function private.describe_files(session public.chat_sessions, question public.chat_messages)
returns jsonb
language sql
set search_path = ''
as $$
  with files as (
    select f.*
    from public.chat_files f
    where f.session_id = session.id and f.user_id = session.user_id and f.status = 'ready'
  ), used as (
    -- Searching a store is a use: OpenAI moves its expiry by as much.
    update public.vector_stores v
    set expires_at =
      coalesce(now() + make_interval(days => (v.openai_metadata -> 'expires_after' ->> 'days')::integer), v.expires_at)
    where v.session_id = session.id
      and v.status = 'active'
      and v.expires_at > now()
      and exists (select from files f where f.file_type not like 'image/%')
    returning v.store_id
  )
  select jsonb_build_object(
    'files', coalesce((
      select jsonb_agg(jsonb_build_object('id', f.id, 'openai_file_id', f.openai_file_id, 'file_name', f.file_name,
        'file_type', f.file_type)) from files f
    ), '[]'),
    'image_file_ids', coalesce((
      select jsonb_agg(f.openai_file_id) from files f
      where f.file_type like 'image/%'
        and (f.message_id = question.id or f.id = any (private.part_file_ids(question.parts)))
    ), '[]'),
    'vector_store_ids', coalesce((select jsonb_agg(u.store_id) from used u), '[]'),
    'needs_store', exists (select from files f where f.file_type not like 'image/%') and not exists (select from used)
  )
$$;
comment on function private.describe_files(public.chat_sessions, public.chat_messages) is
  'What a turn may search and show: the session''s ready files, the images of the message, the store; needs_store when that must be made first.';

create function private.describe_turn(session public.chat_sessions, question public.chat_messages,
  assistant public.assistants, stream public.chat_streams)
returns jsonb
language sql
set search_path = ''
as $$
  select jsonb_build_object(
    'kind', 'started',
    'stream_id', stream.id,
    'profile_id', session.user_id,
    'session_id', session.id,
    'user_message_id', question.id,
    'assistant_message_id', stream.assistant_message_id,
    'replaces_answer', stream.replaces_message_id is not null,
    'content', question.content,
    'thread_id', session.thread_id,
    'history', case when session.thread_id is null then private.turn_history(question) else '[]' end,
    'needs_title', session.title is null and question.seq = 1,
    'model', assistant.model,
    'temperature', assistant.temperature,
    'reasoning_effort', assistant.reasoning_effort,
    'tools', assistant.tools,
    'instructions', private.turn_instructions(assistant.slug, session.user_id)
  ) || private.describe_files(session, question)
$$;
comment on function private.describe_turn(public.chat_sessions, public.chat_messages, public.assistants, public.chat_streams) is
  'Everything that the request upstream needs, so that no other call stands before it.';

create function private.trust_thread(session public.chat_sessions, is_changed boolean)
returns text
language sql
set search_path = ''
as $$
  -- Ids of the Assistants API mean nothing any more, and an edit or a regeneration leaves the conversation behind.
  update public.chat_sessions s
  set thread_id = case when not is_changed and starts_with(s.thread_id, 'conv_') then s.thread_id end
  where s.id = session.id
  returning s.thread_id
$$;
comment on function private.trust_thread(public.chat_sessions, boolean) is
  'The conversation that a turn goes on in; an untrusted one is let go, and the turn builds a new one.';

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
  completed jsonb := private.complete_file_parts(parts);
  named uuid[] := file_ids || private.part_file_ids(coalesce(parts, '[]'));
  repeated jsonb := case when not regenerate then private.repeated_turn(session_id, client_id, content, completed) end;
  assistant public.assistants;
  question public.chat_messages;
  stream public.chat_streams;
begin
  if repeated is not null then
    return repeated;
  end if;
  if (private.active_stream(session.id)).id is not null then
    perform private.refuse(409, 'turn_in_progress', hint => 'Wait for the reply or stop it.');
  end if;
  assistant := private.assistant_for_turn(session.assistant_slug, profile_id);
  perform private.check_turn_files(session, named);

  if regenerate then
    question := private.question_to_redo(session, target_id);
  else
    question := private.store_question(session, client_id, content, completed, target_id);
  end if;
  perform private.link_turn_files(question, named);
  stream := private.open_stream(question, assistant.model, private.reserve_usage(profile_id, search));
  session.thread_id := private.trust_thread(session, regenerate or question.seq < session.message_count);
  return private.describe_turn(session, question, assistant, stream);
end
$$;
comment on function private.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) is
  'Everything before the upstream request, in one transaction. Definer: it reads assistants'' instructions, which no API role may.';
grant execute on function private.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) to service_role;

create function public.start_turn(auth_user_id uuid, session_id uuid, client_id text default null,
  content text default null, parts jsonb default null, target_id text default null, regenerate boolean default false,
  search boolean default false, file_ids uuid[] default '{}')
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_turn(auth_user_id, session_id, client_id, content, parts, target_id, regenerate, search, file_ids)
$$;
comment on function public.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) is
  'Service RPC of the chat function: checks, reserves, stores the message, opens the stream. kind: started, attached (sent again while it runs) or settled (sent again, with the stored reply).';
grant execute on function public.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) to service_role;

create function private.abandon_turn(stream_id uuid, response_id text, thread_id text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from public.chat_streams t where t.id = stream_id) then
    return;
  end if;
  -- The session is gone. Grouped by the stream: the conversation waits until the response is gone.
  perform private.enqueue_deletion('response', response_id, stream_id) where response_id is not null;
  perform private.enqueue_deletion('conversation', thread_id, stream_id) where thread_id is not null;
end
$$;
comment on function private.abandon_turn(uuid, text, text) is
  'What a turn made at OpenAI after its session was deleted goes to the outbox. Definer: the outbox is closed to all roles.';
grant execute on function private.abandon_turn(uuid, text, text) to service_role;

create function private.lock_session_of(stream_id uuid)
returns void
language sql
set search_path = ''
as $$
  -- The session first, as in start_turn: one lock order everywhere.
  select s.id
  from public.chat_sessions s
  where s.id = (select t.session_id from public.chat_streams t where t.id = stream_id)
  for no key update
$$;
comment on function private.lock_session_of(uuid) is 'Takes the lock under which a session''s messages change.';
grant execute on function private.lock_session_of(uuid) to service_role;

create function public.heartbeat_turn(stream_id uuid, response_id text default null, thread_id text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  stream public.chat_streams;
begin
  if heartbeat_turn.thread_id is not null then
    perform private.lock_session_of(stream_id);
  end if;
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
  if stream.id is null then
    perform private.abandon_turn(stream_id, heartbeat_turn.response_id, heartbeat_turn.thread_id);
  end if;
  return jsonb_build_object('is_active', stream.id is not null, 'stop_requested_at', stream.stop_requested_at);
end
$$;
comment on function public.heartbeat_turn(uuid, text, text) is
  'Service RPC: the pump is alive; saves the response and conversation ids; says whether to stop or that the turn is gone.';
grant execute on function public.heartbeat_turn(uuid, text, text) to service_role;

create function public.note_turn(stream_id uuid, part jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_messages m
  set parts = m.parts || part
  from public.chat_streams t
  where t.id = stream_id and t.status = 'active' and m.id = t.assistant_message_id
$$;
comment on function public.note_turn(uuid, jsonb) is
  'Service RPC: a part of ours stands at the beginning of the reply, whoever writes the rest.';
grant execute on function public.note_turn(uuid, jsonb) to service_role;

create function private.rebuild_conversation(stream_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  question public.chat_messages;
begin
  perform private.lock_session_of(stream_id);
  select m.* into question
  from public.chat_streams t
  join public.chat_messages m on m.id = t.user_message_id
  where t.id = stream_id and t.status = 'active';

  update public.chat_sessions s set thread_id = null where s.id = question.session_id;
  return private.turn_history(question);
end
$$;
comment on function private.rebuild_conversation(uuid) is
  'Lets a lost conversation go and returns what to build the new one from. Definer: private.turn_history is not granted.';
grant execute on function private.rebuild_conversation(uuid) to service_role;

create function public.rebuild_conversation(stream_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.rebuild_conversation(stream_id)
$$;
comment on function public.rebuild_conversation(uuid) is 'Service RPC: OpenAI has lost the conversation; returns the history for a new one.';
grant execute on function public.rebuild_conversation(uuid) to service_role;

create function private.replace_answer(stream_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  stream public.chat_streams;
  freed integer;
begin
  perform private.lock_session_of(stream_id);
  select * into stream
  from public.chat_streams t
  where t.id = stream_id and t.status = 'active' and t.replaces_message_id is not null
  for no key update;

  -- Deleting the old answer lets go of replaces_message_id by its foreign key.
  delete from public.chat_messages m where m.id = stream.replaces_message_id returning m.seq into freed;
  update public.chat_messages m
  set seq = freed
  where m.id = stream.assistant_message_id and freed is not null;
end
$$;
comment on function private.replace_answer(uuid) is
  'The new answer has begun: it takes the place of the old one, once.';
grant execute on function private.replace_answer(uuid) to service_role;

create function public.replace_answer(stream_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.replace_answer(stream_id)
$$;
comment on function public.replace_answer(uuid) is 'Service RPC: on the first delta of a regenerated answer.';
grant execute on function public.replace_answer(uuid) to service_role;

create function private.close_stream(stream_id uuid, final_status text, response_id text)
returns public.chat_streams
language plpgsql
set search_path = ''
as $$
declare
  stream public.chat_streams;
begin
  perform private.lock_session_of(stream_id);
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

create function private.store_reply(stream public.chat_streams, reply jsonb)
returns public.chat_messages
language sql
set search_path = ''
as $$
  update public.chat_messages m
  set status = stream.status,
      content = coalesce(reply ->> 'content', ''),
      parts = coalesce(nullif(reply -> 'parts', 'null'), '[]'),
      model = coalesce(reply ->> 'model', m.model),
      input_tokens = (reply ->> 'input_tokens')::integer,
      cached_input_tokens = (reply ->> 'cached_input_tokens')::integer,
      output_tokens = (reply ->> 'output_tokens')::integer,
      completion_time = round(extract(epoch from clock_timestamp() - stream.created_at), 3)::real,
      response_id = stream.response_id,
      error = nullif(reply -> 'error', 'null')
  where m.id = stream.assistant_message_id
  returning m
$$;
comment on function private.store_reply(public.chat_streams, jsonb) is 'Writes the reply as it ended into its message.';

create function private.estimate_reply_tokens(reply public.chat_messages)
returns public.chat_messages
language sql
set search_path = ''
as $$
  -- About four characters a token: what the provider bills for a cancelled response, it does not always say.
  update public.chat_messages m
  set output_tokens = ceil(char_length(m.content) / 4.0)::integer,
      input_tokens = (
        select ceil(coalesce(sum(char_length(e.content)), 0) / 4.0)::integer
        from public.chat_messages e
        where e.session_id = m.session_id and e.user_id = m.user_id and e.seq < m.seq
      ),
      cached_input_tokens = 0,
      usage_estimated = true
  where m.id = reply.id
  returning m
$$;
comment on function private.estimate_reply_tokens(public.chat_messages) is 'Accounts a reply that the provider gave no token counts for, and says so on the row.';

create function private.settle_turn(stream_id uuid, final_status text, reply jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  is_delivered boolean := final_status = 'complete'
    or coalesce(reply ->> 'content', '') <> '' or coalesce((reply ->> 'output_tokens')::integer, 0) > 0;
  stream public.chat_streams;
  message public.chat_messages;
begin
  if is_delivered then
    perform private.replace_answer(stream_id);
  else
    -- For the refund: the profile comes before the session.
    perform from public.profiles p
    where p.id = (select t.user_id from public.chat_streams t where t.id = stream_id)
    for no key update;
  end if;
  stream := private.close_stream(stream_id, final_status, reply ->> 'response_id');
  if stream.id is null then
    return (
      select to_jsonb(m)
      from public.chat_streams t
      join public.chat_messages m on m.id = t.assistant_message_id
      where t.id = stream_id
    );
  end if;

  message := private.store_reply(stream, reply);
  if is_delivered and message.output_tokens is null then
    message := private.estimate_reply_tokens(message);
  end if;
  if message.output_tokens is not null then
    perform private.book_usage(stream.user_id, 'chat', message.model, coalesce(message.input_tokens, 0),
      coalesce(message.cached_input_tokens, 0), message.output_tokens);
  end if;
  if not is_delivered then
    perform private.refund_usage(stream.user_id, stream.reservation);
  end if;
  -- Only a completed reply leaves the conversation at OpenAI equal to ours.
  update public.chat_sessions s
  set thread_id = case when final_status = 'complete' then reply ->> 'thread_id' end, updated_at = now()
  where s.id = stream.session_id;
  if stream.replaces_message_id is not null then
    -- The regeneration never began: its empty row goes, and the old answer stays.
    delete from public.chat_messages m where m.id = message.id;
  end if;
  return to_jsonb(message);
end
$$;
comment on function private.settle_turn(uuid, text, jsonb) is
  'Settles a turn exactly once: stream, reply, usage and session in one transaction. Returns the reply''s row as it is stored; null when the session is gone. Definer: the functions of usage are not granted.';
grant execute on function private.settle_turn(uuid, text, jsonb) to service_role;

create function public.finish_turn(stream_id uuid, status text, reply jsonb)
returns jsonb
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
  'Service RPC: settles a turn as complete or stopped. reply: content, parts, model, input_tokens, cached_input_tokens, output_tokens, response_id, and thread_id when the conversation holds the turn. Returns the stored row.';
grant execute on function public.finish_turn(uuid, text, jsonb) to service_role;

create function public.fail_turn(stream_id uuid, reply jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.settle_turn(stream_id, 'failed', reply)
$$;
comment on function public.fail_turn(uuid, jsonb) is
  'Service RPC: settles a turn that failed. reply as in finish_turn, with error {code, message} as the client saw it; what was said before stays.';
grant execute on function public.fail_turn(uuid, jsonb) to service_role;

create function public.request_stop(auth_user_id uuid, session_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  update public.chat_streams t
  set stop_requested_at = coalesce(t.stop_requested_at, now())
  from public.profiles p
  where p.auth_id = request_stop.auth_user_id
    and t.user_id = p.id
    and t.session_id = request_stop.session_id
    and t.status = 'active'
  returning jsonb_build_object('stream_id', t.id, 'profile_id', t.user_id, 'response_id', t.response_id)
$$;
comment on function public.request_stop(uuid, uuid) is
  'Service RPC: marks the running generation of the user''s session to be stopped; null when nothing runs.';
grant execute on function public.request_stop(uuid, uuid) to service_role;

create function public.claim_stale_turns(max_count integer)
returns setof public.chat_streams
language sql
security invoker
set search_path = ''
as $$
  -- The heartbeat doubles as the lease: a second run takes others, and a crashed one is taken over.
  update public.chat_streams t
  set heartbeat_at = now()
  where t.id in (
    select s.id
    from public.chat_streams s
    where s.status = 'active' and s.heartbeat_at < now() - interval '90 seconds'
    order by s.heartbeat_at
    limit max_count
    for update skip locked
  )
  returning t.*
$$;
comment on function public.claim_stale_turns(integer) is
  'Service RPC of turn-recovery: generations whose pump has been silent for 90 seconds, each to one caller.';
grant execute on function public.claim_stale_turns(integer) to service_role;

create function private.set_generated_title(profile_id uuid, session_id uuid, title text, model text, input_tokens bigint,
  cached_input_tokens bigint, output_tokens bigint)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set title = left(set_generated_title.title, 200)
  where s.id = set_generated_title.session_id and s.title is null and set_generated_title.title <> '';
  perform private.book_usage(profile_id, 'title', model, input_tokens, cached_input_tokens, output_tokens);
end
$$;
comment on function private.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint) is
  'Names a session unless the user has, and books what the title cost. Definer: private.book_usage is not granted.';
grant execute on function private.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint) to service_role;

create function public.set_generated_title(profile_id uuid, session_id uuid, title text, model text, input_tokens bigint,
  cached_input_tokens bigint, output_tokens bigint)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.set_generated_title(profile_id, session_id, title, model, input_tokens, cached_input_tokens, output_tokens)
$$;
comment on function public.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint) is
  'Service RPC: a title made by the model; one that the user has set is never overwritten.';
grant execute on function public.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint) to service_role;

create function private.book_lost_turn(profile_id uuid, model text, input_tokens bigint, cached_input_tokens bigint,
  output_tokens bigint)
returns void
language sql
security definer
set search_path = ''
as $$
  select private.book_usage(profile_id, 'chat', model, input_tokens, cached_input_tokens, output_tokens)
$$;
comment on function private.book_lost_turn(uuid, text, bigint, bigint, bigint) is
  'Books the tokens of a turn whose session was deleted meanwhile. Definer: private.book_usage is not granted.';
grant execute on function private.book_lost_turn(uuid, text, bigint, bigint, bigint) to service_role;

create function public.book_lost_turn(profile_id uuid, model text, input_tokens bigint, cached_input_tokens bigint,
  output_tokens bigint)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.book_lost_turn(profile_id, model, input_tokens, cached_input_tokens, output_tokens)
$$;
comment on function public.book_lost_turn(uuid, text, bigint, bigint, bigint) is
  'Service RPC: the session went while its reply was generated; what it cost is booked all the same.';
grant execute on function public.book_lost_turn(uuid, text, bigint, bigint, bigint) to service_role;
