-- The billing account of a profile: its customer at Stripe.

create function private.customer_of(profile_id uuid)
returns public.stripe_customers
language sql
stable
set search_path = ''
as $$
  select c from public.stripe_customers c where c.user_id = profile_id and not c.is_deleted
$$;
comment on function private.customer_of(uuid) is 'Returns the customer of a profile that is not deleted, or null.';

create function private.adoptable_customer(profile public.profiles)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (
      -- An imported customer may have no row yet.
      select profile.stripe_customer_id
      where not exists (
        select from public.stripe_customers c
        where c.id = profile.stripe_customer_id and (c.is_deleted or c.user_id is not null)
      )
    ),
    (
      select c.id
      from public.stripe_customers c
      where lower(c.email) = lower(profile.email) and c.user_id is null and not c.is_deleted
        and private.adopter_of(c.id, c.email) = profile.id
    )
  )
$$;
comment on function private.adoptable_customer(public.profiles) is
  'Returns the customer without a link that belongs to a profile, or null.';

create function private.require_buyer(profile public.profiles)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.require_active(profile.id);
  if profile.is_anonymous then
    perform private.refuse(
      409, 'email_required',
      'A purchase needs a login with an email address. Add an email address to the login and confirm it.'
    );
  end if;
end
$$;
comment on function private.require_buyer(public.profiles) is
  'Refuses with 403 a profile that may not act, and with 409 an anonymous one, whose purchase would be lost with its '
  'session.';

create function private.get_billing_account(auth_user_id uuid, is_buying boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  customer public.stripe_customers := private.customer_of(profile.id);
  adopted text;
begin
  if is_buying then
    perform private.require_buyer(profile);
  end if;
  if customer.id is null then
    adopted := private.adoptable_customer(profile);
    if adopted is not null then
      perform private.link_stripe_customer(profile.id, adopted);
      customer := private.customer_of(profile.id);
    end if;
  end if;
  return jsonb_build_object(
    'policy', (select to_jsonb(b) from private.billing_policy b),
    'profile_id', profile.id,
    'email', profile.email,
    'customer_id', customer.id,
    'synced_at', customer.synced_at,
    'plan_subscription', private.plan_subscription(profile.id),
    'former_customers', (select count(*) from public.stripe_customers c where c.user_id = profile.id and c.is_deleted),
    'may_have_trial', private.may_have_trial(profile)
  );
end
$$;
comment on function private.get_billing_account(uuid, boolean) is
  'Returns what billing needs to know about a login. With is_buying, refuses with 403 an account that may not act, and '
  'with 409 an anonymous login. '
  'Definer: the function creates a missing profile.';
grant execute on function private.get_billing_account(uuid, boolean) to service_role;

create function public.get_billing_account(auth_user_id uuid, is_buying boolean)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.get_billing_account(auth_user_id, is_buying)
$$;
comment on function public.get_billing_account(uuid, boolean) is
  'Service RPC of billing: profile, customer and history of a login.';
grant execute on function public.get_billing_account(uuid, boolean) to service_role;

create function private.link_stripe_customer(profile_id uuid, customer_id text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  linked text;
begin
  perform from public.profiles p where p.id = profile_id for no key update;
  linked := (private.customer_of(profile_id)).id;
  if linked is not null then
    return linked;
  end if;

  insert into public.stripe_customers as c (id, user_id)
  values (customer_id, profile_id)
  on conflict (id) do update set user_id = excluded.user_id where c.user_id is null and not c.is_deleted
  returning c.id into linked;
  if linked is null then
    perform private.refuse(
      409, 'customer_taken',
      'This Stripe customer already belongs to another account. Try again.'
    );
  end if;
  update public.subscriptions s set user_id = profile_id where s.stripe_customer_id = linked;
  update public.payments p set user_id = profile_id where p.stripe_customer_id = linked;
  perform private.settle_payment(p) from public.payments p where p.stripe_customer_id = linked;
  -- A second update of a profile in one transaction would lock its login.
  update public.profiles p set stripe_customer_id = linked
  where p.id = profile_id and p.stripe_customer_id is distinct from linked;
  perform private.apply_entitlement(profile_id);
  return linked;
end
$$;
comment on function private.link_stripe_customer(uuid, text) is
  'Gives a customer to a profile, unless the profile has one. Returns the profile''s customer. Definer: profiles and '
  'credits change.';
grant execute on function private.link_stripe_customer(uuid, text) to service_role;

create function public.link_stripe_customer(profile_id uuid, customer_id text)
returns text
language sql
security invoker
set search_path = ''
as $$
  select private.link_stripe_customer(profile_id, customer_id)
$$;
comment on function public.link_stripe_customer(uuid, text) is
  'Service RPC of billing, called after it has created a customer: links the customer to the profile. Concurrent '
  'calls all return the same customer.';
grant execute on function public.link_stripe_customer(uuid, text) to service_role;
