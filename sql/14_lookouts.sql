-- Lookouts: prompts that run on a schedule, each run a turn in a chat session of its own.

create table public.lookouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  title text not null,
  prompt text not null,
  assistant_slug text not null,
  frequency text not null,
  cron_schedule text not null,
  timezone text not null,
  next_run_at timestamptz,
  status text not null default 'active',
  last_run_at timestamptz,
  last_run_session_id uuid,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint lookouts_id_user_id_key unique (id, user_id),
  constraint lookouts_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint lookouts_assistant_slug_fkey foreign key (assistant_slug)
    references public.assistants (slug) on update cascade,
  constraint lookouts_last_run_session_id_fkey foreign key (last_run_session_id, user_id)
    references public.chat_sessions (id, user_id) on delete set null (last_run_session_id),
  constraint lookouts_title_check check (char_length(title) between 1 and 200),
  constraint lookouts_prompt_check check (char_length(prompt) between 1 and 32000),
  constraint lookouts_frequency_check check (frequency in ('once', 'daily', 'weekly', 'monthly', 'yearly', 'cron')),
  constraint lookouts_cron_schedule_check check (char_length(cron_schedule) between 1 and 100),
  constraint lookouts_timezone_check check (char_length(timezone) between 1 and 64),
  constraint lookouts_status_check check (status in ('active', 'paused', 'archived', 'running')),
  constraint lookouts_next_run_at_check check ((status in ('paused', 'archived')) = (next_run_at is null))
);

create table public.lookout_runs (
  id uuid primary key default gen_random_uuid(),
  lookout_id uuid not null,
  user_id uuid not null,
  scheduled_at timestamptz not null,
  status text not null default 'running',
  session_id uuid,
  error jsonb,
  attempts integer not null default 1,
  started_at timestamptz not null default now(),
  turn_started_at timestamptz,
  finished_at timestamptz,
  -- One index serves the foreign key and the runs of a lookout by time, and makes a scheduled time one run.
  constraint lookout_runs_lookout_id_user_id_scheduled_at_key unique (lookout_id, user_id, scheduled_at),
  constraint lookout_runs_lookout_id_user_id_fkey foreign key (lookout_id, user_id)
    references public.lookouts (id, user_id) on delete cascade,
  constraint lookout_runs_session_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete set null (session_id),
  constraint lookout_runs_status_check check (status in ('running', 'complete', 'failed', 'skipped')),
  constraint lookout_runs_error_check check ((status in ('failed', 'skipped')) = (error is not null)),
  constraint lookout_runs_attempts_check check (attempts >= 0),
  constraint lookout_runs_finished_at_check check ((status = 'running') = (finished_at is null))
);

comment on table public.lookouts is
  'Prompts that run on a schedule. Written by the lookouts function only: it computes next_run_at.';
comment on column public.lookouts.cron_schedule is
  'Five fields in the timezone; for once the local time as YYYY-MM-DDTHH:MM:SS, or with Z an instant.';
comment on column public.lookouts.timezone is 'IANA name.';
comment on column public.lookouts.next_run_at is 'While a run goes on, the time that it was for, unless it was asked for by hand. Null while paused or archived.';
comment on column public.lookouts.status is 'running while a run goes on; paused and archived stay what they are meanwhile.';
comment on column public.lookouts.last_run_at is 'When a run last ended that was not skipped.';
comment on column public.lookouts.lease_until is 'While a run goes on: when another may take it over.';
comment on table public.lookout_runs is 'The last 100 runs of each lookout, one for each scheduled time.';
comment on column public.lookout_runs.scheduled_at is 'When it was due, or when it was asked for by hand.';
comment on column public.lookout_runs.error is 'Why a run was skipped or failed: code and message.';
comment on column public.lookout_runs.attempts is 'How often it was claimed; waiting for a limit or for a reply does not count.';
comment on column public.lookout_runs.turn_started_at is
  'Set with the session, in the transaction that charges: from then on the run is never started again.';

create function private.lookout_lease()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- A hosted function is ended after 150 seconds.
  select interval '3 minutes'
$$;
comment on function private.lookout_lease() is 'How long whoever claims a run has for it.';
grant execute on function private.lookout_lease() to service_role;

