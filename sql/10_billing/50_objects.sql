-- Writes objects that were fetched from Stripe into the tables.

create function private.write_stripe_row(table_name text, conflict_target text, fields jsonb, overwrites boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  columns text := (select string_agg(format('%I', k), ', ' order by k) from jsonb_object_keys(fields) as k);
  excluded_columns text := (
    select string_agg(format('excluded.%I', k), ', ' order by k) from jsonb_object_keys(fields) as k
  );
  written jsonb;
begin
  -- One rule for all tables: a fetch overwrites only rows that an earlier fetch wrote.
  execute format(
    'insert into public.%1$I as t (%2$s) select %2$s from jsonb_populate_record(null::public.%1$I, $1)
     on conflict %3$s do %4$s returning to_jsonb(t)',
    table_name, columns, conflict_target,
    -- A row with ticket 0 only stands in for an object that was not fetched yet.
    format(
      'update set (%s) = row(%s) where t.ticket < excluded.ticket and ($2 or t.ticket = 0)', columns, excluded_columns
    )
  ) into written using fields, overwrites;
  return written;
end
$$;
comment on function private.write_stripe_row(text, text, jsonb, boolean) is
  'Inserts a row, or updates the existing row if this ticket is higher. Without overwrites, only a row that stands in '
  'for an object is updated. The keys of fields are the columns. Returns the written row, or null.';

create function private.require_tombstone(kind text, object_id text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not exists (
    select from public.stripe_products d where kind = 'product' and d.id = object_id and d.is_deleted
    union all
    select from public.stripe_prices r where kind = 'price' and r.id = object_id and r.is_deleted
    union all
    select from public.stripe_customers c where kind = 'customer' and c.id = object_id and c.is_deleted
  ) then
    perform private.refuse(
      409, 'stripe_object_missing',
      'Stripe does not know this object, and it was not deleted. Check STRIPE_SECRET_KEY.',
      jsonb_build_object('kind', kind, 'id', object_id)
    );
  end if;
end
$$;
comment on function private.require_tombstone(text, text) is
  'Refuses an object that Stripe does not know, unless our row already marks it as deleted. An old event of a '
  'deleted object is then no error.';

create function private.owner_of_customer(customer_id text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select c.user_id from public.stripe_customers c where c.id = customer_id
$$;
comment on function private.owner_of_customer(text) is
  'Returns the profile that a customer belongs to. Null when it belongs to none.';

create function private.apply_catalogue_object(kind text, fields jsonb, overwrites boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if kind = 'price' then
    perform private.write_stripe_row(
      'stripe_products', '(id)', jsonb_build_object('id', fields ->> 'product_id'), false
    );
  end if;
  perform private.write_stripe_row('stripe_' || kind || 's', '(id)', fields, overwrites);
end
$$;
comment on function private.apply_catalogue_object(text, jsonb, boolean) is
  'Writes a product or a price. A price may arrive before its product.';

create function private.expect_customer(customer_id text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.write_stripe_row('stripe_customers', '(id)', jsonb_build_object('id', customer_id), false);
end
$$;
comment on function private.expect_customer(text) is
  'Makes sure that a customer has a row before another row refers to it. A new row has ticket 0.';

create function private.apply_customer(fields jsonb, overwrites boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.write_stripe_row('stripe_customers', '(id)', fields, overwrites);
end
$$;
comment on function private.apply_customer(jsonb, boolean) is
  'Writes a customer. Its owner comes from our own rows, never from data at Stripe.';

create function private.apply_subscription(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  customer_id text := fields ->> 'stripe_customer_id';
  product_id text := fields ->> 'stripe_product_id';
  written jsonb;
begin
  perform private.expect_customer(customer_id);
  if product_id is not null then
    perform private.apply_catalogue_object(
      'price', jsonb_build_object('id', fields ->> 'stripe_price_id', 'product_id', product_id), false
    );
  end if;
  written := private.write_stripe_row('subscriptions', '(stripe_subscription_id)',
    fields - 'items' || jsonb_build_object('user_id', private.owner_of_customer(customer_id)), true);
  if written is not null then
    perform private.write_subscription_items((written ->> 'id')::uuid, fields);
  end if;
end
$$;
comment on function private.apply_subscription(jsonb) is
  'Writes a subscription. Its customer, price and product may arrive later; until then, rows with ticket 0 stand in '
  'for them.';

create function private.end_unknown_subscription(fields jsonb)
returns void
language sql
set search_path = ''
as $$
  update public.subscriptions s
  set status = 'canceled', ended_at = coalesce(s.ended_at, now()), ends_at = coalesce(s.ended_at, now()),
      ticket = (fields ->> 'ticket')::bigint
  where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
    and s.ticket < (fields ->> 'ticket')::bigint
$$;
comment on function private.end_unknown_subscription(jsonb) is
  'Ends a subscription whose own event says that it is deleted, and which Stripe no longer knows.';

create function private.apply_payment(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  customer_id text := fields ->> 'stripe_customer_id';
  written jsonb;
begin
  if customer_id is not null then
    perform private.expect_customer(customer_id);
  end if;
  written := private.write_stripe_row(
    'payments',
    case when fields ->> 'stripe_payment_intent_id' is null
      then '(stripe_invoice_id) where stripe_payment_intent_id is null'
      else '(stripe_payment_intent_id)'
    end,
    (fields - 'stripe_subscription_id') || jsonb_build_object(
      'user_id', private.owner_of_customer(customer_id),
      'subscription_id', (
        select s.id from public.subscriptions s where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
      )
    ),
    true
  );
  if written is not null then
    perform private.settle_payment(jsonb_populate_record(null::public.payments, written));
  end if;
end
$$;
comment on function private.apply_payment(jsonb) is 'Writes a payment and settles its credits.';

create function private.apply_checkout(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.subscriptions s
  set checkout_id = fields ->> 'id', custom_field_data = nullif(fields -> 'custom_field_data', 'null')
  where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
    and s.stripe_customer_id = fields ->> 'stripe_customer_id';
  update public.payments p
  set checkout_id = fields ->> 'id'
  where p.stripe_payment_intent_id = fields ->> 'stripe_payment_intent_id'
    or p.stripe_invoice_id = fields ->> 'stripe_invoice_id';
  -- Our own checkout names its payer. This link is lost when a backup is restored that is older than the purchase.
  perform private.link_stripe_customer(p.id, c.id)
  from public.stripe_customers c
  join public.profiles p on p.id = private.payer_of_checkout(fields)
  where c.id = fields ->> 'stripe_customer_id' and c.user_id is null and not c.is_deleted;
end
$$;
comment on function private.apply_checkout(jsonb) is
  'Records the checkout that started a subscription or a payment. It never changes, so it needs no ticket.';

create function private.apply_stripe_object(object jsonb, ticket bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kind text := object ->> 'kind';
  fields jsonb := object -> 'fields' || jsonb_build_object('ticket', ticket);
  overwrites boolean := not coalesce((object ->> 'is_context')::boolean, false);
begin
  if (object ->> 'is_missing')::boolean then
    perform private.require_tombstone(kind, object #>> '{fields,id}');
  elsif kind in ('product', 'price') then
    perform private.apply_catalogue_object(kind, fields, overwrites);
  elsif kind = 'customer' then
    perform private.apply_customer(fields, overwrites);
  elsif kind = 'subscription' and (object ->> 'is_deleted')::boolean then
    perform private.end_unknown_subscription(fields);
  elsif kind = 'subscription' then
    perform private.apply_subscription(fields);
  elsif kind = 'payment' then
    perform private.apply_payment(fields);
  elsif kind = 'checkout' then
    perform private.apply_checkout(fields);
  else
    perform private.refuse(
      400, 'unknown_stripe_object',
      'Parley does not store Stripe objects of this kind. Send a kind that private.apply_stripe_object names.',
      jsonb_build_object('kind', kind)
    );
  end if;
end
$$;
comment on function private.apply_stripe_object(jsonb, bigint) is
  'Writes one fetched object. An object with is_context came along with another one, and is written only if it is '
  'not known yet.';

create function private.profiles_concerned(objects jsonb)
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select c.user_id
  from jsonb_array_elements(objects) as o
  join public.stripe_customers c
    on c.id = case o ->> 'kind' when 'customer' then o #>> '{fields,id}' else o #>> '{fields,stripe_customer_id}' end
  where c.user_id is not null
  union
  -- A customer without a link may be adopted, whatever object names it.
  select found.id
  from jsonb_array_elements(objects) as o
  cross join lateral (
    select case o ->> 'kind'
      when 'customer' then private.adopter_of(o #>> '{fields,id}', o #>> '{fields,email}')
      else private.adopter_of(o #>> '{fields,stripe_customer_id}', null)
    end as id
    union
    select private.payer_of_checkout(o -> 'fields')
  ) found
  where found.id is not null
  order by 1
$$;
comment on function private.profiles_concerned(jsonb) is
  'Returns the profiles whose entitlement these objects may change, in the order in which they are locked. The '
  'subscribers of a product with a changed plan follow in batches: private.entitlement_changes.';

create function private.apply_stripe_objects(event_ids text[], ticket bigint, objects jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  kinds constant text[] := array['product', 'price', 'customer', 'subscription', 'payment', 'checkout'];
  known constant uuid[] := array(select private.profiles_concerned(objects));
begin
  -- All locks are taken in one order, so concurrent calls for the same profiles wait and never deadlock. The login
  -- comes before its profile, as when a login is deleted: a second update of a profile, for its plan after its credits,
  -- locks the login.
  perform from auth.users u
  where u.id in (select p.auth_id from public.profiles p where p.id = any (known))
  order by u.id
  for key share;
  perform from public.profiles p
  where p.id = any (known)
  order by p.id
  for no key update;

  perform private.apply_stripe_object(o, ticket)
  from (
    select o from jsonb_array_elements(objects) as o
    order by array_position(kinds, o ->> 'kind'), o #>> '{fields,id}', o::text
    -- offset 0 keeps the planner from merging the subquery, so the calls run in its order.
    offset 0
  ) as ordered;

  -- Asked again, because the objects may have linked a customer.
  perform private.apply_entitlement(concerned) from private.profiles_concerned(objects) as concerned;
  perform private.apply_organizations_concerned(objects);

  perform private.settle_stripe_events(event_ids);
end
$$;
comment on function private.apply_stripe_objects(text[], bigint, jsonb) is
  'Writes fetched objects, entitlements and the ledger in one transaction. Definer: credits and entitlement are '
  'private.';
grant execute on function private.apply_stripe_objects(text[], bigint, jsonb) to service_role;

create function public.apply_stripe_objects(event_id text, ticket bigint, objects jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.apply_stripe_objects(array[event_id], ticket, objects)
$$;
comment on function public.apply_stripe_objects(text, bigint, jsonb) is
  'Service RPC for every function that fetches from Stripe. objects: [{ kind, fields, is_context?, is_missing?, '
  'is_deleted? }], fetched after the ticket was drawn. event_id is empty when no event asked for the fetch.';
grant execute on function public.apply_stripe_objects(text, bigint, jsonb) to service_role;

create function public.apply_stripe_events(event_ids text[], ticket bigint, objects jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.apply_stripe_objects(event_ids, ticket, objects)
$$;
comment on function public.apply_stripe_events(text[], bigint, jsonb) is
  'Service RPC of the worker: apply_stripe_objects for several events, which are processed together or not at all.';
grant execute on function public.apply_stripe_events(text[], bigint, jsonb) to service_role;
