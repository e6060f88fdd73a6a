-- Quotas from plans, and counts against limits with a fixed period.

create function private.copy_plan_quota()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.subscription_quota := (select p.monthly_messages from public.plans p where p.slug = new.subscription_plan);
  return new;
end
$$;
comment on function private.copy_plan_quota() is
  'Trigger: copies the quota of the plan to the profile when the profile gets a plan.';

create trigger profiles_copy_plan_quota_on_insert
  before insert on public.profiles
  for each row execute function private.copy_plan_quota();
create trigger profiles_copy_plan_quota_on_update
  before update of subscription_plan on public.profiles
  for each row when (old.subscription_plan is distinct from new.subscription_plan)
  execute function private.copy_plan_quota();

create function private.spread_plan_quota()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_entitlement_change('plan', new.slug);
  return null;
end
$$;
comment on function private.spread_plan_quota() is
  'Trigger: lets the schedule copy the changed quota of a plan to the profiles with that plan, in batches. '
  'Definer: the list of changes is private.';

create trigger plans_spread_quota
  after update of monthly_messages on public.plans
  for each row when (old.monthly_messages is distinct from new.monthly_messages)
  execute function private.spread_plan_quota();

create function private.plan_of(profile_id uuid)
returns public.plans
language plpgsql
stable
set search_path = ''
as $$
declare
  plan public.plans;
begin
  select l.* into plan
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  where p.id = plan_of.profile_id;
  return plan;
end
$$;
comment on function private.plan_of(uuid) is 'Returns the plan whose limits a profile has.';
grant execute on function private.plan_of(uuid) to service_role;

create function private.count_usage(profile_id uuid, feature text, unit text, max_count integer)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  starts_at timestamptz := date_trunc(unit, now(), 'UTC');
begin
  -- A single statement, so concurrent calls cannot exceed the limit.
  insert into public.usage_counters as c (user_id, feature, period_start, count, reset_at)
  select profile_id, count_usage.feature, starts_at, 1, starts_at + ('1 ' || unit)::interval
  where max_count is null or max_count > 0
  on conflict on constraint usage_counters_pkey do update
  set count = c.count + 1
  where max_count is null or c.count < max_count;
  return found;
end
$$;
comment on function private.count_usage(uuid, text, text, integer) is
  'Counts one use in the current minute, day or month (UTC). Returns false when the limit is reached. A null limit '
  'means unlimited.';

create function private.decrement_usage(profile_id uuid, feature text, unit text, period_start timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.usage_counters c
  set count = c.count - 1
  where c.user_id = profile_id
    and c.feature = decrement_usage.feature
    and c.period_start = decrement_usage.period_start
    and c.period_start = date_trunc(unit, now(), 'UTC')
    and c.count > 0
$$;
comment on function private.decrement_usage(uuid, text, text, timestamptz) is
  'Subtracts one use, if its period is still the current one.';

create function private.limit_detail(unit text, max_count integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('limit', max_count, 'reset_at', date_trunc(unit, now(), 'UTC') + ('1 ' || unit)::interval)
$$;
comment on function private.limit_detail(text, integer) is
  'Returns the detail of a refusal: the limit, and when the next period begins.';

create function private.quota_period_start(last_reset timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return last_reset + make_interval(months => greatest(
    0, (extract(year from age(now(), last_reset)) * 12 + extract(month from age(now(), last_reset)))::integer
  ));
end
$$;
comment on function private.quota_period_start(timestamptz) is
  'Returns the start of the quota''s current period. Periods are months that count from the last reset. No job ends '
  'them: the next message moves quota_last_reset.';
