-- Changes that reach many profiles: they are recomputed in batches by the schedule, never in one statement.

create table private.entitlement_changes (
  id bigint generated always as identity primary key,
  kind text not null,
  subject text not null,
  after text not null default '',
  created_at timestamptz not null default now(),
  constraint entitlement_changes_kind_check check (kind in ('product', 'plan', 'organization', 'profile', 'quota'))
);

comment on table private.entitlement_changes is
  'Changes whose profiles are still to be recomputed: a product with another plan, a plan with another quota, an '
  'organization with other seats or members, or one profile and its quota that were busy. Writers only add rows, so '
  'none of them waits.';
comment on column private.entitlement_changes.subject is 'The id of the product, organization or profile, or the plan.';
comment on column private.entitlement_changes.after is 'The last id that a batch has handled. Empty before the first.';

create function private.enqueue_entitlement_change(kind text, subject text, after text default '')
returns void
language sql
set search_path = ''
as $$
  insert into private.entitlement_changes (kind, subject, after) values ($1, $2, $3)
$$;
comment on function private.enqueue_entitlement_change(text, text, text) is
  'Adds a change to the list that the schedule works through.';

create function private.enqueue_product_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_entitlement_change('product', new.id);
  return null;
end
$$;
comment on function private.enqueue_product_change() is
  'Trigger: the subscribers of a product with a changed plan get it in batches. Definer: the list is private.';

create trigger stripe_products_enqueue_change
  after update of metadata on public.stripe_products
  for each row when (old.plan is distinct from new.plan)
  execute function private.enqueue_product_change();

create function private.batch_of_change(change private.entitlement_changes, max_rows integer)
returns table (reached text, profile_id uuid, organization_id uuid)
language plpgsql
stable
set search_path = ''
as $$
declare
  after_id uuid := case when change.kind <> 'product' then
    coalesce(nullif(change.after, ''), '00000000-0000-0000-0000-000000000000')::uuid
  end;
begin
  if change.kind = 'product' then
    return query
    select i.id, s.user_id, c.organization_id
    from public.subscription_items i
    join public.subscriptions s on s.id = i.subscription_id
    join public.stripe_customers c on c.id = s.stripe_customer_id
    where i.stripe_product_id = change.subject and i.id > change.after
    order by i.id
    limit max_rows;
  elsif change.kind = 'plan' then
    return query
    select p.id::text, p.id, null::uuid
    from public.profiles p
    where p.subscription_plan = change.subject and p.id > after_id
    order by p.id
    limit max_rows;
  elsif change.kind = 'organization' then
    return query
    select p.id::text, p.id, null::uuid
    from public.profiles p
    where p.organization_id = change.subject::uuid and p.id > after_id
    order by p.id
    limit max_rows;
  else
    return query select change.subject, change.subject::uuid, null::uuid;
  end if;
end
$$;
comment on function private.batch_of_change(private.entitlement_changes, integer) is
  'Returns the next profiles of a change in the order of their positions, and organizations whose members follow.';

create function private.lock_free_profiles(profile_ids uuid[], waits boolean)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  locked uuid[];
begin
  if waits then
    perform from public.profiles p where p.id = any (profile_ids) order by p.id for no key update;
    return profile_ids;
  end if;
  select array_agg(l.id) into locked
  from (
    select p.id from public.profiles p
    where p.id = any (profile_ids) order by p.id for no key update skip locked
  ) l;
  return coalesce(locked, '{}');
end
$$;
comment on function private.lock_free_profiles(uuid[], boolean) is
  'Locks profiles and returns those that it locked. Without waits, it leaves out profiles that another transaction '
  'holds.';

create function private.settle_entitlement_change(change private.entitlement_changes, max_rows integer)
returns text
language plpgsql
set search_path = ''
as $$
declare
  is_quota constant boolean := change.kind in ('plan', 'quota');
  batch record;
  locked uuid[];
