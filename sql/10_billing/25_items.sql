-- The items of subscriptions: each price that a subscription has, with its quantity.

create table public.subscription_items (
  id text primary key,
  subscription_id uuid not null,
  stripe_price_id text not null,
  stripe_product_id text not null,
  quantity bigint,
  current_period_start timestamptz,
  current_period_end timestamptz,
  created_at timestamptz not null default now(),
  constraint subscription_items_subscription_id_fkey foreign key (subscription_id)
    references public.subscriptions (id) on delete cascade,
  constraint subscription_items_stripe_price_id_fkey foreign key (stripe_price_id)
    references public.stripe_prices (id)
);

comment on table public.subscription_items is
  'The items of all subscriptions. Each item of a subscription that gives a plan counts, whatever it costs.';
comment on column public.subscription_items.id is
  'The id at Stripe. An item that was stored without its id has the id of its subscription.';
comment on column public.subscription_items.stripe_product_id is
  'The product of the price. No foreign key: with a second one, PostgREST could not tell how prices embed products.';
comment on column public.subscription_items.quantity is
  'Null for a metered price. An item with quantity 0 gives no plan and no seats.';

create function private.write_subscription_items(subscription_id uuid, fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- The functions of the previous release send no items, but the fields of the most expensive one.
  items jsonb := coalesce(fields -> 'items', case
    when fields ->> 'stripe_product_id' is null then '[]'::jsonb
    else jsonb_build_array(
      fields || jsonb_build_object('id', fields ->> 'stripe_subscription_id')
    )
  end);
begin
  perform private.apply_catalogue_object(
    'price', jsonb_build_object('id', i.stripe_price_id, 'product_id', i.stripe_product_id), false
  )
  from jsonb_populate_recordset(null::public.subscription_items, items) as i
  order by i.stripe_price_id;

  delete from public.subscription_items d
  where d.subscription_id = write_subscription_items.subscription_id
    and d.id not in (select i.id from jsonb_populate_recordset(null::public.subscription_items, items) as i);
  insert into public.subscription_items
    (id, subscription_id, stripe_price_id, stripe_product_id, quantity, current_period_start, current_period_end,
      created_at)
  select i.id, write_subscription_items.subscription_id, i.stripe_price_id, i.stripe_product_id, i.quantity,
    i.current_period_start, i.current_period_end, coalesce(i.created_at, now())
  from jsonb_populate_recordset(null::public.subscription_items, items) as i
  on conflict (id) do update
  set stripe_price_id = excluded.stripe_price_id, stripe_product_id = excluded.stripe_product_id,
      quantity = excluded.quantity, current_period_start = excluded.current_period_start,
      current_period_end = excluded.current_period_end;
end
$$;
comment on function private.write_subscription_items(uuid, jsonb) is
  'Replaces the items of a subscription by those in fields -> items. private.apply_subscription calls it after it has '
  'written the subscription, so the ticket of the subscription covers its items.';

alter table public.subscription_items enable row level security;

grant select on public.subscription_items to authenticated;
grant select, insert, update, delete on public.subscription_items to service_role;

-- The policies of subscriptions decide which subscriptions the subquery returns.
create policy subscription_items_select_own on public.subscription_items
  for select to authenticated
  using (subscription_id = any (array(select s.id from public.subscriptions s)));

create index subscription_items_subscription_id_idx on public.subscription_items (subscription_id);
create index subscription_items_stripe_price_id_idx on public.subscription_items (stripe_price_id);
-- Also serves the batches in which the subscribers of a product get its changed plan.
create index subscription_items_stripe_product_id_idx on public.subscription_items (stripe_product_id, id);
