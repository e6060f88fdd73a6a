-- Usage that outlives an account: written when an address loses its account, read when it gets another.

create function private.base_plan(is_anonymous boolean)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when is_anonymous then 'anonymous' else 'free' end
$$;
comment on function private.base_plan(boolean) is
  'Returns the plan of a profile that has neither bought nor been given one.';

create function private.has_subscribed(profile_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.subscriptions s
    where s.user_id = profile_id and s.status not in ('incomplete', 'incomplete_expired')
  );
end
$$;
comment on function private.has_subscribed(uuid) is
  'True for a profile that has or had a subscription, with or without a trial.';

create function private.may_have_trial(profile public.profiles)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not private.has_subscribed(profile.id) and not exists (
    select from auth.users u
    join private.identities i on i.hash = any (private.login_hashes(u))
    where u.id = profile.auth_id and i.trial_used_at is not null
  );
end
$$;
comment on function private.may_have_trial(public.profiles) is
  'False if the profile, or another account of its address or phone number, has ever subscribed.';

create function private.identity_of_usage(profile public.profiles)
returns private.identities
language plpgsql
stable
set search_path = ''
as $$
declare
  usage private.identities;
begin
  usage.period_start := private.quota_period_start(profile.quota_last_reset);
  usage.messages := case when usage.period_start > profile.quota_last_reset then 0 else profile.subscription_usage end;
  usage.day := (now() at time zone 'UTC')::date;
  usage.month := private.this_month();
  select coalesce(max(c.count) filter (where c.feature = 'messages'), 0),
    coalesce(max(c.count) filter (where c.feature = 'searches'), 0)
  into usage.messages_today, usage.searches
  from public.usage_counters c
  where c.user_id = profile.id
    and (
      (c.feature = 'messages' and c.period_start = date_trunc('day', now(), 'UTC'))
      or (c.feature = 'searches' and c.period_start = date_trunc('month', now(), 'UTC'))
    );
  usage.spent := coalesce((
    select c.spent + c.reserved + c.carried from public.monthly_costs c
    where c.user_id = profile.id and c.month = usage.month
  ), 0);
  usage.trial_used_at := case when private.has_subscribed(profile.id) then now() end;
  return usage;
end
$$;
comment on function private.identity_of_usage(public.profiles) is
  'Returns what a profile has used of its current periods, and whether it has subscribed. The hash is null.';

