-- Organizations that pay: their customer at Stripe, their seats, and what a member gets.

alter table public.stripe_customers
  add column organization_id uuid,
  add constraint stripe_customers_organization_id_fkey foreign key (organization_id)
    references public.organizations (id) on delete set null,
  -- A customer that Parley neither created nor imported has no owner.
  add constraint stripe_customers_owner_check check (num_nonnulls(user_id, organization_id) <= 1);

comment on column public.stripe_customers.organization_id is
  'The organization that pays as this customer. A customer belongs to a profile or to an organization. Only Parley''s '
  'own records set it.';

create function private.organization_seats(organization_id uuid)
returns table (plan text, rank integer, seats numeric, ends_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select l.slug, l.rank, sum(coalesce(i.quantity, 1)), min(private.entitled_until(s))
  from public.stripe_customers c
  join public.subscriptions s on s.stripe_customer_id = c.id
  join public.subscription_items i on i.subscription_id = s.id
  join public.stripe_products d on d.id = i.stripe_product_id
  join public.plans l on l.slug = d.plan
  where c.organization_id = organization_seats.organization_id
    and not c.is_deleted
    and i.quantity is distinct from 0
    and private.is_entitling(s)
  group by l.slug, l.rank;
end
$$;
comment on function private.organization_seats(uuid) is
  'Returns the seats that an organization has bought, by plan. No rows if the organization does not pay.';

create function private.seat_count(organization_id uuid)
returns numeric
language sql
stable
set search_path = ''
as $$
  select sum(s.seats) from private.organization_seats(seat_count.organization_id) s
$$;
comment on function private.seat_count(uuid) is
  'Returns the number of seats of an organization. Null if it does not pay: then nothing limits its members.';

create function private.seat_of(profile public.profiles)
returns table (plan text, ends_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  if profile.organization_id is null then
    return;
  end if;
  return query
  with bought as (
    select o.plan, o.rank, sum(o.seats) over (order by o.rank desc) as last_seat, min(o.ends_at) over () as ends_at
    from private.organization_seats(profile.organization_id) o
  )
  select b.plan, nullif(b.ends_at, 'infinity')
  from bought b
  where b.last_seat > (
    select count(*)
    from public.profiles p
    where p.organization_id = profile.organization_id
      and p.id <> profile.id
      and (p.organization_joined_at, p.id) < (profile.organization_joined_at, profile.id)
  )
  order by b.rank desc
  limit 1;
end
$$;
comment on function private.seat_of(public.profiles) is
  'Returns the plan of a member''s seat, and when the first of the organization''s subscriptions ends. The members who '
  'joined first have the best seats. No row for a member without a seat.';

create function private.require_seat(organization_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  seats numeric := private.seat_count(organization_id);
begin
  if seats <= (select count(*) from public.profiles p where p.organization_id = require_seat.organization_id) then
    perform private.refuse(
      402, 'seats_exhausted',
      'All seats of the organization are taken. The owner or an admin can buy more seats or remove a member.',
      jsonb_build_object('seats', seats)
    );
  end if;
end
$$;
comment on function private.require_seat(uuid) is
  'Refuses with 402 when an organization that pays has no free seat. The caller holds the lock of the organization, so '
  'concurrent calls cannot exceed the seats.';

create function private.enqueue_member_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_entitlement_change('organization', changed::text)
  from unnest(array[old.organization_id, new.organization_id]) as changed
  where changed is not null
    and exists (select from public.stripe_customers c where c.organization_id = changed and not c.is_deleted);
  return null;
end
$$;
comment on function private.enqueue_member_change() is
  'Trigger: a member who joins or leaves changes whose seat each other member has. The schedule recomputes them. '
  'Definer: the list of changes is private.';

create trigger profiles_enqueue_member_change
  after update of organization_id, is_deleted on public.profiles
  for each row when (old.organization_id is distinct from new.organization_id)
  execute function private.enqueue_member_change();

create function private.apply_organization(organization_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_rows constant integer := 50;
  change private.entitlement_changes;
  reached text;
begin
  change.kind := 'organization';
  change.subject := organization_id::text;
  change.after := '';
  reached := private.settle_entitlement_change(change, max_rows);
  if reached is not null then
    perform private.enqueue_entitlement_change('organization', change.subject, reached);
  end if;
end
$$;
comment on function private.apply_organization(uuid) is
  'Computes the plans of the first members of an organization at once. The schedule follows with the other members.';

create function private.apply_organizations_concerned(objects jsonb)
returns void
language sql
set search_path = ''
as $$
  select private.apply_organization(d.organization_id)
  from (
    select distinct c.organization_id
    from jsonb_array_elements(objects) as o
    join public.stripe_customers c
      on c.id = case o ->> 'kind' when 'customer' then o #>> '{fields,id}' else o #>> '{fields,stripe_customer_id}' end
    where o ->> 'kind' in ('customer', 'subscription')
      and c.organization_id is not null
    order by c.organization_id
  ) d
$$;
comment on function private.apply_organizations_concerned(jsonb) is
  'Computes the plans of the members of each organization whose customer or subscription is among these objects.';

create function private.release_organization_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_customer(c.id)
  from public.stripe_customers c
  where c.organization_id = old.id and not c.is_deleted;
  update public.stripe_customers c
  set organization_id = null, email = null, name = null, metadata = '{}'
  where c.organization_id = old.id;
  return old;
end
$$;
comment on function private.release_organization_customer() is
  'Trigger: lets the outbox delete the customer of a deleted organization at Stripe, which ends its subscriptions. The '
  'rows stay as books, without name and address. Definer: the outbox is closed to all roles.';

create trigger organizations_release_customer
  before delete on public.organizations
  for each row execute function private.release_organization_customer();

create function private.forget_organization_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not exists (select from public.organizations o where o.id::text = new.metadata ->> 'organization_id') then
    new.email := null;
    new.name := null;
  end if;
  return new;
end
$$;
comment on function private.forget_organization_customer() is
  'Trigger: removes personal data that Stripe still sends about the customer of a deleted organization. The metadata, '
  'which Parley''s server writes, gives nobody a right. Definer: it must see all organizations.';

create trigger stripe_customers_forget_organization
  before insert or update on public.stripe_customers
  for each row when (new.user_id is null and new.organization_id is null and new.metadata ? 'organization_id')
  execute function private.forget_organization_customer();

create index stripe_customers_organization_id_idx on public.stripe_customers (organization_id)
  where organization_id is not null;
create unique index stripe_customers_organization_id_key on public.stripe_customers (organization_id)
  where not is_deleted;
