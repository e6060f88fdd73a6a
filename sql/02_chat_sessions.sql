-- The catalogue of assistants, and chat sessions with them.

create table public.assistants (
  slug text primary key,
  name text not null,
  description text not null,
  model text not null,
  capabilities text[] not null default '{}',
  temperature numeric(3, 2),
  reasoning_effort text,
  max_output_tokens integer,
  max_tool_calls integer,
  web_with_tools text[],
  max_files integer not null default 100,
  starters text[] not null default '{}',
  required_plan text,
  is_active boolean not null default true,
  sort_order integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint assistants_slug_check check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  constraint assistants_temperature_check check (temperature between 0 and 2),
  constraint assistants_max_output_tokens_check check (max_output_tokens >= 16),
  constraint assistants_max_tool_calls_check check (max_tool_calls > 0),
  constraint assistants_max_files_check check (max_files between 0 and 1000),
  constraint assistants_reasoning_effort_check
    check (reasoning_effort in ('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'))
);

create table private.assistant_instructions (
  slug text primary key,
  instructions text not null,
  constraint assistant_instructions_slug_fkey foreign key (slug)
    references public.assistants (slug) on update cascade on delete cascade
);

create table public.chat_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default private.current_profile_id(),
  assistant_slug text not null,
  thread_id text,
  title text,
  title_origin text,
  visibility text not null default 'private',
  share_token text,
  archived_at timestamptz,
  message_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint chat_sessions_id_user_id_key unique (id, user_id),
  constraint chat_sessions_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint chat_sessions_assistant_slug_fkey foreign key (assistant_slug)
    references public.assistants (slug) on update cascade,
  constraint chat_sessions_thread_id_key unique (thread_id),
  constraint chat_sessions_share_token_key unique (share_token),
  constraint chat_sessions_title_check check (char_length(title) between 1 and 200),
  constraint chat_sessions_title_origin_check check (title_origin in ('question', 'model', 'user')),
  constraint chat_sessions_title_origin_title_check check ((title is null) = (title_origin is null)),
  constraint chat_sessions_visibility_check check (visibility in ('private', 'public')),
  constraint chat_sessions_share_token_check check ((visibility = 'public') = (share_token is not null)),
  constraint chat_sessions_message_count_check check (message_count >= 0)
);

comment on table public.assistants is
  'The catalogue of assistants, addressed by slug. Their instructions stay in private.assistant_instructions.';
comment on column public.assistants.capabilities is
  'What the assistant can do: the types of OpenAI''s tools, such as web_search, and the slugs of other tools. Follows '
  'assistant_tools.';
comment on column public.assistants.temperature is
  'Sent to OpenAI only when set. Refused if the model in public.models does not take it.';
comment on column public.assistants.reasoning_effort is
  'Sent to OpenAI only when set. Refused if the model in public.models does not take it.';
comment on column public.assistants.max_output_tokens is
  'Most tokens of a reply, reasoning included. Null: turn_policy decides. The plan and the model may allow less.';
comment on column public.assistants.max_tool_calls is
  'Most calls of tools for a reply: of OpenAI''s own in each response, and of the others in all. Null: turn_policy '
  'decides.';
comment on column public.assistants.web_with_tools is
  'The domains that may be searched when the assistant has tools of kind function, http or mcp; {} allows all. Null: '
  'web search is off then, because a web page could make the model call them.';
comment on column public.assistants.max_files is
  'Most files of the assistant itself. Every turn with it reads their names, so there are at most 1000.';
comment on column public.assistants.starters is 'Suggestions for a first message.';
comment on column public.assistants.required_plan is
  'The lowest plan that may use the assistant. Null means every plan.';
comment on table private.assistant_instructions is
  'The instructions of each assistant. No client may read them; start_turn hands them to the chat function.';
comment on table public.chat_sessions is 'One chat of a profile with an assistant.';
comment on column public.chat_sessions.thread_id is
  'The conversation at OpenAI, while it matches our messages. If null, the next turn builds a new conversation from '
  'our messages.';
comment on column public.chat_sessions.title_origin is
  'Who named the chat: question (its first words, until there is something better), model, or user. The model never '
  'replaces a title of the user.';
comment on column public.chat_sessions.share_token is
  'Set while the session is public. Anyone who has the token can read the chat. A chat that is shared again gets a '
  'new token.';
comment on column public.chat_sessions.updated_at is
  'Time of the last activity. New messages update it, and the list of chats is sorted by it.';