create function private.lookout_limit(profile_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
  select l.max_lookouts
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  where p.id = profile_id
$$;
comment on function private.lookout_limit(uuid) is 'How many lookouts a profile''s plan has; null is unlimited.';

create function private.require_lookout_limit(profile_id uuid, others bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_lookouts integer := private.lookout_limit(profile_id);
begin
  if others >= max_lookouts then
    perform private.refuse(402, 'lookout_limit_reached', jsonb_build_object('limit', max_lookouts),
      'Archive a lookout or upgrade the plan.');
  end if;
end
$$;
comment on function private.require_lookout_limit(uuid, bigint) is
  'Refuses with 402 when so many other lookouts leave no room for one more.';

create function private.create_lookout(auth_user_id uuid, title text, prompt text, assistant_slug text, frequency text,
  cron_schedule text, timezone text, next_run_at timestamptz)
returns public.lookouts
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id);
  lookout public.lookouts;
begin
  perform private.assistant_for_turn(assistant_slug, profile_id);
  perform private.require_lookout_limit(profile_id, (
    select count(*) from public.lookouts l where l.user_id = profile_id and l.status <> 'archived'
  ));
  insert into public.lookouts
    (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
  values (profile_id, create_lookout.title, create_lookout.prompt, create_lookout.assistant_slug,
    create_lookout.frequency, create_lookout.cron_schedule, create_lookout.timezone, create_lookout.next_run_at)
  returning * into lookout;
  return lookout;
end
$$;
comment on function private.create_lookout(uuid, text, text, text, text, text, text, timestamptz) is
  'A new lookout, if the account may act, its plan has the assistant, and has room. Definer: the functions of turns are not granted.';
grant execute on function private.create_lookout(uuid, text, text, text, text, text, text, timestamptz) to service_role;

create function public.create_lookout(auth_user_id uuid, title text, prompt text, assistant_slug text, frequency text,
  cron_schedule text, timezone text, next_run_at timestamptz)
returns public.lookouts
language sql
security invoker
set search_path = ''
as $$
  select private.create_lookout(auth_user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
$$;
comment on function public.create_lookout(uuid, text, text, text, text, text, text, timestamptz) is
  'Service RPC of the lookouts function, which has computed next_run_at. 402 lookout_limit_reached or plan_required, 403 account_blocked.';
grant execute on function public.create_lookout(uuid, text, text, text, text, text, text, timestamptz) to service_role;

create function private.lookout_schedule(lookout public.lookouts)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('frequency', lookout.frequency, 'cron_schedule', lookout.cron_schedule,
    'timezone', lookout.timezone, 'is_off', lookout.next_run_at is null)
$$;
comment on function private.lookout_schedule(public.lookouts) is 'What the next run of a lookout is computed from.';

create function private.store_lookout(lookout public.lookouts, changes jsonb, new_status text)
returns public.lookouts
language sql
set search_path = ''
as $$
  update public.lookouts l
  set title = coalesce(changes ->> 'title', l.title),
      prompt = coalesce(changes ->> 'prompt', l.prompt),
      assistant_slug = coalesce(changes ->> 'assistant_slug', l.assistant_slug),
      frequency = coalesce(changes ->> 'frequency', l.frequency),
      cron_schedule = coalesce(changes ->> 'cron_schedule', l.cron_schedule),
      timezone = coalesce(changes ->> 'timezone', l.timezone),
      status = new_status,
      next_run_at = case
        when new_status in ('active', 'running') then coalesce((changes ->> 'next_run_at')::timestamptz, l.next_run_at)
      end
  where l.id = lookout.id
  returning l
$$;
comment on function private.store_lookout(public.lookouts, jsonb, text) is
  'Writes what changes of a lookout; one that is off has no next run.';

create function private.update_lookout(auth_user_id uuid, lookout_id uuid, seen jsonb, changes jsonb)
returns public.lookouts
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- Who is suspended may still switch off.
  profile_id uuid := private.lock_profile(auth_user_id,
    must_act => changes not in ('{"status": "paused"}', '{"status": "archived"}'));
  lookout public.lookouts;
  new_status text;
begin
  select * into lookout
  from public.lookouts l
  where l.id = lookout_id and l.user_id = profile_id
  for no key update;
  if lookout.id is null then
    perform private.refuse(404, 'lookout_not_found');
  end if;
  if private.lookout_schedule(lookout) <> seen then
    return null;
  end if;

  new_status := case when changes ->> 'status' = 'active' and lookout.status = 'running' then 'running'
    else coalesce(changes ->> 'status', lookout.status) end;
  if lookout.status = 'archived' and new_status <> 'archived' then
    perform private.require_lookout_limit(profile_id, (
      select count(*) from public.lookouts l where l.user_id = profile_id and l.status <> 'archived'
    ));
  end if;
  if changes ? 'assistant_slug' then
    perform private.assistant_for_turn(changes ->> 'assistant_slug', profile_id);
  end if;
  return private.store_lookout(lookout, changes, new_status);
end
$$;
comment on function private.update_lookout(uuid, uuid, jsonb, jsonb) is
  'Changes a lookout of a user, or null when its schedule is not the one seen. Definer: the functions of turns are not granted.';
grant execute on function private.update_lookout(uuid, uuid, jsonb, jsonb) to service_role;

create function public.update_lookout(auth_user_id uuid, lookout_id uuid, seen jsonb, changes jsonb)
returns public.lookouts
language sql
security invoker
set search_path = ''
as $$
  select private.update_lookout(auth_user_id, lookout_id, seen, changes)
$$;
comment on function public.update_lookout(uuid, uuid, jsonb, jsonb) is
  'Service RPC of the lookouts function. seen: frequency, cron_schedule, timezone and is_off that next_run_at in changes was computed from; a row of nulls when they have changed since: read again.';
grant execute on function public.update_lookout(uuid, uuid, jsonb, jsonb) to service_role;

create function private.run_lookout_now(auth_user_id uuid, lookout_id uuid)
returns public.lookout_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id);
  lookout public.lookouts;
  run public.lookout_runs;
begin
  select * into lookout
  from public.lookouts l
  where l.id = lookout_id and l.user_id = profile_id
  for no key update;
  if lookout.id is null then
    perform private.refuse(404, 'lookout_not_found');
  end if;
  if lookout.next_run_at is null then
    perform private.refuse(409, 'lookout_not_active', hint => 'A paused or archived lookout does not run. Resume it first.');
  end if;
  if lookout.lease_until is not null then
    perform private.refuse(409, 'lookout_running', hint => 'A run of this lookout goes on.');
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
comment on function private.open_run_session(public.lookout_runs, public.lookouts) is 'The session that a run writes.';

create function private.check_run(run public.lookout_runs, lookout public.lookouts)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if run.attempts > 5 then
    perform private.refuse(503, 'run_abandoned', hint => 'The run was begun several times and never got through.');
  end if;
  if not private.can_act(run.user_id) then
    perform private.refuse(403, 'account_blocked', hint => 'The account is suspended.');
  end if;
  if lookout.status not in ('active', 'running') then
    perform private.refuse(409, 'lookout_not_active', hint => 'The lookout was paused or archived before the run began.');
  end if;
  -- After a downgrade the oldest go on.
  perform private.require_lookout_limit(run.user_id, (
    select count(*)
    from public.lookouts l
    where l.user_id = run.user_id
      and l.status <> 'archived'
      and (l.created_at, l.id) < (lookout.created_at, lookout.id)
  ));
end
$$;
comment on function private.check_run(public.lookout_runs, public.lookouts) is
  'Refuses a run that may not begin, before start_turn says what it has to say.';

create function private.start_lookout_run(run_id uuid)
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
  -- The profile first, as in create_lookout.
  select p.auth_id into login from public.profiles p where p.id = run.user_id for no key update;
  select * into run from public.lookout_runs r where r.id = run_id for no key update;
  if run.id is null or run.status <> 'running' or run.turn_started_at is not null then
    return null;
  end if;
  select * into lookout from public.lookouts l where l.id = run.lookout_id;
  perform private.check_run(run, lookout);

  return private.start_turn(login, private.open_run_session(run, lookout), run.id::text, lookout.prompt,
    jsonb_build_array(jsonb_build_object('type', 'text', 'text', lookout.prompt)), null, false, true, '{}');
end
$$;
comment on function private.start_lookout_run(uuid) is
  'Session, message and charge of a run in one transaction: a refusal leaves nothing, and a run starts once. Definer: the functions of turns are not granted.';
grant execute on function private.start_lookout_run(uuid) to service_role;

create function public.start_lookout_run(run_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_lookout_run(run_id)
$$;
comment on function public.start_lookout_run(uuid) is
  'Service RPC of the lookouts function: the turn of a claimed run, as start_turn returns it; null when there is nothing to start any more. Refuses as start_turn does; 402 lookout_limit_reached after a downgrade, 503 run_abandoned after 5 attempts.';
grant execute on function public.start_lookout_run(uuid) to service_role;

create function private.run_error(status text, code text, message text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('status', status, 'code', code, 'message', message)
$$;
comment on function private.run_error(text, text, text) is 'How a run ends that did not complete.';

create function private.run_ending(run public.lookout_runs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  answer public.chat_messages;
begin
  if run.turn_started_at is null then
    return null;
  end if;
  if run.session_id is null then
    return private.run_error('failed', 'session_deleted', 'The chat was deleted while it was written.');
  end if;
  select * into question
  from public.chat_messages m
  where m.session_id = run.session_id and m.client_id = run.id::text;
  answer := private.answer_to(question);

  if answer.status = 'streaming' then
    -- Recovery ends every turn long before.
    return case when run.turn_started_at < now() - interval '1 hour' then
      private.run_error('failed', 'run_abandoned', 'The reply did not come to its end.')
    end;
  end if;
  if answer.status = 'failed' then
    return private.run_error('failed', coalesce(answer.error ->> 'code', 'internal'),
      coalesce(answer.error ->> 'message', 'Something went wrong.'));
  end if;
  return jsonb_build_object('status', 'complete');
end
$$;
comment on function private.run_ending(public.lookout_runs) is
  'How the turn of a run ended, whoever settled it; null while it generates, or when it has not begun.';

create function private.lock_run(run_id uuid)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.lookout_runs;
begin
  select * into run from public.lookout_runs r where r.id = run_id;
  -- Session, lookout, run: the order in which deleting a session reaches them.
  perform from public.chat_sessions s where s.id = run.session_id for update;
  perform from public.lookouts l where l.id = run.lookout_id for no key update;
  select * into run from public.lookout_runs r where r.id = run_id for no key update;
  return run;
end
$$;
comment on function private.lock_run(uuid) is 'A run, locked with its lookout and session; null when it is gone.';

create function private.release_lookout(run public.lookout_runs, next_run_at timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- Paused, archived or edited meanwhile: then next_run_at is another, and only the lease goes.
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
      last_run_at = case when run.status = 'skipped' then l.last_run_at else coalesce(run.finished_at, l.last_run_at) end,
      last_run_session_id = case when run.status = 'skipped' then l.last_run_session_id else run.session_id end
  where l.id = run.lookout_id
$$;
comment on function private.release_lookout(public.lookout_runs, timestamptz) is
  'Sends a lookout on its way after a run: to its next time, or into the archive.';

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
  'Keeps the last 100 runs. Called under the lock of the lookout, so that writers queue.';

create function private.end_run(run public.lookout_runs, ending jsonb)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  ended public.lookout_runs;
begin
  if ending ->> 'status' = 'failed' then
    -- Nothing came, and nobody has gone on with it.
    delete from public.chat_sessions s
    where s.id = run.session_id
      and s.message_count <= 2
      and not exists (
        select from public.chat_messages m
        where m.session_id = s.id and m.user_id = s.user_id and m.sender = 'assistant' and m.content <> ''
      );
  end if;
  update public.lookout_runs r
  set status = ending ->> 'status', error = nullif(ending - 'status', '{}'), finished_at = now()
  where r.id = run.id
  returning * into ended;
  return ended;
end
$$;
comment on function private.end_run(public.lookout_runs, jsonb) is
  'Records how a run ended; a failed one leaves no session without a reply.';

create function private.finish_lookout_run(run_id uuid, next_run_at timestamptz, outcome jsonb)
returns public.lookout_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.lookout_runs := private.lock_run(run_id);
  ending jsonb := coalesce(private.run_ending(run), outcome);
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
    run := private.end_run(run, ending);
  elsif exists (select from public.lookout_runs r where r.lookout_id = run.lookout_id and r.status = 'running') then
    -- Ended long ago: what goes on now is another's.
    return run;
  end if;
  perform private.release_lookout(run, next_run_at);
  perform private.trim_runs(run.lookout_id, run.user_id);
  return run;
end
$$;
comment on function private.finish_lookout_run(uuid, timestamptz, jsonb) is
  'Ends a run once and moves its lookout on. Definer: the functions of turns are not granted.';
grant execute on function private.finish_lookout_run(uuid, timestamptz, jsonb) to service_role;

create function public.finish_lookout_run(run_id uuid, next_run_at timestamptz default null, outcome jsonb default null)
returns public.lookout_runs
language sql
security invoker
set search_path = ''
as $$
  select private.finish_lookout_run(run_id, next_run_at, outcome)
$$;
comment on function public.finish_lookout_run(uuid, timestamptz, jsonb) is
  'Service RPC of the lookouts function: records a run by how its turn ended, else by outcome (status, code, message), and sets the next time unless the lookout was changed. Still running: its reply is generated elsewhere, and the run is claimed again in a minute.';
grant execute on function public.finish_lookout_run(uuid, timestamptz, jsonb) to service_role;

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
  'Service RPC of the lookouts function: a run that has to wait for a limit by the minute; false when it has waited for an hour.';
grant execute on function public.defer_lookout_run(uuid, timestamptz) to service_role;

create function private.log_lookout()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'lookout_created', jsonb_build_object('lookout_id', new.id));
  return null;
end
$$;
comment on function private.log_lookout() is 'Trigger: a new lookout is activity. Definer: private.log_activity is not granted.';

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
  'Trigger: the end of a run is activity. Definer: private.log_activity is not granted.';

create function private.drop_lookouts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- As in private.lock_run; nothing begins meanwhile, for that waits for the profile.
  perform from public.chat_sessions s
  where s.id = any (array(
    select r.session_id
    from public.lookouts l
    join public.lookout_runs r on r.lookout_id = l.id
    where l.user_id = new.id and r.status = 'running'
  ))
  for update;
  delete from public.lookouts l where l.user_id = new.id;
  return null;
end
$$;
comment on function private.drop_lookouts() is
  'Trigger: the lookouts of an account go with it, however it is deleted. Definer: whoever deletes it may not write here.';

create trigger lookouts_touch
  before update of title, prompt, assistant_slug, frequency, cron_schedule, timezone, status on public.lookouts
  for each row execute function private.touch_updated_at();
create trigger lookouts_log_creation
  after insert on public.lookouts
  for each row execute function private.log_lookout();
create trigger lookout_runs_log_end
  after update of status on public.lookout_runs
  for each row when (old.status = 'running' and new.status <> 'running')
  execute function private.log_lookout_run();
create trigger profiles_drop_lookouts
  after update of is_deleted on public.profiles
  for each row when (new.is_deleted and not old.is_deleted)
  execute function private.drop_lookouts();

alter table public.lookouts enable row level security;
alter table public.lookout_runs enable row level security;

grant select on public.lookouts, public.lookout_runs to authenticated;
grant select, insert, update, delete on public.lookouts, public.lookout_runs to service_role;

create policy lookouts_select_own on public.lookouts
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy lookout_runs_select_own on public.lookout_runs
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- My lookouts, and which of them are the oldest.
create index lookouts_user_id_created_at_idx on public.lookouts (user_id, created_at, id);

-- The claim: what is due, and what was interrupted.
create index lookouts_active_next_run_at_idx on public.lookouts (next_run_at) where status = 'active';
create index lookouts_lease_until_idx on public.lookouts (lease_until) where lease_until is not null;

-- At most one run of a lookout goes on.
create unique index lookout_runs_running_lookout_id_key on public.lookout_runs (lookout_id) where status = 'running';

-- Foreign keys.
create index lookouts_assistant_slug_idx on public.lookouts (assistant_slug);
create index lookouts_last_run_session_id_idx on public.lookouts (last_run_session_id, user_id);
create index lookout_runs_session_id_idx on public.lookout_runs (session_id, user_id);
