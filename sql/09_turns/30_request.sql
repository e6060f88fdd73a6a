-- The content of a turn's request to OpenAI: history, instructions, files.
-- What every turn calls is in plpgsql: it keeps its plans, and Postgres would plan a function in SQL at each call.

create function private.part_file_ids(parts jsonb)
returns uuid[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(substr(p.part ->> 'url', 13)::uuid), '{}')
    from jsonb_array_elements(parts) as p (part)
    where p.part ->> 'type' = 'file' and starts_with(p.part ->> 'url', 'parley:file/')
  );
end
$$;
comment on function private.part_file_ids(jsonb) is
  'Returns the ids of the files that the parts of a message name as parley:file/<id>.';

create function private.describe_message(message public.chat_messages)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'sender', message.sender,
    'content', message.content,
    'parts', message.parts,
    'file_ids', coalesce((
      select jsonb_agg(f.id order by f.created_at, f.id)
      from public.chat_files f
      where f.session_id = message.session_id
        and (f.message_id = message.id or f.id = any (private.part_file_ids(message.parts)))
    ), '[]')
  );
end
$$;
comment on function private.describe_message(public.chat_messages) is
  'Returns a message as the model is shown it: its text, its parts and the ids of its files.';
grant execute on function private.describe_message(public.chat_messages), private.part_file_ids(jsonb) to service_role;

create function private.turn_history(question public.chat_messages)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(private.describe_message(m) order by m.seq), '[]')
  from public.chat_messages m
  where m.session_id = question.session_id
    and m.user_id = question.user_id
    and m.seq < question.seq
    and m.sender in ('user', 'assistant')
    and (m.content <> '' or m.has_files or (m.sender = 'user' and m.parts <> '[]')
      or jsonb_path_exists(m.parts, '$[*].toolCallId'))
$$;
comment on function private.turn_history(public.chat_messages) is
  'Returns the earlier messages with their parts, which open a new conversation at OpenAI. Used when the session has '
  'no conversation that matches our messages.';
grant execute on function private.turn_history(public.chat_messages) to service_role;

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
comment on function private.turn_instructions(text, uuid) is
  'Returns the instructions for a turn: the assistant''s own and the user''s.';

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
    perform private.refuse(
      404, 'file_not_found',
      'The message contains a file that is not in this chat. Upload the file to this chat first.',
      jsonb_build_object('file_id', missing)
    );
  end if;

  select f.* into unready
  from public.chat_files f
  where f.id = any (file_ids) and f.status <> 'ready'
  limit 1;
  if unready.id is not null then
    perform private.refuse(
      409, 'file_not_ready',
      'The file is not ready yet, or it failed. Wait until the file is ready, or remove it from the message.',
      jsonb_build_object('file_id', unready.id, 'status', unready.status)
    );
  end if;
end
$$;
comment on function private.check_turn_files(public.chat_sessions, uuid[]) is
  'Refuses files that are not in the session (404) or not ready (409).';

create function private.fill_file_parts(parts jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_agg(
      case when f.id is null then p.part
        else p.part || jsonb_build_object('mediaType', f.file_type, 'filename', f.file_name)
      end
      order by p.position
    )
    from jsonb_array_elements(parts) with ordinality as p (part, position)
    left join public.chat_files f
      on p.part ->> 'type' = 'file' and f.id = any (private.part_file_ids(jsonb_build_array(p.part)))
  );
end
$$;
comment on function private.fill_file_parts(jsonb) is
  'Sets type and name of a file part to those of its file, whatever the client sent.';

create function private.link_turn_files(question public.chat_messages, file_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.chat_files f
  set message_id = question.id
  where f.id = any (file_ids) and f.message_id is null;
end
$$;
comment on function private.link_turn_files(public.chat_messages, uuid[]) is
  'Links files to the first message that names them.';

create function private.turn_files(session public.chat_sessions)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('id', f.id, 'session_id', f.session_id, 'assistant_slug', f.assistant_slug,
        'openai_file_id', f.openai_file_id, 'file_name', f.file_name, 'file_type', f.file_type,
        'file_size', f.file_size)
      order by f.created_at, f.id
    ), '[]')
    from public.chat_files f
    where (f.session_id = session.id or f.assistant_slug = session.assistant_slug)
      and f.status = 'ready'
      -- Some files that the model made can only be downloaded.
      and f.openai_file_id is not null
  );
end
$$;
comment on function private.turn_files(public.chat_sessions) is
  'Returns the ready files of a session and of its assistant. The oldest file comes first, so that every request '
  'names them in the same order.';
grant execute on function private.turn_files(public.chat_sessions) to service_role;

