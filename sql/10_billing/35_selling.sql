-- What is for sale: which prices clients see and may buy.

create function private.catalogue_problems()
returns table (product_id text, price_id text, name text, key text, value text)
language sql
stable
set search_path = ''
as $$
  select d.id, null, d.name, m.key, m.value
  from public.stripe_products d
  cross join lateral jsonb_each_text(d.metadata) m
  where d.is_active and not d.is_deleted
    and case m.key
      when 'plan' then not exists (select from public.plans l where l.slug = m.value)
      when 'tokens' then d.tokens is null
      when 'tokens_days' then m.value !~ '^[1-9]\d{0,4}$'
      else false
    end
  union all
  select d.id, r.id, d.name, 'trial_days', r.metadata ->> 'trial_days'
  from public.stripe_prices r
  join public.stripe_products d on d.id = r.product_id
  where r.is_active and not r.is_deleted and d.is_active and not d.is_deleted
    and r.metadata ? 'trial_days' and r.trial_days is null
$$;
comment on function private.catalogue_problems() is
  'Lists metadata of active products and prices that Parley cannot use: an unknown plan, or a number that is not '
  'valid. Such a product or price is not sold. price_id is null for metadata of the product.';

create function private.listed_price_ids()
returns setof text
language sql
stable
security definer
set search_path = ''
as $$
  select r.id
  from public.stripe_prices r
  join public.stripe_products d on d.id = r.product_id
  where r.is_active and not r.is_deleted and d.is_active and not d.is_deleted
    and (
      r.metadata ->> 'listed' = 'true'
      or r.id = d.default_price_id and not exists (
        select from public.stripe_prices o
        where o.product_id = d.id and not o.is_deleted and o.metadata ->> 'listed' = 'true'
      )
    )
    and not exists (
      select from private.catalogue_problems() p
      where p.product_id = d.id and coalesce(p.price_id = r.id, true)
    )
$$;
comment on function private.listed_price_ids() is
  'The one rule for what is for sale: active prices with the metadata listed = "true", or the product''s default price '
  'while no price of the product is marked. Definer: clients cannot read the metadata.';
grant execute on function private.listed_price_ids() to anon, authenticated, service_role;

create function public.listed_prices()
returns setof public.stripe_prices
language sql
stable
security invoker
set search_path = ''
as $$
  select r.* from public.stripe_prices r where r.id in (select private.listed_price_ids())
$$;
comment on function public.listed_prices() is
  'Service RPC of billing: the prices that are for sale. Clients read the same rows from stripe_prices.';
grant execute on function public.listed_prices() to service_role;

-- The columns that a price table needs. Metadata, nicknames and lookup keys are the operator's own notes.
grant select (id, name, description, images, plan, tokens, default_price_id, is_active)
  on public.stripe_products to anon, authenticated;
grant select (
  id, product_id, is_active, currency, unit_amount, type, recurring_interval, recurring_interval_count, trial_days
) on public.stripe_prices to anon, authenticated;

create policy stripe_prices_select_anon on public.stripe_prices
  for select to anon
  using (id in (select private.listed_price_ids()));

-- A price that is no longer for sale stays visible to its subscribers.
create policy stripe_prices_select_authenticated on public.stripe_prices
  for select to authenticated
  using (
    id in (select private.listed_price_ids())
    or id in (select s.stripe_price_id from public.subscriptions s)
  );

-- The policies of prices decide here, too.
create policy stripe_products_select_priced on public.stripe_products
  for select to anon, authenticated
  using (id in (select r.product_id from public.stripe_prices r));

create function private.holds_plan(subscription public.subscriptions)
returns boolean
language sql
stable
set search_path = ''
as $$
  select subscription.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
    and coalesce(subscription.ends_at > now(), true)
    and exists (
      select from public.subscription_items i
      join public.stripe_products d on d.id = i.stripe_product_id
      join public.plans l on l.slug = d.plan
      where i.subscription_id = subscription.id and i.quantity is distinct from 0
    )
    and not exists (
      select from public.stripe_customers c where c.id = subscription.stripe_customer_id and c.is_deleted
    )
$$;
comment on function private.holds_plan(public.subscriptions) is
  'True for a subscription to a plan that has not ended. It may charge again, also while an unpaid invoice keeps it '
  'from giving the plan. So its payer changes it in the portal, and does not buy another.';

create function private.plan_subscription(profile_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
  select s.stripe_subscription_id
  from public.subscriptions s
  where s.user_id = profile_id and private.holds_plan(s)
  order by private.is_entitling(s) desc, s.started_at, s.stripe_subscription_id
  limit 1
$$;
comment on function private.plan_subscription(uuid) is
  'Returns Stripe''s id of the subscription with which a profile pays for a plan, or null.';

create function private.double_plans()
returns table (user_id uuid, subscription_ids text[])
language sql
stable
set search_path = ''
as $$
  select s.user_id, array_agg(s.stripe_subscription_id order by s.started_at, s.stripe_subscription_id)
  from public.subscriptions s
  where s.user_id is not null and s.ended_at is null and private.holds_plan(s)
  group by s.user_id
  having count(*) > 1
$$;
comment on function private.double_plans() is
  'Lists users who pay for more than one plan. Parley sells them no second one, so it was made at Stripe.';
