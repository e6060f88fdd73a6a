-- The end of a run: how it ended, the next time of its lookout, and another start after a failure that passes.

create function private.run_error(status text, code text, message text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('status', status, 'code', code, 'message', message)
$$;
comment on function private.run_error(text, text, text) is 'The ending of a run that did not complete.';

create function private.run_ending(run public.lookout_runs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  reply public.chat_messages;
begin
  if run.turn_started_at is null then
    return null;
  end if;
  if run.session_id is null then
    return private.run_error(
      'failed', 'session_deleted',
      'The chat was deleted while the reply was written. Run the lookout again.'
    );
  end if;
  select * into question
  from public.chat_messages m
  where m.session_id = run.session_id and m.client_id = run.id::text;
  reply := private.reply_to(question);

  if reply.status = 'streaming' then
    -- Recovery settles every turn long before this.
    return case when run.turn_started_at < now() - interval '1 hour' then
      private.run_error(
        'failed', 'run_abandoned',
        'The reply was never completed. Run the lookout again, or contact support.'
      )
    end;
  end if;
  if reply.status = 'failed' then
    return private.run_error('failed', coalesce(reply.error ->> 'code', 'internal'),
      coalesce(reply.error ->> 'message', 'Something went wrong on our side. Try again, or contact support.'));
  end if;
  return jsonb_build_object('status', 'complete');
end
$$;
comment on function private.run_ending(public.lookout_runs) is
  'How the turn of a run ended. Null while the turn is running, or if it has not started.';

create function private.lock_run(run_id uuid)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.lookout_runs;
begin
  select * into run from public.lookout_runs r where r.id = run_id;
  -- Locks session, lookout and run in the order in which the deletion of a session reaches them.
  perform from public.chat_sessions s where s.id = run.session_id for update;
  perform from public.lookouts l where l.id = run.lookout_id for no key update;
  select * into run from public.lookout_runs r where r.id = run_id for no key update;
  return run;
end
$$;
comment on function private.lock_run(uuid) is
  'Returns a run and locks it with its lookout and session; null if the run is gone.';

create function private.release_lookout(run public.lookout_runs, next_run_at timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- If the lookout was paused, archived or edited meanwhile, next_run_at differs and only the lease ends.
  update public.lookouts l
  set lease_until = null,
      status = case
        when l.next_run_at = run.scheduled_at and l.frequency = 'once' then 'archived'
        when l.next_run_at = run.scheduled_at and release_lookout.next_run_at is null then 'paused'
        when l.status = 'running' then 'active'
        else l.status
      end,
      next_run_at = case
        when l.next_run_at <> run.scheduled_at then l.next_run_at
        when l.next_run_at = run.scheduled_at and l.frequency <> 'once' then release_lookout.next_run_at
      end,
      last_run_at = case
        when run.status = 'skipped' then l.last_run_at
        else coalesce(run.finished_at, l.last_run_at)
      end,
      last_run_session_id = case when run.status = 'skipped' then l.last_run_session_id else run.session_id end
  where l.id = run.lookout_id
$$;
comment on function private.release_lookout(public.lookout_runs, timestamptz) is
  'Ends the lease of a lookout after a run and sets its next time. A lookout that runs once is archived.';

create function private.trim_runs(lookout_id uuid, user_id uuid)
returns void
language sql
set search_path = ''
as $$
  delete from public.lookout_runs r
  where r.lookout_id = trim_runs.lookout_id
    and r.user_id = trim_runs.user_id
    and r.status <> 'running'
    and r.scheduled_at < (
      select k.scheduled_at
      from public.lookout_runs k
      where k.lookout_id = trim_runs.lookout_id and k.user_id = trim_runs.user_id
      order by k.scheduled_at desc
      offset 99
      limit 1
    )
$$;
comment on function private.trim_runs(uuid, uuid) is
  'Keeps the last 100 runs of a lookout. The caller holds the lock of the lookout, so concurrent writers wait.';

create function private.is_without_reply(session_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.chat_sessions s
    where s.id = is_without_reply.session_id
      and s.message_count <= 2
      and not exists (
        select from public.chat_messages m
        where m.session_id = s.id and m.user_id = s.user_id and m.sender = 'assistant' and m.content <> ''
      )
  )
$$;
comment on function private.is_without_reply(uuid) is
  'True for the chat of a run that has no reply text, and that the user has not continued.';

create function private.repeat_run(run public.lookout_runs, ending jsonb)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  repeated public.lookout_runs;
begin
  if coalesce(ending ->> 'code', '') not in ('provider_busy', 'provider_error', 'provider_timeout')
    or run.attempts not between 1 and 4
    or not private.is_without_reply(run.session_id)
  then
    return null;
  end if;
  update public.lookout_runs r
  set session_id = null, turn_started_at = null
  where r.id = run.id
  returning * into repeated;
  delete from public.chat_sessions s where s.id = run.session_id;
  update public.lookouts l
  set lease_until = now() + interval '1 minute' * 2 ^ run.attempts
  where l.id = run.lookout_id;
  return repeated;
end
$$;
comment on function private.repeat_run(public.lookout_runs, jsonb) is
  'Lets a run wait and start again if OpenAI failed for a reason that passes, and nothing was written: after 2, 4, 8 '
  'and 16 minutes. Its message was refunded. Returns null for other endings.';

create function private.settle_run(run public.lookout_runs, ending jsonb)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  ended public.lookout_runs;
begin
  if ending ->> 'status' = 'failed' then
    delete from public.chat_sessions s where s.id = run.session_id and private.is_without_reply(s.id);
  end if;
  update public.lookout_runs r
  set status = ending ->> 'status', error = nullif(ending - 'status', '{}'), finished_at = now()
  where r.id = run.id
  returning * into ended;
  return ended;
end
$$;
comment on function private.settle_run(public.lookout_runs, jsonb) is
  'Records how a run ended. A failed run leaves no session without a reply.';

create function private.settle_lookout_run(run_id uuid, next_run_at timestamptz, outcome jsonb)
returns public.lookout_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.lookout_runs := private.lock_run(run_id);
  ending jsonb := coalesce(private.run_ending(run), outcome);
  repeated public.lookout_runs;
begin
  if run.id is null then
    return null;
  end if;
  if run.status = 'running' and ending is null then
    update public.lookout_runs r set attempts = greatest(0, r.attempts - 1) where r.id = run.id;
    update public.lookouts l set lease_until = now() + interval '1 minute' where l.id = run.lookout_id;
    return run;
  end if;
  if run.status = 'running' then
    repeated := private.repeat_run(run, ending);
    if repeated.id is not null then
      return repeated;
    end if;
    run := private.settle_run(run, ending);
  elsif exists (select from public.lookout_runs r where r.lookout_id = run.lookout_id and r.status = 'running') then
    -- The run ended earlier. The lookout's lease now belongs to another run.
    return run;
  end if;
  perform private.release_lookout(run, coalesce(settle_lookout_run.next_run_at, run.next_run_at));
  perform private.trim_runs(run.lookout_id, run.user_id);
  return run;
end
$$;
comment on function private.settle_lookout_run(uuid, timestamptz, jsonb) is
  'Settles a run once and sets the next time of its lookout. Definer: the functions of turns are not granted.';
grant execute on function private.settle_lookout_run(uuid, timestamptz, jsonb) to service_role;

create function public.settle_lookout_run(run_id uuid, next_run_at timestamptz default null, outcome jsonb default null)
returns public.lookout_runs
language sql
security invoker
set search_path = ''
as $$
  select private.settle_lookout_run(run_id, next_run_at, outcome)
$$;
comment on function public.settle_lookout_run(uuid, timestamptz, jsonb) is
  'Service RPC of the lookouts function: records how a run ended, from its turn or else from outcome (status, code, '
  'message). Sets the next time unless the lookout was changed meanwhile. A returned status of running means that '
  'OpenAI still writes the reply.';
grant execute on function public.settle_lookout_run(uuid, timestamptz, jsonb) to service_role;

create function public.defer_lookout_run(run_id uuid, until timestamptz)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.lookouts l
  set lease_until = until
  from public.lookout_runs r
  where r.id = run_id
    and r.status = 'running'
    and r.started_at > now() - interval '1 hour'
    and l.id = r.lookout_id;
  if not found then
    return false;
  end if;
  update public.lookout_runs r set attempts = greatest(0, r.attempts - 1) where r.id = run_id;
  return true;
end
$$;
comment on function public.defer_lookout_run(uuid, timestamptz) is
  'Service RPC of the lookouts function: postpones a run that has to wait for a limit a minute. Returns false if the '
  'run has waited for an hour.';
grant execute on function public.defer_lookout_run(uuid, timestamptz) to service_role;

create function private.end_lookout_run()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.settle_lookout_run(r.id, null, null)
  from public.lookout_runs r
  where r.status = 'running'
    and case tg_table_name
      when 'chat_turns' then r.session_id = new.session_id
      -- A run that starts again has let its chat go itself.
      else r.id = new.id and r.turn_started_at is not null
    end;
  return null;
end
$$;
comment on function private.end_lookout_run() is
  'Trigger, at the commit: ends the run whose turn has just ended or whose chat was deleted. The transaction that '
  'settles the turn ends the run too, whoever settles it. Definer: settling is not granted.';

create constraint trigger chat_turns_end_lookout_run
  after update on public.chat_turns
  deferrable initially deferred
  for each row when (old.status = 'active' and new.status <> 'active')
  execute function private.end_lookout_run();
create constraint trigger lookout_runs_end_deleted
  after update on public.lookout_runs
  deferrable initially deferred
  for each row when (new.status = 'running' and old.session_id is not null and new.session_id is null)
  execute function private.end_lookout_run();

create function private.log_lookout_run()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'lookout_run',
    jsonb_build_object('lookout_id', new.lookout_id, 'run_id', new.id, 'status', new.status));
  return null;
end
$$;
comment on function private.log_lookout_run() is
  'Trigger: logs the end of a run as activity. Definer: private.log_activity is not granted.';

create trigger lookout_runs_log_end
  after update of status on public.lookout_runs
  for each row when (old.status = 'running' and new.status <> 'running')
  execute function private.log_lookout_run();