create function private.remember_usage(profile public.profiles, hashes bytea[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  usage private.identities := private.identity_of_usage(profile);
begin
  if usage.trial_used_at is null
    and greatest(usage.messages, usage.messages_today, usage.searches, usage.spent) = 0
  then
    return;
  end if;
  insert into private.identities as i
    (hash, messages, period_start, day, messages_today, month, searches, spent, trial_used_at)
  select h, usage.messages, usage.period_start, usage.day, usage.messages_today, usage.month, usage.searches,
    usage.spent, usage.trial_used_at
  from unnest(hashes) with ordinality as known (h, position)
  order by position
  -- Several accounts may have had the address. The larger number of a period counts.
  on conflict (hash) do update
  set (messages, period_start) = (
        select u.messages, u.period_start
        from (values (i.messages, i.period_start), (excluded.messages, excluded.period_start))
          as u (messages, period_start)
        where private.quota_period_start(u.period_start) = u.period_start
        order by u.messages desc, u.period_start desc
        limit 1
      ),
      day = excluded.day,
      messages_today = greatest(excluded.messages_today, case when i.day = excluded.day then i.messages_today end),
      month = excluded.month,
      searches = greatest(excluded.searches, case when i.month = excluded.month then i.searches end),
      spent = greatest(excluded.spent, case when i.month = excluded.month then i.spent end),
      trial_used_at = coalesce(excluded.trial_used_at, i.trial_used_at);
exception when others then
  raise warning 'usage of profile % was not remembered: %', profile.id, sqlstate;
end
$$;
comment on function private.remember_usage(public.profiles, bytea[]) is
  'Stores what a profile has used for the hashes of its login. A failure is only a warning, so that it never makes a '
  'deletion fail.';

create function private.remember_account(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.remember_usage(p, private.login_hashes(u))
  from public.profiles p
  join auth.users u on u.id = p.auth_id
  where p.id = remember_account.profile_id and not p.is_deleted;
end
$$;
comment on function private.remember_account(uuid) is
  'Stores what an account has used before it is closed. Does nothing for an account that is closed already.';

create function private.known_usage(hashes bytea[])
returns private.identities
language plpgsql
stable
set search_path = ''
as $$
declare
  today date := (now() at time zone 'UTC')::date;
  known private.identities;
begin
  select i.messages, i.period_start into known.messages, known.period_start
  from private.identities i
  where i.hash = any (hashes) and private.quota_period_start(i.period_start) = i.period_start
  order by i.messages desc, i.period_start desc
  limit 1;
  select coalesce(max(i.messages_today) filter (where i.day = today), 0),
    coalesce(max(i.searches) filter (where i.month = private.this_month()), 0),
    coalesce(max(i.spent) filter (where i.month = private.this_month()), 0)
  into known.messages_today, known.searches, known.spent
  from private.identities i
  where i.hash = any (hashes);
  return known;
end
$$;
comment on function private.known_usage(bytea[]) is
  'Returns what former accounts of an address or phone number have used of the current periods. messages is null if '
  'nothing is known.';

create function private.with_known_usage(profile public.profiles, hashes bytea[])
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  known private.identities := private.known_usage(hashes);
  own_start timestamptz := private.quota_period_start(profile.quota_last_reset);
  own_usage integer := case when own_start > profile.quota_last_reset then 0 else profile.subscription_usage end;
  given public.profiles := profile;
begin
  if coalesce(known.messages, 0) > own_usage then
    given.subscription_usage := known.messages;
    -- A fresh account also takes over when the period ends. A bought plan keeps the period of its subscription.
    given.quota_last_reset := case
      when own_usage = 0 and coalesce(profile.plan_source, 'none') = 'none' then known.period_start
      else own_start
    end;
  end if;
  return given;
end
$$;
comment on function private.with_known_usage(public.profiles, bytea[]) is
  'Returns a profile with the messages that former accounts of its address used, if they used more. Writes nothing.';

create function private.recall_counters(profile_id uuid, hashes bytea[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  known private.identities := private.known_usage(hashes);
begin
  insert into public.usage_counters as c (user_id, feature, period_start, count, reset_at)
  select recall_counters.profile_id, used.feature, date_trunc(used.unit, now(), 'UTC'), used.count,
    date_trunc(used.unit, now(), 'UTC') + ('1 ' || used.unit)::interval
  from (values ('messages', 'day', known.messages_today), ('searches', 'month', known.searches))
    as used (feature, unit, count)
  where used.count > 0
  on conflict on constraint usage_counters_pkey do update set count = greatest(c.count, excluded.count);

  insert into public.monthly_costs as c (user_id, month, carried)
  select recall_counters.profile_id, private.this_month(), known.spent
  where known.spent > 0
  on conflict (user_id, month) do update
  set carried = greatest(c.carried, excluded.carried - c.spent - c.reserved);
end
$$;
comment on function private.recall_counters(uuid, bytea[]) is
  'Gives a profile the messages of the day, the searches and the cost of the month that former accounts of its address '
  'used, if they used more.';

create function private.follow_identities(profile public.profiles, before bytea[], after bytea[])
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  lost bytea[] := array(select h from unnest(before) as h where h <> all (after) order by h);
  gained bytea[] := array(select h from unnest(after) as h where h <> all (before) order by h);
begin
  if profile.id is null or cardinality(lost) + cardinality(gained) = 0 then
    return profile;
  end if;
  perform private.remember_usage(profile, lost);
  perform private.recall_counters(profile.id, gained);
  return private.with_known_usage(profile, gained);
end
$$;
comment on function private.follow_identities(public.profiles, bytea[], bytea[]) is
  'Stores the usage of a profile for an address that it gives up, and returns the profile with the usage of the '
  'address that it gets.';

create function private.remember_trial()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.identities as i (hash, trial_used_at)
  select known.hash, now()
  from public.profiles p
  join auth.users u on u.id = p.auth_id
  cross join unnest(private.login_hashes(u)) as known (hash)
  where p.id = new.user_id and not p.is_deleted
  order by known.hash
  on conflict (hash) do update set trial_used_at = excluded.trial_used_at;
  return null;
end
$$;
comment on function private.remember_trial() is
  'Trigger: an address whose account has subscribed gets no other trial. Definer: the role of billing cannot read '
  'logins and hashes.';

create trigger subscriptions_remember_trial_on_insert
  after insert on public.subscriptions
  for each row when (new.user_id is not null and new.status not in ('incomplete', 'incomplete_expired'))
  execute function private.remember_trial();
create trigger subscriptions_remember_trial_on_update
  after update of user_id, status on public.subscriptions
  for each row when (
    new.user_id is not null and new.status not in ('incomplete', 'incomplete_expired')
    and (old.user_id is distinct from new.user_id or old.status is distinct from new.status)
  )
  execute function private.remember_trial();
