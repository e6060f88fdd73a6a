-- The list of schedules. On Supabase, pg_cron has a job for each row. Locally, the scheduler of the stack reads the
-- list.

create table private.schedules (
  name text primary key,
  cron text not null,
  function_path text,
  sql_function text,
  body jsonb not null default '{}',
  is_enabled boolean not null default true,
  last_run_at timestamptz,
  last_status text,
  request_id bigint,
  constraint schedules_name_check check (name ~ '^[a-z][a-z0-9-]{0,49}$'),
  constraint schedules_target_check check (num_nonnulls(function_path, sql_function) = 1),
  constraint schedules_function_path_check check (function_path ~ '^[a-z][a-z0-9-]*(/[a-z0-9-]+)*$'),
  constraint schedules_sql_function_check check (sql_function ~ '^[a-z][a-z0-9_]*$')
);

comment on table private.schedules is
  'Scheduled work: an edge function, called with the secret key, or a function of schema private.';
comment on column private.schedules.cron is 'Five fields, in UTC.';
comment on column private.schedules.function_path is 'Path below /functions/v1. The request is a POST with body.';
comment on column private.schedules.sql_function is
  'Name of a function of schema private that takes no arguments and returns boolean: true asks for another call.';
comment on column private.schedules.last_status is
  'ok, or one word for the failure: an HTTP status, a SQLSTATE, unreachable, timeout, no_answer, unfinished, '
  'not_configured.';
comment on column private.schedules.request_id is
  'A pg_net request whose response has not been read yet. Until then last_status belongs to the request before.';

create function private.record_schedule_run(schedule_name text, status text)
returns void
language sql
set search_path = ''
as $$
  update private.schedules s
  set last_run_at = now(), last_status = status, request_id = null
  where s.name = schedule_name
$$;
comment on function private.record_schedule_run(text, text) is 'Stores when a schedule ran and how the run ended.';

