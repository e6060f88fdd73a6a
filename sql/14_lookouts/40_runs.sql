-- The start of a run. Each run is a turn in a chat session of its own.

create function private.open_run_session(run public.lookout_runs, lookout public.lookouts)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  new_id uuid;
begin
  insert into public.chat_sessions (user_id, assistant_slug, title)
  values (lookout.user_id, lookout.assistant_slug, lookout.title)
  returning id into new_id;
  update public.lookout_runs r
  set session_id = new_id, turn_started_at = now()
  where r.id = run.id;
  return new_id;
end
$$;
comment on function private.open_run_session(public.lookout_runs, public.lookouts) is
  'Creates the chat session of a run.';

create function private.check_run(run public.lookout_runs, lookout public.lookouts)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if run.attempts > 5 then
    perform private.refuse(
      503, 'run_abandoned',
      'The run was started several times and never completed. Run the lookout again, or contact support.'
    );
  end if;
  perform private.require_active(run.user_id);
  if lookout.status not in ('active', 'running') then
    perform private.refuse(
      409, 'lookout_not_active',
      'The lookout was paused or archived before the run started. Resume the lookout first.'
    );
  end if;
  -- After a downgrade the oldest lookouts keep running.
  perform private.require_lookout_limit(run.user_id, lookout);
end
$$;
comment on function private.check_run(public.lookout_runs, public.lookouts) is
  'Refuses a run that may not start. The checks of start_turn follow.';

create function private.start_lookout_run(run_id uuid, next_run_at timestamptz)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.lookout_runs;
  lookout public.lookouts;
  login uuid;
begin
  select * into run from public.lookout_runs r where r.id = run_id;
  if run.id is null or run.turn_started_at is not null then
    return null;
  end if;
  -- Locks the profile first, as create_lookout does.
  select p.auth_id into login from public.profiles p where p.id = run.user_id for no key update;
  select * into run from public.lookout_runs r where r.id = run_id for no key update;
  if run.id is null or run.status <> 'running' or run.turn_started_at is not null then
    return null;
  end if;
  select * into lookout from public.lookouts l where l.id = run.lookout_id;
  perform private.check_run(run, lookout);
  update public.lookout_runs r set next_run_at = start_lookout_run.next_run_at where r.id = run.id;
  -- From here on the end of the turn ends the run. run_ending gives up after this time.
  update public.lookouts l set lease_until = now() + interval '1 hour' where l.id = lookout.id;

  return private.start_turn(login, private.open_run_session(run, lookout), run.id::text, lookout.prompt,
    jsonb_build_array(jsonb_build_object('type', 'text', 'text', lookout.prompt)), null, false, true, '{}');
end
$$;
comment on function private.start_lookout_run(uuid, timestamptz) is
  'Creates the session and the message of a run and charges it, in one transaction. A refusal leaves nothing behind, '
  'and a run starts only once. Definer: the functions of turns are not granted.';
grant execute on function private.start_lookout_run(uuid, timestamptz) to service_role;

create function public.start_lookout_run(run_id uuid, next_run_at timestamptz default null)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_lookout_run(run_id, next_run_at)
$$;
comment on function public.start_lookout_run(uuid, timestamptz) is
  'Service RPC of the lookouts function: starts the turn of a claimed run and returns it as start_turn does. Returns '
  'null if nothing is left to start. Refuses as start_turn does; 402 lookout_limit_reached after a downgrade, 503 '
  'run_abandoned after 5 attempts.';
grant execute on function public.start_lookout_run(uuid, timestamptz) to service_role;
