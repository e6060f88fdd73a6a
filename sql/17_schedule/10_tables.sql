-- The list of schedules. On Supabase, pg_cron has a job for each row. Locally, the scheduler of the stack reads the
-- list.

create table private.schedules (
  name text primary key,
  cron text not null,
  function_path text,
  sql_function text,
  body jsonb not null default '{}',
  due_function text,
  per_call integer not null default 1,
  max_parallel integer not null default 1,
  is_enabled boolean not null default true,
  last_run_at timestamptz,
  last_status text,
  last_failure text,
  last_failed_at timestamptz,
  constraint schedules_name_check check (name ~ '^[a-z][a-z0-9-]{0,49}$'),
  constraint schedules_target_check check (num_nonnulls(function_path, sql_function) = 1),
  constraint schedules_function_path_check check (function_path ~ '^[a-z][a-z0-9-]*(/[a-z0-9-]+)*$'),
  constraint schedules_sql_function_check check (sql_function ~ '^[a-z][a-z0-9_]*$'),
  constraint schedules_due_function_check check (due_function ~ '^[a-z][a-z0-9_]*$'),
  constraint schedules_per_call_check check (per_call > 0),
  constraint schedules_max_parallel_check check (max_parallel between 1 and 100)
);

create table private.schedule_calls (
  id bigint generated always as identity primary key,
  schedule_name text not null,
  called_at timestamptz not null default now(),
  request_id bigint,
  asks_again boolean,
  constraint schedule_calls_schedule_name_fkey foreign key (schedule_name)
    references private.schedules (name) on update cascade on delete cascade
);

comment on table private.schedules is
  'Scheduled work: an edge function, called with the secret key, or a function of schema private.';
comment on column private.schedules.cron is 'Five fields, in UTC.';
comment on column private.schedules.function_path is
  'Path below /functions/v1. The request is a POST with body and call_id.';
comment on column private.schedules.sql_function is
  'Name of a function of schema private that takes no arguments and returns boolean: true asks for another call.';
comment on column private.schedules.due_function is
  'Name of a function of schema private that counts the work that is due, up to its argument. Null: each run makes one '
  'call.';
comment on column private.schedules.per_call is 'How much of the due work one call of the edge function does.';
comment on column private.schedules.max_parallel is 'The most calls of the edge function at the same time.';
comment on column private.schedules.last_status is
  'ok, or one word for the failure: an HTTP status, a SQLSTATE, unreachable, timeout, no_answer, unfinished, '
  'not_configured.';
comment on column private.schedules.last_failure is
  'The status of the last failure. It stays after a later run has succeeded.';
comment on table private.schedule_calls is 'The calls of edge functions whose end is not known yet.';
comment on column private.schedule_calls.request_id is 'The request of pg_net. Null for a call of the local scheduler.';
comment on column private.schedule_calls.asks_again is
  'Null while the function works. Then true if it did some of the due work, so that the rest is looked for at once.';

alter table private.schedules enable row level security;
alter table private.schedule_calls enable row level security;

-- Serves the foreign key, and the count of the calls of a schedule.
create index schedule_calls_schedule_name_idx on private.schedule_calls (schedule_name);

create function private.record_schedule_run(schedule_name text, status text)
returns void
language sql
set search_path = ''
as $$
  update private.schedules s
  set last_run_at = now(),
      last_status = status,
      last_failure = case when status in ('ok', 'unfinished') then s.last_failure else status end,
      last_failed_at = case when status in ('ok', 'unfinished') then s.last_failed_at else now() end
  where s.name = schedule_name
$$;
comment on function private.record_schedule_run(text, text) is 'Stores when a schedule ran and how the run ended.';
