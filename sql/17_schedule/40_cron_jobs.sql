-- Keeps the jobs of pg_cron equal to the list of schedules.

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
