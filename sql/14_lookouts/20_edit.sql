-- Creates and edits lookouts, logs new ones, and deletes them with their account.

create function private.lookout_lease()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- Supabase ends a hosted function after 150 seconds.
  select interval '3 minutes'
$$;
comment on function private.lookout_lease() is 'How long a caller holds the lease of a claimed run.';
grant execute on function private.lookout_lease() to service_role;

create function private.lookout_limit(profile_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
  select (private.plan_of(profile_id)).max_lookouts
$$;
comment on function private.lookout_limit(uuid) is 'How many lookouts the plan of a profile allows; null is unlimited.';

create function private.lock_lookout(lookout_id uuid, profile_id uuid)
returns public.lookouts
language plpgsql
set search_path = ''
as $$
declare
  lookout public.lookouts;
begin
  select * into lookout
  from public.lookouts l
  where l.id = lookout_id and l.user_id = profile_id
  for no key update;
  if lookout.id is null then
    perform private.refuse(
      404, 'lookout_not_found',
      'This lookout does not exist or belongs to another user. Reload the list of lookouts.'
    );
  end if;
  return lookout;
end
$$;
comment on function private.lock_lookout(uuid, uuid) is 'Locks a lookout of a user, or refuses with 404.';

create function private.require_lookout_limit(profile_id uuid, newer public.lookouts default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_lookouts integer := private.lookout_limit(profile_id);
begin
  if max_lookouts <= (
    select count(*)
    from public.lookouts l
    where l.user_id = profile_id
      and l.status <> 'archived'
      and (newer.id is null or (l.created_at, l.id) < (newer.created_at, newer.id))
  ) then
    perform private.refuse(
      402, 'lookout_limit_reached',
      'You have as many active lookouts as your plan allows. Archive a lookout or upgrade the plan.',
      jsonb_build_object('limit', max_lookouts)
    );
  end if;
end
$$;
comment on function private.require_lookout_limit(uuid, public.lookouts) is
  'Refuses with 402 if the plan has no room for one more lookout. With newer, only lookouts that are older than it '
  'count.';

create function private.require_lookout_room(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_lookouts integer := (private.limits()).max_lookouts;
begin
  if max_lookouts <= (select count(*) from public.lookouts l where l.user_id = profile_id) then
    perform private.refuse(
      409, 'too_many_lookouts',
      'You have as many lookouts as this service keeps, archived ones included. Delete archived lookouts.',
      jsonb_build_object('limit', max_lookouts)
    );
  end if;
  perform private.require_daily_rate('create_lookout', profile_id, (private.limits()).lookouts_per_day);
end
$$;
comment on function private.require_lookout_room(uuid) is
  'Refuses one more lookout: with 409 if the user has too many in all, with 429 if the user created too many today. '
  'Called under the profile''s lock.';

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
  perform private.require_lookout_limit(profile_id);
  perform private.require_lookout_room(profile_id);
  insert into public.lookouts
    (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
  values (profile_id, create_lookout.title, create_lookout.prompt, create_lookout.assistant_slug,
    create_lookout.frequency, create_lookout.cron_schedule, create_lookout.timezone, create_lookout.next_run_at)
  returning * into lookout;
  return lookout;
end
$$;
comment on function private.create_lookout(uuid, text, text, text, text, text, text, timestamptz) is
  'Creates a lookout if the user may act, the plan includes the assistant, and the plan has room. Definer: the '
  'functions of turns are not granted.';
grant execute on function private.create_lookout(uuid, text, text, text, text, text, text, timestamptz) to service_role;

create function public.create_lookout(auth_user_id uuid, title text, prompt text, assistant_slug text, frequency text,
  cron_schedule text, timezone text, next_run_at timestamptz)
returns public.lookouts
language sql
security invoker
set search_path = ''
as $$
  select private.create_lookout(
    auth_user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at
  )
$$;
comment on function public.create_lookout(uuid, text, text, text, text, text, text, timestamptz) is
  'Service RPC of the lookouts function, which computes next_run_at. 402 lookout_limit_reached or plan_required, 403 '
  'account_blocked.';
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
comment on function private.lookout_schedule(public.lookouts) is
  'The values of a lookout that its next run is computed from.';

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
  'Stores changes of a lookout. A lookout that is paused or archived has no next run.';

create function private.update_lookout(auth_user_id uuid, lookout_id uuid, seen jsonb, changes jsonb)
returns public.lookouts
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- A suspended user may still pause or archive a lookout.
  profile_id uuid := private.lock_profile(auth_user_id,
    must_act => changes not in ('{"status": "paused"}', '{"status": "archived"}'));
  lookout public.lookouts := private.lock_lookout(lookout_id, profile_id);
  new_status text;
begin
  if private.lookout_schedule(lookout) <> seen then
    return null;
  end if;

  new_status := case when changes ->> 'status' = 'active' and lookout.status = 'running' then 'running'
    else coalesce(changes ->> 'status', lookout.status) end;
  if lookout.status = 'archived' and new_status <> 'archived' then
    perform private.require_lookout_limit(profile_id);
  end if;
  if changes ? 'assistant_slug' then
    perform private.assistant_for_turn(changes ->> 'assistant_slug', profile_id);
  end if;
  return private.store_lookout(lookout, changes, new_status);
end
$$;
comment on function private.update_lookout(uuid, uuid, jsonb, jsonb) is
  'Changes a lookout of a user. Returns null if its schedule has changed since the caller read it. Definer: the '
  'functions of turns are not granted.';
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
  'Service RPC of the lookouts function. seen holds the frequency, cron_schedule, timezone and is_off from which the '
  'caller computed next_run_at in changes. Returns a row of nulls if they have changed since; the caller then reads '
  'the lookout again.';
grant execute on function public.update_lookout(uuid, uuid, jsonb, jsonb) to service_role;

create function private.delete_lookout(auth_user_id uuid, lookout_id uuid)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id, must_act => false);
  lookout public.lookouts := private.lock_lookout(lookout_id, profile_id);
begin
  delete from public.lookouts l where l.id = lookout.id;
  return profile_id;
end
$$;
comment on function private.delete_lookout(uuid, uuid) is
  'Deletes a lookout of a user and returns the profile, or refuses with 404. Definer: private.lock_profile is not '
  'granted.';
grant execute on function private.delete_lookout(uuid, uuid) to service_role;

create function public.delete_lookout(auth_user_id uuid, lookout_id uuid)
returns uuid
language sql
security invoker
set search_path = ''
as $$
  select private.delete_lookout(auth_user_id, lookout_id)
$$;
comment on function public.delete_lookout(uuid, uuid) is
  'Service RPC of the lookouts function: deletes a lookout and returns the profile. 404 lookout_not_found.';
grant execute on function public.delete_lookout(uuid, uuid) to service_role;

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
comment on function private.log_lookout() is
  'Trigger: logs a new lookout as activity. Definer: private.log_activity is not granted.';

create function private.drop_lookouts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Takes the locks in the order of private.lock_run. No run can start meanwhile, because that waits for the profile.
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
  'Trigger: deletes the lookouts of an account that is being deleted, however the deletion began. Definer: the role '
  'that deletes an account cannot write lookouts.';

create trigger lookouts_log_creation
  after insert on public.lookouts
  for each row execute function private.log_lookout();

create trigger profiles_drop_lookouts
  after update of is_deleted on public.profiles
  for each row when (new.is_deleted and not old.is_deleted)
  execute function private.drop_lookouts();
