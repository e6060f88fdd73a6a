-- Which profile a customer belongs to, when Stripe or an import names it.

create function private.adopter_of(customer_id text, customer_email text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (select p.id from public.profiles p where p.stripe_customer_id = adopter_of.customer_id),
    (
      select p.id
      from public.profiles p
      cross join private.billing_policy b
      where b.adopt_by_email
        and p.email_confirmed and not p.is_deleted
        and lower(p.email) = lower(adopter_of.customer_email)
        -- Two customers with one address may be two people.
        and not exists (
          select from public.stripe_customers o
          where lower(o.email) = lower(adopter_of.customer_email)
            and o.id <> adopter_of.customer_id
            and not o.is_deleted
        )
    )
  )
$$;
comment on function private.adopter_of(text, text) is
  'Returns the profile to which a customer without a link belongs: the one that was imported with its id, or, only '
  'with billing_policy.adopt_by_email, the one with its confirmed address. Data at Stripe proves nothing by itself.';

create function private.payer_of_checkout(checkout jsonb)
returns uuid
language sql
stable
set search_path = ''
as $$
  select p.id from public.profiles p where p.id = case
    when checkout ->> 'profile_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (checkout ->> 'profile_id')::uuid
  end
$$;
comment on function private.payer_of_checkout(jsonb) is
  'Returns the profile that a checkout of our own server names, or null.';

create function private.adopt_customer(customer public.stripe_customers)
returns void
language plpgsql
set search_path = ''
as $$
declare
  adopter uuid;
begin
  if customer.user_id is not null or customer.is_deleted then
    return;
  end if;
  adopter := private.adopter_of(customer.id, customer.email);
  if adopter is not null then
    perform private.link_stripe_customer(adopter, customer.id);
  end if;
end
$$;
comment on function private.adopt_customer(public.stripe_customers) is
  'Links a customer to the profile that it belongs to, unless either has a link already.';

create function private.adopt_new_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.adopt_customer(new);
  return null;
end
$$;
comment on function private.adopt_new_customer() is
  'Trigger: links a customer as soon as it has a row, whatever object named it. Definer: profiles and credits change.';

create function private.adopt_named_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.adopt_customer(c) from public.stripe_customers c where c.id = new.stripe_customer_id;
  return null;
end
$$;
comment on function private.adopt_named_customer() is
  'Trigger: links the customer that a profile is imported with, if it has a row. Definer: credits change.';

create function private.enqueue_changed_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('stripe_email', c.id)
  from public.stripe_customers c
  where c.user_id = new.id and not c.is_deleted;
  return null;
end
$$;
comment on function private.enqueue_changed_email() is
  'Trigger: puts the changed address of a payer into the outbox, which sends it to Stripe. Definer: the outbox is '
  'closed to all roles.';

create function private.release_returned_customer()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (
    select from public.stripe_customers c
    where c.id <> new.id
      and not c.is_deleted
      and (c.user_id = new.user_id or c.organization_id = new.organization_id)
  ) then
    new.user_id := null;
    new.organization_id := null;
  end if;
  return new;
end
$$;
comment on function private.release_returned_customer() is
  'Trigger: a customer that Stripe had lost and has again stays without an owner, if the owner has a new one by now.';

create trigger stripe_customers_release_returned
  before update of is_deleted on public.stripe_customers
  for each row when (old.is_deleted and not new.is_deleted)
  execute function private.release_returned_customer();

create trigger stripe_customers_adopt_inserted
  after insert on public.stripe_customers
  for each row when (new.user_id is null)
  execute function private.adopt_new_customer();
create trigger stripe_customers_adopt_changed
  after update of email on public.stripe_customers
  for each row when (new.user_id is null and new.email is distinct from old.email)
  execute function private.adopt_new_customer();
create trigger profiles_adopt_inserted
  after insert on public.profiles
  for each row when (new.stripe_customer_id is not null)
  execute function private.adopt_named_customer();
create trigger profiles_adopt_changed
  after update of stripe_customer_id on public.profiles
  for each row when (new.stripe_customer_id is distinct from old.stripe_customer_id)
  execute function private.adopt_named_customer();
create trigger profiles_send_email
  after update of email on public.profiles
  for each row when (new.email is not null and new.email is distinct from old.email)
  execute function private.enqueue_changed_email();

-- Serves adoption by address.
create index stripe_customers_email_idx on public.stripe_customers (lower(email));
