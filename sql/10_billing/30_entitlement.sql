-- The plan of a profile: the best of what it bought, what an operator gave, and its seat in an organization that pays.

alter table public.profiles
  add column granted_plan text,
  add column granted_plan_ends_at timestamptz,
  add column plan_source text not null default 'none',
  add column entitlement_due_at timestamptz,
  add constraint profiles_granted_plan_fkey foreign key (granted_plan) references public.plans (slug),
  add constraint profiles_granted_plan_ends_at_check check (granted_plan_ends_at is null or granted_plan is not null),
  add constraint profiles_plan_source_check
    check (plan_source in ('none', 'subscription', 'granted', 'organization'));

comment on column public.profiles.granted_plan is
  'A plan that an operator gave, by admin_grant_plan. The better of this plan and the others counts.';
comment on column public.profiles.granted_plan_ends_at is 'When the granted plan ends. Null means never.';
comment on column public.profiles.plan_source is
  'What gives subscription_plan: a subscription of the profile, a grant, a seat of the organization, or none of them.';
comment on column public.profiles.entitlement_due_at is
  'When something that gives the profile a plan ends. The schedule then computes the plan again.';

-- In plpgsql, which caches the plans of its queries for the connection. See private.current_profile_id.
create function private.entitled_until(subscription public.subscriptions)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return case when subscription.status in ('trialing', 'active', 'past_due') then least(
    coalesce(subscription.ends_at, 'infinity'),
    -- Stripe goes on with periods while the collection is paused, but nobody pays for them.
    case when subscription.pause_collection is not null then coalesce(subscription.paid_until, '-infinity') end,
    case when subscription.status = 'past_due' then coalesce(subscription.past_due_at + make_interval(
      days => (select b.past_due_grace_days from private.billing_policy b)
    ), '-infinity') end
  ) else '-infinity' end;
end
$$;
comment on function private.entitled_until(public.subscriptions) is
  'Returns until when a subscription gives its plans: trialing and active ones until they end, past-due ones until the '
  'grace period ends, and paused ones until the paid period ends. -infinity for any other, infinity without an end.';

create function private.is_entitling(subscription public.subscriptions)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return private.entitled_until(subscription) > now();
end
$$;
comment on function private.is_entitling(public.subscriptions) is
  'The one rule for which subscriptions give their plans now.';

