-- The plan that a profile gets from its subscriptions.

create function private.is_entitling(subscription public.subscriptions)
returns boolean
language sql
stable
set search_path = ''
as $$
  select coalesce(subscription.ends_at > now(), true) and case subscription.status
    when 'trialing' then true
    when 'active' then true
    when 'past_due' then subscription.past_due_at + make_interval(
      days => (select b.past_due_grace_days from private.billing_policy b)
    ) > now()
    else false
  end
$$;
comment on function private.is_entitling(public.subscriptions) is
  'The one rule for which subscriptions give their plan: trialing and active ones until they end, and past-due ones '
  'within the grace period.';

create function private.entitled_subscription(profile_id uuid)
returns public.subscriptions
language sql
stable
set search_path = ''
as $$
  select s
  from public.subscriptions s
  join public.stripe_customers c on c.id = s.stripe_customer_id
  join public.stripe_products d on d.id = s.stripe_product_id
  join public.plans l on l.slug = d.plan
  where s.user_id = profile_id
    and not c.is_deleted
    and private.is_entitling(s)
  order by l.rank desc, s.current_period_end desc, s.stripe_subscription_id
  limit 1
$$;
comment on function private.entitled_subscription(uuid) is
  'Returns the subscription that gives a profile its plan: of all entitling subscriptions, the one with the best '
  'plan. Null when there is none.';

create function private.membership_of(status public.subscription_status)
returns public.membership_status
language sql
immutable
set search_path = ''
as $$
  select case
    when status in ('trialing', 'active') then 'active'
    when status in ('past_due', 'unpaid') then 'past_due'
    when status = 'canceled' then 'canceled'
    else 'inactive'
  end::public.membership_status
$$;
comment on function private.membership_of(public.subscription_status) is
  'Maps a subscription''s status to the membership status of its profile. This only describes; private.is_entitling '
  'decides what the profile may use.';

create function private.apply_entitlement(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
  given public.profiles;
  best public.subscriptions;
  shown public.subscriptions;
  new_plan text;
  period_start timestamptz;
begin
  -- Concurrent calls for this profile queue here, and each call sees the rows that the previous one wrote.
  select p.* into profile from public.profiles p where p.id = profile_id for no key update;
  given := profile;
  if exists (select from public.stripe_customers c where c.id = profile.stripe_customer_id and c.is_deleted) then
    given.stripe_customer_id := null;
  end if;

  select s.* into shown from public.subscriptions s
  where s.user_id = profile_id order by s.started_at desc, s.stripe_subscription_id limit 1;
  -- A plan that an operator set by hand stays until the profile has a subscription.
  if shown.id is not null then
    best := private.entitled_subscription(profile_id);
    if best.id is not null then
      shown := best;
      new_plan := (select d.plan from public.stripe_products d where d.id = best.stripe_product_id);
      period_start := private.quota_period_start(best.current_period_start);
    end if;
    given.subscription_plan := coalesce(new_plan, 'free');
    given.stripe_subscription_id := best.stripe_subscription_id;
    given.stripe_product_id := best.stripe_product_id;
    given.membership_status := private.membership_of(shown.status);
    if profile.role in ('user', 'premium') then
      given.role := (case given.subscription_plan when 'free' then 'user' else 'premium' end)::public.user_role;
    end if;
    given.quota_last_reset := coalesce(period_start, profile.quota_last_reset);
    -- Stripe's times are in whole seconds, so a subscription may seem to start before its profile was created.
    if period_start > profile.quota_last_reset
      or period_start < profile.quota_last_reset
        and best.stripe_subscription_id is distinct from profile.stripe_subscription_id then
      given.subscription_usage := 0;
    end if;
  end if;

  -- One update at most: a second one in the same transaction would lock the login, and its deletion locks the profile.
  if given is distinct from profile then
    update public.profiles p
    set stripe_customer_id = given.stripe_customer_id,
        subscription_plan = given.subscription_plan,
        stripe_subscription_id = given.stripe_subscription_id,
        stripe_product_id = given.stripe_product_id,
        membership_status = given.membership_status,
        role = given.role,
        quota_last_reset = given.quota_last_reset,
        subscription_usage = given.subscription_usage
    where p.id = profile_id;
  end if;
end
$$;
comment on function private.apply_entitlement(uuid) is
  'Writes to a profile what its subscriptions give: the plan (which sets the quota), the start of the quota''s '
  'period, the membership status, and the role user or premium. Also removes a customer that was deleted.';

create function private.refresh_entitlements()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  max_rows constant integer := 100;
  applied integer;
begin
  perform private.apply_entitlement(d.id)
  from (
    select p.id
    from public.profiles p
    join public.subscriptions s on s.stripe_subscription_id = p.stripe_subscription_id
    where p.stripe_subscription_id is not null
      and not private.is_entitling(s)
      -- apply_entitlement leaves a profile without any subscription unchanged, so every call would select it again.
      and exists (select from public.subscriptions o where o.user_id = p.id)
    order by p.id
    limit max_rows
  ) d;
  get diagnostics applied = row_count;
  return applied = max_rows;
end
$$;
comment on function private.refresh_entitlements() is
  'Removes plans that ended without an event, for example when a grace period ends. Returns true when there may be '
  'more. Called by the schedule.';