create function private.random_token()
returns text
language sql
set search_path = ''
as $$
  select translate(encode(extensions.gen_random_bytes(24), 'base64'), '+/', '-_')
$$;
comment on function private.random_token() is
  'Returns 192 random bits as 32 characters that need no escaping in a URL.';

create function private.refuse_unknown_session()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    404, 'session_not_found',
    'This chat does not exist or belongs to another user. Open another chat or start a new one.'
  );
end
$$;
comment on function private.refuse_unknown_session() is
  'Refuses with 404 a session that does not exist or belongs to another user. Both get the same refusal.';

create function private.set_chat_visibility(session_id uuid, visibility text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  share_token text;
begin
  if visibility is null or visibility not in ('private', 'public') then
    perform private.refuse(400, 'invalid_visibility', 'A chat cannot have this visibility. Choose private or public.');
  end if;
  -- A suspended user may still make a chat private again.
  if visibility = 'public' then
    perform private.require_can_act();
  else
    perform private.require_signed_in();
  end if;

  update public.chat_sessions s
  set visibility = set_chat_visibility.visibility,
      share_token = case
        when set_chat_visibility.visibility = 'public' then coalesce(s.share_token, private.random_token())
      end
  where s.id = session_id
    and s.user_id = private.current_profile_id()
  returning s.share_token into share_token;
  if not found then
    perform private.refuse_unknown_session();
  end if;
  return share_token;
end
$$;
comment on function private.set_chat_visibility(uuid, text) is
  'Shares a session of the caller or makes it private again. Definer: clients may write neither visibility nor '
  'token. The function checks that the session is the caller''s.';
grant execute on function private.set_chat_visibility(uuid, text) to authenticated;

create function public.set_chat_visibility(session_id uuid, visibility text)
returns text
language sql
security invoker
set search_path = ''
as $$
  select private.set_chat_visibility(session_id, visibility)
$$;
comment on function public.set_chat_visibility(uuid, text) is
  'Client RPC: shares a chat or makes it private. public returns the token of the share link, which stays the same '
  'while the chat is public. private disables the link at once and returns null.';
grant execute on function public.set_chat_visibility(uuid, text) to authenticated;

create function private.shared_part(part jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_strip_nulls(case
    when part ->> 'type' = 'text' then jsonb_build_object('type', 'text', 'text', part -> 'text')
    when part ->> 'type' = 'source-url' and part ->> 'url' ~* '^https?://' then
      jsonb_build_object('type', 'source-url', 'url', part -> 'url', 'title', part -> 'title')
    when part ->> 'type' in ('file', 'source-document') then jsonb_build_object(
      'type', part -> 'type',
      'filename', left(regexp_replace(
        coalesce(part ->> 'filename', part #>> '{providerMetadata,parley,filename}'), '^.*[/\\]', ''
      ), 255),
      'mediaType', left(part ->> 'mediaType', 255)
    )
  end)
$$;
comment on function private.shared_part(jsonb) is
  'Returns what strangers may see of a message part: only named fields of named types. Null for all other parts, '
  'such as tool calls and reasoning.';

-- In plpgsql, because the next file creates the table of messages: SQL functions are checked when they are created.
create function private.shared_messages(session_id uuid, user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce((
    select jsonb_agg(jsonb_build_object('sender', m.sender, 'parts', shared.parts) order by m.seq)
    from public.chat_messages m
    cross join lateral (
      select coalesce(jsonb_agg(private.shared_part(p.part) order by p.position), '[]') as parts
      from jsonb_array_elements(m.parts) with ordinality as p (part, position)
      where private.shared_part(p.part) is not null
    ) shared
    where m.session_id = shared_messages.session_id
      and m.user_id = shared_messages.user_id
      and m.sender in ('user', 'assistant')
      and m.status in ('complete', 'stopped')
  ), '[]');
end
$$;
comment on function private.shared_messages(uuid, uuid) is
  'Returns the finished messages of a session, as strangers may see them.';

create function private.get_shared_chat(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'title', s.title,
      'assistant', jsonb_build_object('slug', a.slug, 'name', a.name),
      'messages', private.shared_messages(s.id, s.user_id)
    )
    from public.chat_sessions s
    join public.assistants a on a.slug = s.assistant_slug
    where s.share_token = token
      and private.can_act(s.user_id)
  );
end
$$;
comment on function private.get_shared_chat(text) is
  'Returns what anyone with the token of a shared session may read. Null for an unknown token, or when the owner may '
  'not act. Definer: anon may read no table.';
grant execute on function private.get_shared_chat(text) to anon, authenticated;

create function public.get_shared_chat(token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.get_shared_chat(token)
$$;
comment on function public.get_shared_chat(text) is
  'Client RPC, also without sign-in: returns title, assistant and finished messages of a shared chat. Returns null '
  'if no chat has this token.';
grant execute on function public.get_shared_chat(text) to anon, authenticated;

create function private.set_title_origin()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.title is null then
    new.title_origin := null;
  elsif tg_op = 'INSERT' then
    new.title_origin := coalesce(new.title_origin, 'user');
  elsif new.title is distinct from old.title and new.title_origin is not distinct from old.title_origin then
    new.title_origin := 'user';
  end if;
  return new;
end
$$;
comment on function private.set_title_origin() is
  'Trigger: records the user as the origin of a title, unless the statement names another origin. Clients cannot write '
  'the origin.';

create trigger chat_sessions_title_origin
  before insert or update of title, title_origin on public.chat_sessions
  for each row execute function private.set_title_origin();

create trigger assistants_touch
  before update on public.assistants
  for each row execute function private.touch_updated_at();

alter table public.assistants enable row level security;
alter table private.assistant_instructions enable row level security;
alter table public.chat_sessions enable row level security;

grant select on public.assistants to authenticated;
grant select, insert, update, delete on public.assistants to service_role;
grant select, delete on public.chat_sessions to authenticated;
grant insert (id, assistant_slug, title), update (title, archived_at) on public.chat_sessions to authenticated;
grant select, insert, update, delete on public.chat_sessions to service_role;

create policy assistants_select_all on public.assistants
  for select to authenticated
  using (true);

create policy chat_sessions_select_own on public.chat_sessions
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy chat_sessions_insert_own on public.chat_sessions
  for insert to authenticated
  -- The check whether the caller may act comes first. A deleted account has no profile to compare with, and this check
  -- refuses it like a banned one.
  with check ((select private.require_can_act()) and user_id = (select private.current_profile_id()));

create policy chat_sessions_update_own on public.chat_sessions
  for update to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()))
  with check (user_id = (select private.current_profile_id()));

create policy chat_sessions_delete_own on public.chat_sessions
  for delete to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()));

