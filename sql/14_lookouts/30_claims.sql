-- Which lookouts run now: by hand, on schedule, after an interruption.

create function private.run_lookout_now(auth_user_id uuid, lookout_id uuid)
returns public.lookout_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id);
  lookout public.lookouts := private.lock_lookout(lookout_id, profile_id);
  run public.lookout_runs;
begin
  if lookout.next_run_at is null then
    perform private.refuse(
      409, 'lookout_not_active',
      'A paused or archived lookout does not run. Resume the lookout first.'
    );
  end if;
  if lookout.lease_until is not null then
    perform private.refuse(409, 'lookout_running', 'This lookout is already running. Wait until the run is complete.');
  end if;

  update public.lookouts l
  set status = 'running', lease_until = now() + private.lookout_lease()
  where l.id = lookout.id;
  insert into public.lookout_runs (lookout_id, user_id, scheduled_at)
  values (lookout.id, lookout.user_id, clock_timestamp())
  returning * into run;
  return run;
end
$$;
comment on function private.run_lookout_now(uuid, uuid) is
  'Claims a run beside the schedule. Definer: the functions of profiles are not granted.';
grant execute on function private.run_lookout_now(uuid, uuid) to service_role;

create function public.run_lookout_now(auth_user_id uuid, lookout_id uuid)
returns public.lookout_runs
language sql
security invoker
set search_path = ''
as $$
  select private.run_lookout_now(auth_user_id, lookout_id)
$$;
comment on function public.run_lookout_now(uuid, uuid) is
  'Service RPC of the lookouts function: a run that the user asks for, claimed by the caller. 409 lookout_running or lookout_not_active.';
grant execute on function public.run_lookout_now(uuid, uuid) to service_role;

create function private.claim_interrupted_runs(max_count integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  run_ids uuid[];
begin
  -- No run goes on: whoever took a time that had run already died before it moved the lookout on. Its time is left as it
  -- is, and due again.
  update public.lookouts l
  set lease_until = null, status = case when l.status = 'running' then 'active' else l.status end
  where l.id in (
    select i.id
    from public.lookouts i
    where i.lease_until <= now()
      and not exists (select from public.lookout_runs r where r.lookout_id = i.id and r.status = 'running')
    for no key update skip locked
  );
  with lapsed as (
    select l.id
    from public.lookouts l
    where l.lease_until <= now()
    order by l.lease_until
    limit max_count
    for no key update skip locked
  ),
  claimed as (
    update public.lookouts l
    set lease_until = now() + private.lookout_lease()
    from lapsed
    where l.id = lapsed.id
    returning l.id, l.user_id
  ),
  runs as (
    update public.lookout_runs r
    set attempts = r.attempts + 1
    from claimed c
    where r.lookout_id = c.id and r.user_id = c.user_id and r.status = 'running'
    returning r.id
  )
  select coalesce(array_agg(runs.id), '{}') into run_ids from runs;
  return run_ids;
end
$$;
comment on function private.claim_interrupted_runs(integer) is
  'Takes over runs whose lease has run out: their function died, or they had to wait. A lease without a run is let go.';
grant execute on function private.claim_interrupted_runs(integer) to service_role;

create function private.claim_scheduled_runs(max_count integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  run_ids uuid[];
begin
  with due as (
    select l.id
    from public.lookouts l
    where l.status = 'active' and l.next_run_at <= now() and l.lease_until is null
    order by l.next_run_at
    limit max_count
    for no key update skip locked
  ),
  claimed as (
    update public.lookouts l
    set status = 'running', lease_until = now() + private.lookout_lease()
    from due
    where l.id = due.id
    returning l.id, l.user_id, l.next_run_at
  ),
  runs as (
    -- A time that has run already is claimed too: the lookout is to be moved on, and the run stays as it is.
    insert into public.lookout_runs as r (lookout_id, user_id, scheduled_at)
    select c.id, c.user_id, c.next_run_at from claimed c
    on conflict on constraint lookout_runs_lookout_id_user_id_scheduled_at_key do update
    set attempts = r.attempts + 1
    returning r.id
  )
  select coalesce(array_agg(runs.id), '{}') into run_ids from runs;
  return run_ids;
end
$$;
comment on function private.claim_scheduled_runs(integer) is 'Makes the runs of lookouts that are due.';
grant execute on function private.claim_scheduled_runs(integer) to service_role;

create function public.claim_due_lookouts(max_count integer)
returns table (
  run_id uuid, lookout_id uuid, scheduled_at timestamptz, frequency text, cron_schedule text, timezone text
)
language plpgsql
security invoker
set search_path = ''
as $$
declare
  run_ids uuid[] := private.claim_interrupted_runs(max_count);
begin
  run_ids := run_ids || private.claim_scheduled_runs(max_count - cardinality(run_ids));
  return query
  select r.id, l.id, r.scheduled_at, l.frequency, l.cron_schedule, l.timezone
  from public.lookout_runs r
  join public.lookouts l on l.id = r.lookout_id
  where r.id = any (run_ids);
end
$$;
comment on function public.claim_due_lookouts(integer) is
  'Service RPC of the lookouts function: runs that are due or were interrupted, each to one caller until its lease runs out.';
grant execute on function public.claim_due_lookouts(integer) to service_role;

create function public.count_due_lookouts()
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select count(*)::integer
  from public.lookouts l
  where (l.status = 'active' and l.next_run_at <= now()) or l.lease_until is not null
$$;
comment on function public.count_due_lookouts() is
  'Service RPC of the lookouts function: what is due or goes on.';
grant execute on function public.count_due_lookouts() to service_role;
