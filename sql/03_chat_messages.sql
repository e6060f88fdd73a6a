-- Messages of a session, and the turn that generates each reply.

create table public.chat_messages (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  user_id uuid not null,
  seq integer not null,
  client_id text,
  sender text not null,
  content text not null default '',
  parts jsonb not null default '[]',
  attachments jsonb generated always as (jsonb_path_query_array(parts, '$[*] ? (@.type == "file")')) stored,
  has_files boolean not null generated always as (jsonb_path_exists(parts, '$[*] ? (@.type == "file")')) stored,
  model text,
  input_tokens integer,
  cached_input_tokens integer,
  output_tokens integer,
  total_tokens integer generated always as (input_tokens + output_tokens) stored,
  usage_estimated boolean not null default false,
  completion_time real,
  status text not null default 'complete',
  response_id text,
  error jsonb,
  feedback smallint,
  created_at timestamptz not null default now(),
  -- One index serves the foreign key, row-level security and the order of the history.
  constraint chat_messages_session_id_user_id_seq_key unique (session_id, user_id, seq),
  constraint chat_messages_session_id_client_id_key unique (session_id, client_id),
  constraint chat_messages_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_messages_seq_check check (seq > 0),
  constraint chat_messages_client_id_check check (char_length(client_id) between 1 and 128),
  constraint chat_messages_sender_check check (sender in ('user', 'assistant', 'system', 'tool')),
  constraint chat_messages_parts_check check (jsonb_typeof(parts) = 'array'),
  constraint chat_messages_tokens_check
    check (input_tokens >= 0 and output_tokens >= 0 and cached_input_tokens between 0 and input_tokens),
  constraint chat_messages_status_check check (status in ('streaming', 'complete', 'stopped', 'failed')),
  constraint chat_messages_feedback_check check (feedback in (-1, 1))
);

create table public.chat_turns (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  user_id uuid not null,
  user_message_id uuid not null,
  assistant_message_id uuid not null,
  response_id text,
  status text not null default 'active',
  stop_requested_at timestamptz,
  progressed_at timestamptz not null default now(),
  reservation jsonb,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint chat_turns_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_turns_user_message_id_fkey foreign key (user_message_id)
    references public.chat_messages (id) on delete cascade,
  constraint chat_turns_assistant_message_id_fkey foreign key (assistant_message_id)
    references public.chat_messages (id) on delete cascade,
  constraint chat_turns_status_check check (status in ('active', 'waiting', 'complete', 'stopped', 'failed')),
  constraint chat_turns_finished_at_check check ((status in ('active', 'waiting')) = (finished_at is null))
)
-- Progress rewrites rows of running turns. Free space lets it do so without touching an index (HOT).
with (fillfactor = 70);

comment on table public.chat_messages is
  'The messages of a session, ordered by seq. Only the turn functions write them.';
comment on column public.chat_messages.seq is
  'Position in the session, from 1. Assigned under the session''s row lock.';
comment on column public.chat_messages.client_id is
  'The id that the client gave the message. It makes sending idempotent.';
comment on column public.chat_messages.content is 'The text of the parts, for search and lists.';
comment on column public.chat_messages.parts is 'Exactly UIMessage.parts of the AI SDK.';
comment on column public.chat_messages.attachments is 'The file parts, derived from parts.';
comment on column public.chat_messages.cached_input_tokens is
  'The part of input_tokens that OpenAI served from its cache.';
comment on column public.chat_messages.usage_estimated is 'True when OpenAI gave no token counts.';
comment on column public.chat_messages.completion_time is 'Seconds from the request to the end of the reply.';
comment on column public.chat_messages.feedback is 'The user''s opinion of a reply: 1 is good, -1 is bad.';
comment on column public.chat_messages.response_id is 'The response at OpenAI that holds the reply.';
comment on column public.chat_messages.error is 'Why a reply failed, as the client saw it: code and message.';
comment on table public.chat_turns is
  'One turn: a user''s message and all the work to reply to it. Resume, stop and recovery act on this row. A session '
  'has at most one active turn.';
comment on column public.chat_turns.progressed_at is
  'When OpenAI last sent an event of the reply, or said that it still writes it. Recovery takes a turn after 60 '
  'seconds without progress.';
comment on column public.chat_turns.reservation is
  'Where the message was charged (source and period), so that a refund goes back there, and what was reserved of '
  'budgets.';

alter table public.chat_messages enable row level security;
alter table public.chat_turns enable row level security;

grant select on public.chat_messages to authenticated;
grant update (feedback) on public.chat_messages to authenticated;
grant select, insert, update, delete on public.chat_messages to service_role;
grant select on public.chat_turns to authenticated;
grant select, insert, update, delete on public.chat_turns to service_role;

create policy chat_messages_select_own on public.chat_messages
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy chat_messages_update_own on public.chat_messages
  for update to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()))
  with check (user_id = (select private.current_profile_id()));

create policy chat_turns_select_own on public.chat_turns
  for select to authenticated
  using (user_id = (select private.current_profile_id()));