-- Reference data: `db push` does not run seeds, so the catalogue is part of the schema.
insert into public.assistants (slug, name, description, model, starters, sort_order)
values
  ('coach', 'Coach', 'Turns a goal into the next small step, and asks how the last one went.', 'gpt-5.4-mini',
    array['Help me plan my week', 'I keep putting one task off'], 10),
  ('carousel', 'Carousel', 'Writes carousel posts: a hook, one idea a slide, a call to action.', 'gpt-5.4-mini',
    array['A carousel about morning routines', 'Turn these notes into five slides'], 20),
  ('storyteller', 'Storyteller', 'Finds the story in what happened and tells it so that people stay.', 'gpt-5.4-mini',
    array['Tell the story of our first customer', 'Make this case study human'], 30),
  ('editor', 'Editor', 'Makes a text shorter and clearer and says what it changed.', 'gpt-5.4-mini',
    array['Shorten this announcement', 'What is unclear in this paragraph?'], 40),
  ('researcher', 'Researcher', 'Answers from the files of the conversation and names its sources.', 'gpt-5.4-mini',
    array['What does this document say about refunds?', 'Compare these two reports'], 50);

insert into private.assistant_instructions (slug, instructions)
values
  ('coach',
    'You are a patient coach. Find out what the user wants and what stands in the way, then agree on one step that '
    'fits into today. Ask one question at a time. Never lecture, and never diagnose: for anything medical, legal or '
    'dangerous, say plainly which professional to see.'),
  ('carousel',
    'You write carousel posts. Ask for audience and goal if they are missing. Answer with numbered slides: the '
    'first is a hook of at most ten words, each further slide holds one idea in at most thirty words, the last asks '
    'for one action. Offer two alternative hooks at the end.'),
  ('storyteller',
    'You are a storyteller. Look for a person, a want, an obstacle and a change in what the user tells you, and ask '
    'for whichever is missing. Write in plain words and scenes, in the past tense, without morals. Keep to facts '
    'that the user gave.'),
  ('editor',
    'You are an editor. Return the improved text first, then a short list of what you changed and why. Keep the '
    'author''s voice, facts and language. Cut before you add.'),
  ('researcher',
    'You answer from the files and sources at hand. Cite what you use. Where the sources do not answer, say so '
    'before you add anything from general knowledge, and mark it as such.');
