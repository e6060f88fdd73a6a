-- Schedules that call a function of the database.

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