begin
  select count(*)::integer as size, max(b.reached collate "C") as reached,
    coalesce(array_agg(distinct b.profile_id) filter (where b.profile_id is not null), '{}') as profiles,
    coalesce(array_agg(distinct b.organization_id) filter (where b.organization_id is not null), '{}') as organizations
  into batch
  from private.batch_of_change(change, max_rows) b;

  -- A batch waits for no profile, so no order of locks can deadlock. A busy profile gets a row of its own. That row
  -- waits, because its transaction holds no other profile.
  locked := private.lock_free_profiles(batch.profiles, change.kind in ('profile', 'quota'));
  if is_quota then
    update public.profiles p
    set subscription_quota = l.monthly_messages
    from public.plans l
    where p.id = any (locked)
      and l.slug = p.subscription_plan
      and p.subscription_quota is distinct from l.monthly_messages;
  else
    perform private.apply_entitlement(free) from unnest(locked) as free;
  end if;
  perform private.enqueue_entitlement_change(case when is_quota then 'quota' else 'profile' end, busy::text)
  from unnest(batch.profiles) as busy
  where busy <> all (locked);
  perform private.enqueue_entitlement_change('organization', member_of::text)
  from unnest(batch.organizations) as member_of;
  return case when batch.size = max_rows and change.kind not in ('profile', 'quota') then batch.reached end;
end
$$;
comment on function private.settle_entitlement_change(private.entitlement_changes, integer) is
  'Recomputes one batch of the profiles of a change. Returns where the next batch begins; null after the last one.';

create function private.settle_entitlement_changes()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  -- So few that no profile is locked for 100 ms.
  max_rows constant integer := 25;
  change private.entitlement_changes;
  reached text;
begin
  select * into change from private.entitlement_changes c order by c.id limit 1 for update skip locked;
  if change.id is null then
    return false;
  end if;
  if change.after = '' then
    -- What the same change repeats is visible now, so this pass covers it.
    delete from private.entitlement_changes c
    where c.id in (
      select d.id from private.entitlement_changes d
      where d.kind = change.kind and d.subject = change.subject and d.after = '' and d.id <> change.id
      for update skip locked
    );
  end if;
  reached := private.settle_entitlement_change(change, max_rows);
  if reached is null then
    delete from private.entitlement_changes c where c.id = change.id;
  else
    update private.entitlement_changes c set after = reached where c.id = change.id;
  end if;
  return true;
end
$$;
comment on function private.settle_entitlement_changes() is
  'Works through one batch of the oldest change that no other call holds. Returns false when nothing is left to do.';

create function private.refresh_entitlements()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  max_rows constant integer := 25;
  ended uuid[];
begin
  select array_agg(d.id) into ended
  from (
    (
      select p.id
      from public.subscriptions s
      join public.profiles p on p.stripe_subscription_id = s.stripe_subscription_id
      where (s.status = 'past_due' or s.ends_at is not null or s.pause_collection is not null)
        and s.ended_at is null
        and not private.is_entitling(s)
      order by p.id
      limit max_rows
    )
    union
    (
      select p.id
      from public.profiles p
      where p.entitlement_due_at <= now()
      order by p.entitlement_due_at
      limit max_rows
    )
  ) d;
  perform private.apply_entitlement(free) from unnest(private.lock_free_profiles(ended, false)) as free;
  return private.settle_entitlement_changes() or coalesce(cardinality(ended), 0) >= max_rows;
end
$$;
comment on function private.refresh_entitlements() is
  'Removes plans that ended without an event, such as a grace period or a grant, and works through one batch of '
  'private.entitlement_changes. Returns true when there may be more. Called by the schedule.';

alter table private.entitlement_changes enable row level security;

-- Serves the search for subscriptions that end without an event. The other ones, which are most, are not in it.
create index subscriptions_may_end_idx on public.subscriptions (stripe_subscription_id)
  where (status = 'past_due' or ends_at is not null or pause_collection is not null) and ended_at is null;
