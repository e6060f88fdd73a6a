-- Reservation of a message before its turn, and its refund.

create function private.spend_message(profile_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  update public.profiles p
  set subscription_usage = 0, quota_last_reset = private.quota_period_start(p.quota_last_reset)
  where p.id = profile_id
    and private.quota_period_start(p.quota_last_reset) > p.quota_last_reset;

  update public.profiles p
  set subscription_usage = p.subscription_usage + 1
  where p.id = profile_id
    and (p.subscription_quota is null or p.subscription_usage < p.subscription_quota)
  returning * into profile;
  if found then
    return jsonb_build_object('source', 'quota', 'period_start', profile.quota_last_reset);
  end if;

  update public.profiles p
  set tokens = p.tokens - 1
  where p.id = profile_id
    and p.tokens > 0
    and (p.tokens_expires_at is null or p.tokens_expires_at > now())
  returning * into profile;
  if found then
    return jsonb_build_object('source', 'credits', 'expires_at', profile.tokens_expires_at);
  end if;

  select * into profile from public.profiles p where p.id = profile_id;
  perform private.refuse(
    402, 'quota_exceeded',
    'All messages of this period are used. Upgrade the plan, buy credits, or wait for the next period.',
    jsonb_build_object('limit', profile.subscription_quota, 'reset_at', profile.quota_last_reset + interval '1 month')
  );
  return null;
end
$$;
comment on function private.spend_message(uuid) is
  'Takes one message from the monthly quota, or else one unexpired credit, or else refuses with 402. Returns where '
  'the message was charged.';

create function private.reserve_usage(profile_id uuid, with_search boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  plan public.plans;
  reservation jsonb;
begin
  perform private.require_active(profile_id);
  -- All turns of a profile queue here, in whatever session. Counts and quota are read under this lock.
  select l.* into plan
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  where p.id = profile_id
  for no key update of p;

  if not private.count_usage(profile_id, 'turns', 'minute', plan.turns_per_minute) then
    perform private.refuse(
      429, 'rate_limited',
      'You sent too many messages within a minute. Wait a minute and try again.',
      private.limit_detail('minute', plan.turns_per_minute)
    );
  end if;
  if not private.count_usage(profile_id, 'messages', 'day', plan.daily_messages) then
    perform private.refuse(
      429, 'daily_limit_reached',
      'All messages of today are used. Wait until tomorrow or upgrade the plan.',
      private.limit_detail('day', plan.daily_messages)
    );
  end if;
  reservation := private.spend_message(profile_id);
  if with_search and not private.count_usage(profile_id, 'searches', 'month', plan.monthly_searches) then
    perform private.refuse(
      402, 'search_quota_exceeded',
      'All web searches of this month are used. Send the message without search, or upgrade the plan.',
      private.limit_detail('month', plan.monthly_searches)
    );
  end if;
  return reservation || jsonb_build_object(
    'day', date_trunc('day', now(), 'UTC'),
    'search_month', case when with_search then date_trunc('month', now(), 'UTC') end
  );
end
$$;
comment on function private.reserve_usage(uuid, boolean) is
  'Reserves one message (and one search) before a turn, or refuses. A refusal rolls everything back. Called by '
  'start_turn.';

create function private.refund_usage(profile_id uuid, reservation jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.profiles p
  set subscription_usage = p.subscription_usage - 1
  where p.id = profile_id
    and reservation ->> 'source' = 'quota'
    and p.quota_last_reset = (reservation ->> 'period_start')::timestamptz
    and p.subscription_usage > 0;

  update public.profiles p
  set tokens = p.tokens + 1
  where p.id = profile_id
    and reservation ->> 'source' = 'credits'
    and ((reservation ->> 'expires_at') is null or (reservation ->> 'expires_at')::timestamptz > now());

  perform private.decrement_usage(profile_id, 'messages', 'day', (reservation ->> 'day')::timestamptz);
  perform private.decrement_usage(profile_id, 'searches', 'month', (reservation ->> 'search_month')::timestamptz);
end
$$;
comment on function private.refund_usage(uuid, jsonb) is
  'Returns a reservation to where it was charged, if that period is still the current one. Called once, when the '
  'turn settles.';
