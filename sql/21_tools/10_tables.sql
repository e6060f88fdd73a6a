-- Tools: what assistants can do. The schema and the role of function tools, the tables, and who may read them.

create schema tools;
comment on schema tools is 'The functions that assistants may call. The API never exposes this schema.';
revoke all on schema tools from public;

create function private.make_tools_role()
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Roles belong to the whole server, so this one outlives a reset of the database.
  if not exists (select from pg_roles where rolname = 'parley_tools') then
    -- Without inherit, the policies for authenticated would not apply, and every query would return no rows.
    create role parley_tools nologin inherit;
  end if;
  if not pg_has_role('parley_tools', 'authenticated', 'usage') then
    grant authenticated to parley_tools;
  end if;
  -- Postgres 16 and newer give the creator of a role the right to administrate it, and no right to act as it.
  execute 'grant parley_tools to postgres' || case
    when current_setting('server_version_num')::integer >= 160000 then ' with set true, inherit false' else '' end;
end
$$;
comment on function private.make_tools_role() is
  'Creates the role that function tools run as, unless the server has it. A migration and db:restore call it.';
select private.make_tools_role();
grant usage on schema tools to parley_tools;

create table public.tools (
  slug text primary key,
  kind text not null,
  description text not null default '',
  parameters jsonb,
  is_strict boolean not null default false,
  needs_approval boolean not null default false,
  timeout_ms integer not null default 10000,
  max_calls integer not null default 8,
  required_plan text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tools_required_plan_fkey foreign key (required_plan) references public.plans (slug),
  -- What OpenAI takes as the name of a function.
  constraint tools_slug_check check (slug ~ '^[a-zA-Z0-9_-]{1,64}$'),
  constraint tools_kind_check check (kind in ('function', 'http', 'client', 'mcp', 'provider')),
  constraint tools_parameters_check check (jsonb_typeof(parameters) = 'object'),
  constraint tools_kind_parameters_check check ((parameters is null) = (kind in ('mcp', 'provider'))),
  constraint tools_timeout_ms_check check (timeout_ms between 100 and 60000),
  constraint tools_max_calls_check check (max_calls > 0)
);

create table private.tool_targets (
  tool_slug text primary key,
  function text,
  url text,
  secret_name text,
  definition jsonb,
  constraint tool_targets_tool_slug_fkey foreign key (tool_slug)
    references public.tools (slug) on update cascade on delete cascade,
  -- Without encryption only on the own machine, where a deployed project calls nothing.
  constraint tool_targets_url_check check (
    url ~ '^(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?)([/?#]\S*)?$'
  )
);

create table private.tool_types (
  type_name text primary key,
  schema jsonb not null,
  constraint tool_types_schema_check check (jsonb_typeof(schema) = 'object')
);
insert into private.tool_types (type_name, schema) values
  ('text', '{"type": "string"}'),
  ('character varying', '{"type": "string"}'),
  ('boolean', '{"type": "boolean"}'),
  ('smallint', '{"type": "integer"}'),
  ('integer', '{"type": "integer"}'),
  ('bigint', '{"type": "integer"}'),
  ('numeric', '{"type": "number"}'),
  ('real', '{"type": "number"}'),
  ('double precision', '{"type": "number"}'),
  ('uuid', '{"type": "string", "format": "uuid"}'),
  ('date', '{"type": "string", "format": "date"}'),
  ('timestamp with time zone', '{"type": "string", "format": "date-time"}'),
  ('timestamp without time zone',
    '{"type": "string", "description": "Local date and time, such as 2026-01-31T09:00:00."}'),
  ('time without time zone', '{"type": "string", "description": "Local time, such as 09:00:00."}'),
  ('interval', '{"type": "string", "format": "duration"}');

create table public.assistant_tools (
  assistant_slug text not null,
  tool_slug text not null,
  created_at timestamptz not null default now(),
  constraint assistant_tools_pkey primary key (assistant_slug, tool_slug),
  constraint assistant_tools_assistant_slug_fkey foreign key (assistant_slug)
    references public.assistants (slug) on update cascade on delete cascade,
  constraint assistant_tools_tool_slug_fkey foreign key (tool_slug)
    references public.tools (slug) on update cascade on delete cascade
);