create function private.bought_plans(profile_id uuid)
returns table (plan text, rank integer, subscription public.subscriptions, product_id text, period_start timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select l.slug, l.rank, s, i.stripe_product_id, coalesce(i.current_period_start, s.current_period_start)
  from public.subscriptions s
  join public.stripe_customers c on c.id = s.stripe_customer_id
  join public.subscription_items i on i.subscription_id = s.id
  join public.stripe_products d on d.id = i.stripe_product_id
  join public.plans l on l.slug = d.plan
  where s.user_id = profile_id
    and not c.is_deleted
    and i.quantity is distinct from 0
    and private.is_entitling(s)
  order by l.rank desc, i.current_period_end desc, s.stripe_subscription_id, i.id;
end
$$;
comment on function private.bought_plans(uuid) is
  'Returns the plans that the items of a profile''s own subscriptions give now, the best first.';

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

create function private.best_plan(profile public.profiles, bought text)
returns table (slug text, source text, due_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with offers as (
    select 'subscription' as source, bought as plan, null::timestamptz as ends_at
    union all
    select 'granted', profile.granted_plan, profile.granted_plan_ends_at
    where coalesce(profile.granted_plan_ends_at > now(), true) and not profile.is_deleted
    union all
    select 'organization', seat.plan, seat.ends_at from private.seat_of(profile) as seat
  )
  select l.slug, o.source, min(o.ends_at) over ()
  from offers o
  join public.plans l on l.slug = o.plan
  -- Of equal plans, the one that costs nobody else anything counts.
  order by l.rank desc, array_position(array['subscription', 'granted', 'organization'], o.source)
  limit 1;
end
$$;
comment on function private.best_plan(public.profiles, text) is
  'Returns the best of a bought plan, the granted plan and the seat of a profile, what gives it, and when the grant or '
  'the seat ends. No row if the profile has none of them.';

create function private.entitled(profile public.profiles)
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  given public.profiles := profile;
  shown public.subscriptions;
  bought record;
  best record;
begin
  if exists (select from public.stripe_customers c where c.id = profile.stripe_customer_id and c.is_deleted) then
    given.stripe_customer_id := null;
  end if;
  select s.* into shown from public.subscriptions s
  where s.user_id = profile.id order by s.started_at desc, s.stripe_subscription_id limit 1;
  select b.plan, (b.subscription).stripe_subscription_id, (b.subscription).status, b.product_id, b.period_start
  into bought from private.bought_plans(profile.id) b limit 1;
  select * into best from private.best_plan(profile, bought.plan);

  given.subscription_plan := coalesce(best.slug, private.base_plan(profile.is_anonymous));
  given.plan_source := coalesce(best.source, 'none');
  given.entitlement_due_at := best.due_at;
  given.stripe_subscription_id := bought.stripe_subscription_id;
  given.stripe_product_id := bought.product_id;
  if shown.id is not null then
    given.membership_status := private.membership_of(coalesce(bought.status, shown.status));
  end if;
  -- An admin may have given the role premium by hand to a profile that never had a plan.
  if profile.role in ('user', 'premium')
    and (shown.id is not null or given.subscription_plan <> profile.subscription_plan) then
    given.role := (
      case when given.subscription_plan in ('free', 'anonymous') then 'user' else 'premium' end
    )::public.user_role;
  end if;
  if given.subscription_plan <> profile.subscription_plan then
    given.subscription_quota := (select l.monthly_messages from public.plans l where l.slug = given.subscription_plan);
  end if;
  if given.plan_source = 'subscription' then
    given.quota_last_reset := private.quota_period_start(bought.period_start);
    -- Stripe's times are in whole seconds, so a subscription may seem to start before its profile was created.
    if given.quota_last_reset > profile.quota_last_reset
      or given.quota_last_reset < profile.quota_last_reset
        and bought.stripe_subscription_id is distinct from profile.stripe_subscription_id then
      given.subscription_usage := 0;
    end if;
    given.quota_last_reset := coalesce(given.quota_last_reset, profile.quota_last_reset);
  end if;
  return given;
end
$$;
comment on function private.entitled(public.profiles) is
  'Returns a profile with what it is entitled to: the plan and its source, the quota, the start of the quota''s '
  'period, the membership status, and the role user or premium. Also removes a customer that was deleted. Writes '
  'nothing.';

create function private.apply_entitlement(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
  given public.profiles;
begin
  -- Concurrent calls for this profile queue here, and each call sees the rows that the previous one wrote.
  select p.* into profile from public.profiles p where p.id = profile_id for no key update;
  given := private.entitled(profile);
  -- One update at most: a second one in the same transaction would lock the login, and its deletion locks the profile.
  if profile.id is not null and given is distinct from profile then
    update public.profiles p
    set stripe_customer_id = given.stripe_customer_id,
        subscription_plan = given.subscription_plan,
        plan_source = given.plan_source,
        entitlement_due_at = given.entitlement_due_at,
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
  'Writes to a profile what private.entitled returns, in one update.';

create function private.follow_grant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.is_deleted then
    new.granted_plan := null;
    new.granted_plan_ends_at := null;
  end if;
  return private.entitled(new);
end
$$;
comment on function private.follow_grant() is
  'Trigger: computes the plan in the same update that changes the granted plan, the organization or the login of a '
  'profile, so that a transaction updates the profile once. Definer: it reads tables of private.';

-- By its name, the trigger runs after profiles_keep_membership_whole.
create trigger profiles_plan_follows
  before update of granted_plan, granted_plan_ends_at, organization_id, is_anonymous, is_deleted on public.profiles
  for each row when (
    old.granted_plan is distinct from new.granted_plan
    or old.granted_plan_ends_at is distinct from new.granted_plan_ends_at
    or old.organization_id is distinct from new.organization_id
    or old.is_anonymous is distinct from new.is_anonymous
    or old.is_deleted is distinct from new.is_deleted
  )
  execute function private.follow_grant();

create index profiles_granted_plan_idx on public.profiles (granted_plan) where granted_plan is not null;
create index profiles_entitlement_due_at_idx on public.profiles (entitlement_due_at)
  where entitlement_due_at is not null;
