-- Chooses the runs to start: asked for by the user, due by schedule, or interrupted.

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
  'Claims a run that the user asks for, outside the schedule. Definer: the functions of profiles are not granted.';
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
  'Service RPC of the lookouts function: creates a run that the user asks for, claimed by the calling function. 409 '
  'lookout_running or lookout_not_active.';
grant execute on function public.run_lookout_now(uuid, uuid) to service_role;

create function private.claim_interrupted_runs(max_count integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  run_ids uuid[];
begin
  -- These lookouts have no running run. A function claimed a time that had already run, and died before it set the next
  -- time. The time stays as it is and is due again.
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
  'Takes over runs whose lease has expired: their function died, or they had to wait. Releases a lease without a run.';
grant execute on function private.claim_interrupted_runs(integer) to service_role;

create function private.claim_scheduled_runs(max_count integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  run_ids uuid[];
begin
  -- Claims wait for each other for a moment. Two at the same time would choose the same lookouts, and one would get
  -- none.
  perform pg_advisory_xact_lock(hashtextextended('private.claim_scheduled_runs', 0));
  with waiting as (
    -- The limit keeps a claim short, however many wait.
    select l.id, l.user_id, l.next_run_at
    from public.lookouts l
    where l.status = 'active' and l.next_run_at <= now() and l.lease_until is null
    order by l.next_run_at
    limit 5000
  ),
  ranked as (
    select w.id, w.next_run_at,
      exists (select from public.lookouts r where r.user_id = w.user_id and r.lease_until is not null) as has_running,
      row_number() over (partition by w.user_id order by w.next_run_at) as position
    from waiting w
  ),
  -- Users without a running lookout come first, and one lookout of each before the second of anyone. Many lookouts of
  -- one user therefore do not delay another user's.
  fair as (
    select r.id from ranked r order by r.has_running, r.position, r.next_run_at limit max_count
  ),
  due as (
    select l.id
    from public.lookouts l
    where l.id in (select f.id from fair f)
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
    -- Claims a time that has already run too, so that the lookout gets its next time. The run itself stays as it is.
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
comment on function private.claim_scheduled_runs(integer) is
  'Creates and claims runs of due lookouts, in turn for each user.';
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
  'Service RPC of the lookouts function: claims due and interrupted runs. Each run belongs to one caller until its '
  'lease expires.';
grant execute on function public.claim_due_lookouts(integer) to service_role;

create function private.count_due_lookouts(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select least(max_count, count(*))::integer
  from (
    (
      select from public.lookouts l
      where l.status = 'active' and l.next_run_at <= now() and l.lease_until is null
      limit max_count
    )
    union all
    (select from public.lookouts l where l.lease_until <= now() limit max_count)
  ) due
$$;
comment on function private.count_due_lookouts(integer) is
  'Counts lookouts that are due or were interrupted, up to max_count. The dispatcher calls it.';
