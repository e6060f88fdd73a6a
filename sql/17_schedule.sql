-- What runs by the clock: one list, for whoever keeps the clock. The scheduler of the local stack reads it.

create table private.schedules (
  name text primary key,
  cron text not null,
  function_path text,
  sql_function text,
  body jsonb not null default '{}',
  is_enabled boolean not null default true,
  last_run_at timestamptz,
  last_status text,
  constraint schedules_name_check check (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  constraint schedules_target_check check (num_nonnulls(function_path, sql_function) = 1),
  constraint schedules_function_path_check check (function_path ~ '^[a-z][a-z0-9-]*(/[a-z0-9-]+)*$'),
  constraint schedules_sql_function_check check (sql_function ~ '^[a-z][a-z0-9_]*$')
);

comment on table private.schedules is
  'What runs by the clock: an edge function, called with the secret key, or a function of schema private.';
comment on column private.schedules.cron is 'Five fields, in UTC.';
comment on column private.schedules.function_path is 'Path below /functions/v1, posted to with body.';
comment on column private.schedules.sql_function is 'Name of a function of schema private without arguments.';
comment on column private.schedules.last_status is 'ok, or what went wrong in one word: an HTTP status, a SQLSTATE, unreachable.';

create function private.record_schedule_run(schedule_name text, status text)
returns void
language sql
set search_path = ''
as $$
  update private.schedules s
  set last_run_at = now(), last_status = status
  where s.name = schedule_name
$$;
comment on function private.record_schedule_run(text, text) is 'Leaves on a schedule when it ran and how that ended.';

create function private.run_sql_schedule(schedule_name text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  target text := (select s.sql_function from private.schedules s where s.name = schedule_name);
begin
  execute format('select private.%I()', target);
  perform private.record_schedule_run(schedule_name, 'ok');
exception when others then
  perform private.record_schedule_run(schedule_name, sqlstate);
end
$$;
comment on function private.run_sql_schedule(text) is
  'Runs the SQL function of a schedule and records how it ended. Called by whoever keeps the clock.';

alter table private.schedules enable row level security;

insert into private.schedules (name, cron, function_path)
values
  ('turn-recovery', '* * * * *', 'turn-recovery'),
  ('vector-store-cleanup', '*/15 * * * *', 'vector-store-cleanup');
insert into private.schedules (name, cron, sql_function)
values ('refresh-entitlements', '*/5 * * * *', 'refresh_entitlements');

-- Realtime sends changes of what is published here, to whom the policies let read the row. It may be absent.
do $$
declare
  wanted text;
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables) then
    return;
  end if;
  foreach wanted in array array['chat_sessions', 'chat_messages'] loop
    if not exists (
      select from pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = wanted
    ) then
      execute format('alter publication supabase_realtime add table public.%I', wanted);
    end if;
  end loop;
exception when insufficient_privilege then
  raise notice 'supabase_realtime belongs to somebody else: add chat_sessions and chat_messages there by hand.';
end
$$;
