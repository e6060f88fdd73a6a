-- Further columns of turns, and the table of settings that apply to all turns.

alter table public.chat_turns
  add column search boolean not null default false,
  add column steps integer not null default 0,
  add column step_started_at timestamptz not null default now(),
  add column first_part integer not null default 0,
  add column replaces_message_id uuid,
  add constraint chat_turns_replaces_message_id_fkey foreign key (replaces_message_id)
    references public.chat_messages (id) on delete set null;
comment on column public.chat_turns.search is 'Whether the model may search the web in this turn.';
comment on column public.chat_turns.steps is
  'How many responses of OpenAI ended with calls of tools and are stored. The next response continues the reply.';
comment on column public.chat_turns.step_started_at is
  'When the current step began: the turn, a response after calls, or the outputs that the client provided.';
comment on column public.chat_turns.first_part is
  'How many parts the reply had when the client last provided outputs. The client has these parts.';
comment on column public.chat_turns.replaces_message_id is
  'Set when a reply is regenerated: the old reply, which stays until the new one has begun.';
create index chat_turns_replaces_message_id_idx on public.chat_turns (replaces_message_id);

create table private.turn_policy (
  is_only boolean primary key default true,
  title_model text not null default 'gpt-5.4-nano',
  -- OpenAI advises to leave at least 25,000 tokens for reasoning and the reply.
  -- Source: https://developers.openai.com/api/docs/guides/reasoning
  max_output_tokens integer not null default 32000,
  max_tool_calls integer not null default 16,
  max_steps integer not null default 8,
  constraint turn_policy_is_only_check check (is_only),
  constraint turn_policy_limits_check check (max_output_tokens >= 16 and max_tool_calls > 0 and max_steps > 0)
);
insert into private.turn_policy default values;

create table private.deleted_turns (
  turn_id uuid primary key,
  user_id uuid not null,
  deleted_at timestamptz not null default now(),
  constraint deleted_turns_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade
);
create index deleted_turns_user_id_idx on private.deleted_turns (user_id);
comment on table private.turn_policy is
  'One row: the model that names chats, and the limits of a reply for assistants that set none.';
comment on table private.deleted_turns is
  'Turns whose session was deleted while they ran. The function that learns the end of one books its cost and deletes '
  'its row. Retention deletes rows that stay for a day.';
alter table private.turn_policy enable row level security;
alter table private.deleted_turns enable row level security;