create function public.list_turn_files(session_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.turn_files(s) from public.chat_sessions s where s.id = list_turn_files.session_id
$$;
comment on function public.list_turn_files(uuid) is
  'Service RPC: the files that a turn may use, as start_turn returns them. Null if the session is gone.';
grant execute on function public.list_turn_files(uuid) to service_role;

create function private.use_stores(store_ids text[])
returns void
language sql
set search_path = ''
as $$
  -- An assistant's store serves many turns at once, so a turn neither waits for its row nor writes it at each use. The
  -- clean-up asks OpenAI about a store in the last hour, which makes up for the difference.
  update public.vector_stores v
  set expires_at = now() + make_interval(days => (v.openai_metadata -> 'expires_after' ->> 'days')::integer)
  where v.id in (
    select u.id
    from public.vector_stores u
    where u.store_id = any (store_ids)
      and u.status = 'active'
      and u.expires_at < now() - interval '30 minutes'
        + make_interval(days => (u.openai_metadata -> 'expires_after' ->> 'days')::integer)
    for no key update skip locked
  )
$$;
comment on function private.use_stores(text[]) is
  'Prolongs stores that a turn searches: a search counts as a use, and OpenAI then extends the expiry of the store.';

create function private.describe_files(session public.chat_sessions)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  files jsonb := private.turn_files(session);
  stores jsonb;
begin
  -- The store of the session comes before that of the assistant.
  select coalesce(jsonb_agg(
    jsonb_build_object('session_id', c.session_id, 'assistant_slug', c.assistant_slug, 'store_id', (
      select v.store_id
      from public.vector_stores v
      where (v.session_id = c.session_id or v.assistant_slug = c.assistant_slug)
        and v.status = 'active'
        and v.expires_at > now()
    ))
    order by c.session_id
  ), '[]') into stores
  from (
    select distinct (f.file ->> 'session_id')::uuid as session_id, f.file ->> 'assistant_slug' as assistant_slug
    from jsonb_array_elements(files) as f (file)
    where f.file ->> 'file_type' not like 'image/%'
  ) c;
  perform private.use_stores(array(
    select s.store ->> 'store_id' from jsonb_array_elements(stores) as s (store)
  ));
  return jsonb_build_object('files', files, 'stores', stores);
end
$$;
comment on function private.describe_files(public.chat_sessions) is
  'Returns the files that a turn may use, and the vector stores that have them: one of the session and one of its '
  'assistant, if they have files to search. A store without store_id must be made first.';

create function private.describe_turn(session public.chat_sessions, question public.chat_messages,
  assistant public.assistants, turn public.chat_turns)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  described jsonb;
begin
  select jsonb_build_object(
    'kind', 'started',
    'turn_id', turn.id,
    'profile_id', session.user_id,
    'session_id', session.id,
    'user_message_id', question.id,
    'assistant_message_id', turn.assistant_message_id,
    'replaces_reply', turn.replaces_message_id is not null,
    'parts', (select m.parts from public.chat_messages m where m.id = turn.assistant_message_id),
    'content', question.content,
    'question', private.describe_message(question),
    'thread_id', session.thread_id,
    'history', case when session.thread_id is null then private.turn_history(question) else '[]' end,
    'title_model', case when session.title is null or session.title_origin = 'question' then policy.title_model end,
    'model', assistant.model,
    'temperature', assistant.temperature,
    'reasoning_effort', assistant.reasoning_effort,
    'max_output_tokens', least(
      coalesce(assistant.max_output_tokens, policy.max_output_tokens),
      (private.plan_of(session.user_id)).max_output_tokens,
      known.max_output_tokens
    ),
    'max_tool_calls', coalesce(assistant.max_tool_calls, policy.max_tool_calls),
    'context_window', known.context_window,
    'compacts', coalesce(known.compacts, false),
    -- An unknown model is taken for one that sees pages. If OpenAI refuses a file, the turn goes on without it.
    'accepts_images', coalesce(known.accepts_images, true),
    -- An unknown model is taken for one that does not reason, because a summary of its reasoning would be refused.
    'reasons', coalesce(
      known.efforts <> '{}' and coalesce(assistant.reasoning_effort, known.default_effort) <> 'none', false
    ),
    'tools', private.request_tools(assistant, session.user_id, turn),
    'is_search_off', turn.search and not private.can_search(assistant),
    'instructions', private.turn_instructions(assistant.slug, session.user_id)
  ) || private.describe_calls(turn) || private.describe_files(session) into described
  from private.turn_policy policy, private.model_of(assistant.model) known;
  return described;
end
$$;
comment on function
  private.describe_turn(public.chat_sessions, public.chat_messages, public.assistants, public.chat_turns) is
  'Returns everything that the request to OpenAI needs, so that the chat function needs no other call before it.';
