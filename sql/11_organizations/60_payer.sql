-- The billing account of an organization, and what its owner and admins see of it.

create function private.my_administrated_organization_ids()
returns setof uuid
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  return query
  select p.organization_id
  from public.profiles p
  where p.auth_id = auth.uid()
    and private.can_act(p.id)
    and p.organization_role in ('owner', 'admin');
end
$$;
comment on function private.my_administrated_organization_ids() is
  'The organization that the caller owns or administrates, as a set; empty for a suspended caller. Policies call it '
  'once a statement. Definer: the result must not depend on the policies of profiles.';
grant execute on function private.my_administrated_organization_ids() to authenticated;

create function private.my_paying_customer_ids()
returns setof text
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  return query
  select c.id
  from public.stripe_customers c
  where c.organization_id in (select private.my_administrated_organization_ids());
end
$$;
comment on function private.my_paying_customer_ids() is
  'The customers of the organization that the caller owns or administrates. Policies call it once a statement. '
  'Definer: the result must not depend on the policies of these tables.';
grant execute on function private.my_paying_customer_ids() to authenticated;

-- One policy a verb, because each further policy would be evaluated for every row.
alter policy stripe_customers_select_own on public.stripe_customers
  using (
    user_id = (select private.current_profile_id())
    or id = any (array(select private.my_paying_customer_ids()))
  );

alter policy subscriptions_select_own on public.subscriptions
  using (
    user_id = (select private.current_profile_id())
    or stripe_customer_id = any (array(select private.my_paying_customer_ids()))
  );

alter policy payments_select_own on public.payments
  using (
    user_id = (select private.current_profile_id())
    or stripe_customer_id = any (array(select private.my_paying_customer_ids()))
  );

create function private.customer_of_organization(organization_id uuid)
returns public.stripe_customers
language sql
stable
set search_path = ''
as $$
  select c from public.stripe_customers c
  where c.organization_id = customer_of_organization.organization_id and not c.is_deleted
$$;
comment on function private.customer_of_organization(uuid) is
  'Returns the customer of an organization that is not deleted, or null.';

create function private.get_organization_billing(auth_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.ensure_profile(auth_user_id);
  customer public.stripe_customers;
begin
  perform private.require_buyer(me);
  perform private.require_membership(me, 'owner', 'admin');
  customer := private.customer_of_organization(me.organization_id);
  return jsonb_build_object(
    'profile_id', me.id,
    'organization_id', me.organization_id,
    'name', (select o.name from public.organizations o where o.id = me.organization_id),
    'email', me.email,
    'customer_id', customer.id,
    'former_customers', (
      select count(*) from public.stripe_customers c where c.organization_id = me.organization_id and c.is_deleted
    ),
    'policy', (select to_jsonb(b) from private.billing_policy b),
    'members', (select count(*) from public.profiles p where p.organization_id = me.organization_id),
    'has_plan', exists (
      select from public.subscriptions s where s.stripe_customer_id = customer.id and private.holds_plan(s)
    )
  );
end
$$;
comment on function private.get_organization_billing(uuid) is
  'Returns what billing needs to know about the organization of a login. Refuses with 404 a login without an '
  'organization, with 403 a plain member or an account that may not act, and with 409 an anonymous one. Definer: the '
  'function creates a missing profile.';
grant execute on function private.get_organization_billing(uuid) to service_role;

create function public.get_organization_billing(auth_user_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.get_organization_billing(auth_user_id)
$$;
comment on function public.get_organization_billing(uuid) is
  'Service RPC of billing: organization, customer and members of an owner or admin. has_plan is true if the '
  'organization pays for a plan, also while an unpaid invoice keeps it from giving seats.';
grant execute on function public.get_organization_billing(uuid) to service_role;

create function private.link_organization_customer(organization_id uuid, customer_id text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  linked text;
begin
  perform from public.organizations o where o.id = link_organization_customer.organization_id for no key update;
  if not found then
    perform private.refuse(
      404, 'organization_not_found',
      'This organization was deleted. Create an organization or accept an invitation first.'
    );
  end if;
  linked := (private.customer_of_organization(organization_id)).id;
  if linked is not null then
    return linked;
  end if;

  insert into public.stripe_customers as c (id, organization_id)
  values (customer_id, link_organization_customer.organization_id)
  on conflict (id) do update set organization_id = excluded.organization_id
  where c.user_id is null and c.organization_id is null and not c.is_deleted
  returning c.id into linked;
  if linked is null then
    perform private.refuse(
      409, 'customer_taken',
      'This Stripe customer already belongs to another account. Try again.'
    );
  end if;
  perform private.apply_organization(organization_id);
  return linked;
end
$$;
comment on function private.link_organization_customer(uuid, text) is
  'Gives a customer to an organization, unless the organization has one. Returns the organization''s customer. '
  'Definer: profiles of members change.';
grant execute on function private.link_organization_customer(uuid, text) to service_role;

create function public.link_organization_customer(organization_id uuid, customer_id text)
returns text
language sql
security invoker
set search_path = ''
as $$
  select private.link_organization_customer(organization_id, customer_id)
$$;
comment on function public.link_organization_customer(uuid, text) is
  'Service RPC of billing, called after it has created a customer: links the customer to the organization. Concurrent '
  'calls all return the same customer.';
grant execute on function public.link_organization_customer(uuid, text) to service_role;

create function private.organization_usage(month date)
returns table (
  profile_id uuid, user_name text, role text, plan text, plan_source text, request_count bigint, input_tokens bigint,
  output_tokens bigint, total_cost numeric
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.my_membership('owner', 'admin');
  first_day date := date_trunc('month', coalesce(organization_usage.month, private.this_month())::timestamp)::date;
begin
  return query
  select p.id, p.user_name, p.organization_role, p.subscription_plan, p.plan_source,
    coalesce(sum(u.request_count), 0), coalesce(sum(u.input_tokens), 0)::bigint,
    coalesce(sum(u.output_tokens), 0)::bigint, coalesce(sum(u.total_cost), 0)
  from public.profiles p
  left join public.usage_metrics u
    on u.user_id = p.id
    and u.day >= first_day and u.day < first_day + interval '1 month'
    and u.day >= (p.organization_joined_at at time zone 'UTC')::date
  where p.organization_id = me.organization_id
  group by p.id
  order by 9 desc, p.id;
end
$$;
comment on function private.organization_usage(date) is
  'Usage of the members of the caller''s organization in a UTC month, from the day on which each joined. Definer: '
  'users can read only their own usage; the function returns sums and checks the caller''s role.';
grant execute on function private.organization_usage(date) to authenticated;

create function public.organization_usage(month date default null)
returns table (
  profile_id uuid, user_name text, role text, plan text, plan_source text, request_count bigint, input_tokens bigint,
  output_tokens bigint, total_cost numeric
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.organization_usage(month)
$$;
comment on function public.organization_usage(date) is
  'Client RPC for the owner and admins: what each member used in the UTC month of a date (by default the current one), '
  'as numbers. The cost is in US dollars. Nothing of what was written.';
grant execute on function public.organization_usage(date) to authenticated;

create function private.unowned_plans()
returns setof text
language sql
stable
set search_path = ''
as $$
  select s.stripe_subscription_id
  from public.subscriptions s
  join public.stripe_customers c on c.id = s.stripe_customer_id
  where c.user_id is null and c.organization_id is null and s.ended_at is null and private.holds_plan(s)
$$;
comment on function private.unowned_plans() is
  'Lists subscriptions to plans whose customer belongs to nobody. They charge and give nothing: Stripe had lost the '
  'customer, or somebody made it there.';