create table public.tool_calls (
  id uuid primary key default gen_random_uuid(),
  turn_id uuid not null,
  session_id uuid not null,
  user_id uuid not null,
  call_id text not null,
  -- No foreign key: the call stays readable after its tool was removed.
  tool_slug text not null,
  kind text not null default 'function',
  arguments jsonb,
  output jsonb,
  status text not null default 'pending',
  error text,
  reason text,
  step integer not null default 1,
  position integer not null default 0,
  attempts integer not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  decided_at timestamptz,
  finished_at timestamptz,
  constraint tool_calls_turn_id_call_id_key unique (turn_id, call_id),
  constraint tool_calls_turn_id_fkey foreign key (turn_id) references public.chat_turns (id) on delete cascade,
  constraint tool_calls_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint tool_calls_kind_check check (kind in ('function', 'http', 'client', 'mcp')),
  constraint tool_calls_status_check check (
    status in ('pending', 'awaiting_client', 'awaiting_approval', 'running', 'complete', 'failed', 'denied')
  ),
  constraint tool_calls_finished_at_check
    check ((finished_at is not null) = (status in ('complete', 'failed', 'denied'))),
  constraint tool_calls_error_check check (status not in ('failed', 'denied') or error is not null)
);

comment on table public.tools is
  'What assistants can do. Operators add tools in migrations, with private.add_function_tool and its siblings.';
comment on column public.tools.slug is 'The name that the model sees.';
comment on column public.tools.kind is
  'Who runs it: a function of this database, an HTTP address, the client, or OpenAI (mcp, provider).';
comment on column public.tools.parameters is 'The JSON Schema of the arguments. Null if OpenAI runs the tool.';
comment on column public.tools.is_strict is 'Whether OpenAI holds the model to the schema.';
comment on column public.tools.needs_approval is 'The user must approve each call before it runs.';
comment on column public.tools.timeout_ms is 'Milliseconds that a call of an http tool may take.';
comment on column public.tools.max_calls is 'The most calls of this tool in a turn.';
comment on column public.tools.required_plan is 'The lowest plan that may use the tool. Null means every plan.';
comment on table private.tool_targets is
  'Where tools run: the function with its argument types, or the URL, the name of its secret in Vault, and for '
  'OpenAI''s tools the definition.';
comment on table private.tool_types is
  'The types that arguments of function tools may have, as format_type names them, and their JSON Schema. Add a row '
  'to allow another type.';
comment on table public.assistant_tools is 'Which assistant has which tools.';
comment on table public.tool_calls is
  'The calls of tools in a turn. They are deleted with their turn. Only service RPCs write them.';
comment on column public.tool_calls.call_id is 'OpenAI''s id of the call, unique in the turn.';
comment on column public.tool_calls.kind is 'The kind of the tool; function if there is no such tool.';
comment on column public.tool_calls.arguments is 'What the model sent. Null if it was not valid JSON.';
comment on column public.tool_calls.error is
  'Why the call failed or was denied, as one sentence that the model is told.';
comment on column public.tool_calls.reason is 'The reason that the user gave for approving or denying the call.';
comment on column public.tool_calls.step is 'The response of the turn that made the call, from 1.';
comment on column public.tool_calls.position is 'The place of the call in its step.';
comment on column public.tool_calls.attempts is 'How often an http tool was called.';

create trigger tools_touch before update on public.tools for each row execute function private.touch_updated_at();

alter table public.tools enable row level security;
alter table public.assistant_tools enable row level security;
alter table public.tool_calls enable row level security;
alter table private.tool_targets enable row level security;
alter table private.tool_types enable row level security;

-- Clients need these columns to validate stored messages and to show what a call does. Nothing in them is secret.
grant select (slug, kind, description, parameters, needs_approval) on public.tools to authenticated;
grant select on public.assistant_tools, public.tool_calls to authenticated;
grant select on public.tools, public.assistant_tools to service_role;
grant select, insert, update, delete on public.tool_calls to service_role;

create policy tools_select_active on public.tools for select to authenticated using (is_active);
create policy assistant_tools_select_all on public.assistant_tools for select to authenticated using (true);
create policy tool_calls_select_own on public.tool_calls
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Serve the foreign keys; the second also serves the export.
create index tools_required_plan_idx on public.tools (required_plan);
create index assistant_tools_tool_slug_idx on public.assistant_tools (tool_slug);
create index tool_calls_session_id_user_id_id_idx on public.tool_calls (session_id, user_id, id);
-- Finds the calls that wait for their client.
create index tool_calls_waiting_idx on public.tool_calls (created_at)
  where status in ('awaiting_client', 'awaiting_approval');
create index chat_turns_waiting_idx on public.chat_turns (session_id) where status = 'waiting';