create function private.run_sql_schedule(schedule_name text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  target text := (select s.sql_function from private.schedules s where s.name = schedule_name);
  is_more boolean;
  status text;
begin
  -- Allows one run at a time. The lock holds for this call only; another caller may continue the run between two calls.
  if target is null or not pg_try_advisory_xact_lock(hashtextextended('private.schedules:' || schedule_name, 0)) then
    return false;
  end if;
  begin
    execute format('select private.%I()', target) into is_more;
    if is_more is null then
      raise null_value_not_allowed;
    end if;
    status := case
      when not is_more then 'ok'
      -- Supabase ends a statement after two minutes, and a run with all its calls is one statement.
      when clock_timestamp() > statement_timestamp() + interval '90 seconds' then 'unfinished'
    end;
  exception when others then
    status := sqlstate;
  end;
  if status is not null then
    perform private.record_schedule_run(schedule_name, status);
  end if;
  return status is null;
end
$$;
comment on function private.run_sql_schedule(text) is
  'Calls the function of a schedule once. Returns true if it has to be called again; otherwise it records how the run '
  'ended. Called by the statement of sql_schedule_command.';

-- A DO block: a procedure with SET cannot COMMIT.
create function private.sql_schedule_command(schedule_name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format('do $run$begin while private.run_sql_schedule(%L) loop commit; end loop; end$run$', schedule_name)
$$;
comment on function private.sql_schedule_command(text) is
  'The statement that runs a schedule of an SQL function to its end, each call in a transaction of its own. pg_cron '
  'and the local scheduler run it outside a transaction.';

create function private.read_http_results()
returns table (name text, status text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_use_schema('net') then
    return;
  end if;
  return query
  select s.name, case
    when r.status_code between 200 and 299 then 'ok'
    when r.status_code is not null then r.status_code::text
    when r.timed_out then 'timeout'
    else 'unreachable'
  end
  from private.schedules s
  -- Uses the existing index on created: a response is never older than its request.
  join net._http_response r on r.id = s.request_id and r.created >= s.last_run_at
  where s.request_id is not null;
end
$$;
comment on function private.read_http_results() is
  'Results of pg_net requests that no schedule has stored yet. Called at every run, and by npm run schedules.';

create function private.collect_http_results()
returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.schedules s
  set last_status = r.status, request_id = null
  from private.read_http_results() r
  where s.name = r.name;
  -- Two minutes is longer than a request may take: pg_net does not work, or the server crashed and lost its responses.
  update private.schedules s
  set last_status = 'no_answer', request_id = null
  where s.request_id is not null and s.last_run_at < now() - interval '2 minutes';
end
$$;
comment on function private.collect_http_results() is
  'Stores results of pg_net in their schedules. Every run of any schedule calls it, because the response to a daily '
  'request is deleted before the next day.';

create function private.read_vault(secret_name text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_use_schema('vault') then
    return null;
  end if;
  return (select nullif(v.decrypted_secret, '') from vault.decrypted_secrets v where v.name = secret_name);
end
$$;
comment on function private.read_vault(text) is
  'A secret of Supabase Vault; null if the secret or Vault does not exist.';

create function private.run_function_schedule(schedule_name text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  functions_url text := private.read_vault('parley_functions_url');
  secret_key text := private.read_vault('parley_secret_key');
  target private.schedules;
  request bigint;
begin
  -- Runs wait for each other for a moment, because each run stores the results of all schedules.
  perform pg_advisory_xact_lock(hashtextextended('private.run_function_schedule', 0));
  perform private.collect_http_results();
  select * into target from private.schedules s where s.name = schedule_name and s.function_path is not null;
  -- A second call would repeat the work of a call that is still running.
  if target.name is null or target.request_id is not null then
    return;
  end if;
  if functions_url is null or secret_key is null or not private.can_use_schema('net') then
    perform private.record_schedule_run(schedule_name, 'not_configured');
    return;
  end if;
  -- The key is not a token: the gateway would refuse it in the Authorization header.
  request := net.http_post(
    url => rtrim(functions_url, '/') || '/' || target.function_path,
    body => target.body,
    headers => jsonb_build_object('apikey', secret_key, 'content-type', 'application/json'),
    timeout_milliseconds => 90000
  );
  update private.schedules s set last_run_at = now(), request_id = request where s.name = schedule_name;
exception when others then
  perform private.record_schedule_run(schedule_name, sqlstate);
end
$$;
comment on function private.run_function_schedule(text) is
  'Lets pg_net call the edge function of a schedule, with URL and secret key from Vault. Called by pg_cron. The next '
  'run of any schedule reads the response.';

create function private.sync_cron_jobs()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  wanted record;
  changed integer := 0;
begin
  if not private.can_use_schema('cron') then
    return null;
  end if;
  for wanted in
    select s.job_name, s.cron, s.command, j.jobid
    from (
      select 'parley:' || e.name as job_name, e.cron, case
        when e.function_path is null then private.sql_schedule_command(e.name)
        else format('select private.run_function_schedule(%L)', e.name)
      end as command
      from private.schedules e
      where e.is_enabled
    ) s
    full join (
      select c.jobid, c.jobname::text as job_name, c.schedule, c.command
      from cron.job c
      where starts_with(c.jobname::text, 'parley:') and c.username = current_user::text
    ) j on j.job_name = s.job_name
    where (s.cron, s.command) is distinct from (j.schedule, j.command)
  loop
    if wanted.job_name is null then
      perform cron.unschedule(wanted.jobid);
    else
      perform cron.schedule(wanted.job_name, wanted.cron, wanted.command);
    end if;
    changed := changed + 1;
  end loop;
  return changed;
end
$$;
comment on function private.sync_cron_jobs() is
  'Makes the pg_cron jobs named parley:… equal to the list. Returns how many differed, null without pg_cron. Called '
  'by the trigger, and by hand after pg_cron is installed. Definer: a job runs as the role that creates it.';

create function private.follow_schedules()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.sync_cron_jobs();
  return null;
end
$$;
comment on function private.follow_schedules() is 'Trigger: updates the jobs of pg_cron after the list changed.';

create trigger schedules_follow_insert_delete
  after insert or delete on private.schedules
  for each statement execute function private.follow_schedules();
create trigger schedules_follow_update
  after update of name, cron, function_path, sql_function, is_enabled on private.schedules
  for each statement execute function private.follow_schedules();

alter table private.schedules enable row level security;

-- Supabase offers both extensions and lets role postgres create them. Elsewhere they may be missing or need another
-- role.
do $$
declare
  wanted record;
begin
  for wanted in
    select a.name, case a.name when 'pg_cron' then 'pg_catalog' else 'extensions' end as schema_name
    from pg_available_extensions a
    where a.name in ('pg_cron', 'pg_net') and a.installed_version is null
  loop
    begin
      execute format('create extension %I with schema %I', wanted.name, wanted.schema_name);
    exception when others then
      raise notice '% is not installed here (%). When it is: select private.sync_cron_jobs();', wanted.name, sqlerrm;
    end;
  end loop;
end
$$;

insert into private.schedules (name, cron, function_path)
values
  ('lookouts', '* * * * *', 'lookouts/run'),
  ('turn-recovery', '* * * * *', 'turn-recovery'),
  ('vector-store-cleanup', '*/15 * * * *', 'vector-store-cleanup');
insert into private.schedules (name, cron, sql_function)
values
  ('finish-account-deletions', '* * * * *', 'settle_account_deletions'),
  ('refresh-entitlements', '*/5 * * * *', 'refresh_entitlements'),
  -- Once a day; the runs of the same hour continue what a run left unfinished.
  ('retention', '*/10 3 * * *', 'run_retention');

-- Realtime sends changes of published tables to users whose policies let them read the row. The publication may not
-- exist.
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
