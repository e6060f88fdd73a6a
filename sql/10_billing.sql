-- Billing: what Stripe says of products, customers, subscriptions and payments, and what follows for a profile.

create type public.subscription_status as enum (
  'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused'
);

create table public.stripe_products (
  id text primary key,
  name text not null default '',
  description text,
  is_active boolean not null default false,
  is_deleted boolean not null default false,
  default_price_id text,
  images text[] not null default '{}',
  metadata jsonb not null default '{}',
  plan text generated always as (metadata ->> 'plan') stored,
  created_at timestamptz,
  ticket bigint not null default 0
);

create table public.stripe_prices (
  id text primary key,
  product_id text not null,
  is_active boolean not null default false,
  is_deleted boolean not null default false,
  currency text,
  unit_amount bigint,
  type text,
  recurring_interval text,
  recurring_interval_count integer,
  nickname text,
  lookup_key text,
  metadata jsonb not null default '{}',
  created_at timestamptz,
  ticket bigint not null default 0,
  constraint stripe_prices_product_id_fkey foreign key (product_id) references public.stripe_products (id),
  constraint stripe_prices_type_check check (type in ('one_time', 'recurring'))
);

create table public.stripe_customers (
  id text primary key,
  user_id uuid,
  email text,
  name text,
  currency text,
  is_delinquent boolean not null default false,
  is_deleted boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz,
  synced_at timestamptz,
  ticket bigint not null default 0,
  constraint stripe_customers_user_id_fkey foreign key (user_id) references public.profiles (id) on delete set null
);

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  stripe_subscription_id text not null,
  stripe_customer_id text not null,
  user_id uuid,
  status public.subscription_status not null,
  stripe_price_id text,
  stripe_product_id text,
  quantity integer,
  amount bigint,
  currency text not null,
  recurring_interval text,
  recurring_interval_count integer,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  auto_renew boolean not null generated always as (
    not cancel_at_period_end and cancel_at is null and ended_at is null
  ) stored,
  cancel_at timestamptz,
  canceled_at timestamptz,
  started_at timestamptz,
  ends_at timestamptz,
  ended_at timestamptz,
  past_due_at timestamptz,
  trial_start timestamptz,
  trial_end timestamptz,
  pause_collection jsonb,
  discount_id text,
  checkout_id text,
  cancellation_reason text,
  cancellation_comment text,
  metadata jsonb not null default '{}',
  custom_field_data jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null default now(),
  ticket bigint not null default 0,
  constraint subscriptions_stripe_subscription_id_key unique (stripe_subscription_id),
  constraint subscriptions_stripe_customer_id_fkey foreign key (stripe_customer_id)
    references public.stripe_customers (id),
  constraint subscriptions_user_id_fkey foreign key (user_id) references public.profiles (id) on delete set null,
  constraint subscriptions_stripe_price_id_fkey foreign key (stripe_price_id) references public.stripe_prices (id),
  constraint subscriptions_stripe_product_id_fkey foreign key (stripe_product_id)
    references public.stripe_products (id)
);

create table public.payments (
  id uuid primary key default gen_random_uuid(),
  stripe_payment_intent_id text,
  stripe_invoice_id text,
  stripe_customer_id text,
  user_id uuid,
  subscription_id uuid,
  status text not null,
  description text,
  amount bigint not null,
  tax bigint,
  refunded_amount bigint not null default 0,
  currency text not null,
  settlement_amount bigint,
  settlement_currency text,
  settlement_tax bigint,
  payment_method text,
  payment_method_type text,
  card_network text,
  card_type text,
  card_last_four text,
  card_issuing_country text,
  error_code text,
  error_message text,
  invoice_status text,
  invoice_link text,
  receipt_link text,
  payment_link text,
  discount_id text,
  checkout_id text,
  billing jsonb,
  customer jsonb,
  product_cart jsonb not null default '[]',
  refunds jsonb not null default '[]',
  disputes jsonb not null default '[]',
  metadata jsonb not null default '{}',
  digital_products_delivered boolean not null default false,
  paid_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null default now(),
  ticket bigint not null default 0,
  constraint payments_stripe_payment_intent_id_key unique (stripe_payment_intent_id),
  constraint payments_key_check check (num_nonnulls(stripe_payment_intent_id, stripe_invoice_id) > 0),
  constraint payments_status_check check (
    status in ('pending', 'completed', 'failed', 'refunded', 'partially_refunded', 'disputed')
  ),
  constraint payments_stripe_customer_id_fkey foreign key (stripe_customer_id)
    references public.stripe_customers (id),
  constraint payments_user_id_fkey foreign key (user_id) references public.profiles (id) on delete set null,
  constraint payments_subscription_id_fkey foreign key (subscription_id)
    references public.subscriptions (id) on delete set null
);

create table public.stripe_events (
  id text primary key,
  type text not null,
  api_version text,
  livemode boolean not null,
  status text not null,
  attempts integer not null default 1,
  error text,
  created_at timestamptz not null,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  constraint stripe_events_status_check check (status in ('processing', 'processed', 'ignored', 'failed')),
  constraint stripe_events_error_check check (char_length(error) <= 200)
);

create table private.credit_grants (
  id uuid primary key default gen_random_uuid(),
  invoice_line_id text not null,
  payment_id uuid not null,
  user_id uuid not null,
  tokens integer not null,
  reversed_tokens integer not null default 0,
  taken_back integer not null default 0,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint credit_grants_invoice_line_id_key unique (invoice_line_id),
  constraint credit_grants_payment_id_fkey foreign key (payment_id) references public.payments (id) on delete cascade,
  constraint credit_grants_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint credit_grants_tokens_check check (
    tokens > 0 and reversed_tokens between 0 and tokens and taken_back between 0 and reversed_tokens
  )
);

create table private.billing_policy (
  is_only boolean primary key default true,
  past_due_grace_days integer not null default 7,
  credit_days integer not null default 365,
  constraint billing_policy_is_only_check check (is_only),
  constraint billing_policy_days_check check (past_due_grace_days >= 0 and credit_days > 0)
);
insert into private.billing_policy default values;

-- Drawn before objects are fetched: of two fetches, the one with the higher ticket began later.
create sequence private.stripe_ticket_seq;

comment on table public.stripe_products is 'The catalogue as Stripe has it. A deleted product stays as a tombstone.';
comment on column public.stripe_products.plan is 'Slug of the plan that a subscription to it gives; metadata of the product.';
comment on column public.stripe_products.ticket is 'Of the fetch that wrote the row; only a higher one may overwrite it. 0: named by another object, not fetched yet.';
comment on table public.stripe_prices is 'Prices of the catalogue as Stripe has them. A deleted price stays as a tombstone.';
comment on column public.stripe_prices.unit_amount is 'In the smallest unit of the currency; null when it is not one fixed amount.';
comment on table public.stripe_customers is
  'Customers at Stripe. One that is not deleted per profile; those that we have not made ourselves belong to nobody.';
comment on column public.stripe_customers.user_id is 'Set by our checkout only: metadata at Stripe names nobody''s customer.';
comment on column public.stripe_customers.synced_at is 'When customer and all subscriptions were last fetched on purpose.';
comment on table public.subscriptions is 'Every subscription there has ever been, as Stripe has it.';
comment on column public.subscriptions.amount is 'Of one period: unit amount times quantity.';
comment on column public.subscriptions.ends_at is 'When it will end by itself, as far as that is known.';
comment on column public.subscriptions.past_due_at is 'Since when the oldest open invoice waits for money; the grace period counts from here.';
comment on table public.payments is
  'One row per PaymentIntent; an invoice that was settled without one has a row of its own.';
comment on column public.payments.amount is 'In the smallest unit of the currency, like all amounts here. Zero and negative are possible.';
comment on column public.payments.settlement_amount is 'What the balance transaction put on our account, before fees.';
comment on column public.payments.card_type is 'credit, debit, prepaid or unknown.';
comment on column public.payments.product_cart is 'Lines of the invoice.';
comment on column public.payments.digital_products_delivered is 'True once the credits were granted or the subscription gave its plan.';
comment on table public.stripe_events is 'Ledger of webhooks: each event once, however often it came.';
comment on column public.stripe_events.error is 'Why the last attempt failed: a code, never a message of Stripe.';
comment on table private.credit_grants is 'Credits that a line of a paid invoice gave, and what refunds took back of them.';
comment on column private.credit_grants.reversed_tokens is 'The refunded share that has been dealt with, whether or not it could be taken back.';
comment on table private.billing_policy is
  'One row: days of grace for a payment that is past due (PAST_DUE_GRACE_DAYS), and days that bought credits last unless the product says.';
comment on sequence private.stripe_ticket_seq is 'Tickets: order of fetches from Stripe.';

create function private.draw_stripe_ticket()
returns bigint
language sql
security definer
set search_path = ''
as $$
  select nextval('private.stripe_ticket_seq')
$$;
comment on function private.draw_stripe_ticket() is
  'A ticket for objects that are fetched from now on. Definer: sequences of private are nobody''s.';
grant execute on function private.draw_stripe_ticket() to service_role;

create function public.draw_stripe_ticket()
returns bigint
language sql
security invoker
set search_path = ''
as $$
  select private.draw_stripe_ticket()
$$;
comment on function public.draw_stripe_ticket() is 'Service RPC of every fetch that no event asked for.';
grant execute on function public.draw_stripe_ticket() to service_role;

create function private.claim_stripe_event(
  event_id text, event_type text, api_version text, livemode boolean, created_at timestamptz, is_used boolean
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  claimed public.stripe_events;
begin
  insert into public.stripe_events as e (id, type, api_version, livemode, status, created_at, processed_at)
  values (event_id, event_type, claim_stripe_event.api_version, claim_stripe_event.livemode,
    case when is_used then 'processing' else 'ignored' end, claim_stripe_event.created_at,
    case when not is_used then now() end)
  on conflict (id) do update
  set attempts = e.attempts + 1,
      status = case when is_used and e.status <> 'processed' then 'processing' else e.status end
  returning * into claimed;

  return jsonb_build_object(
    'status', claimed.status,
    'ticket', case when claimed.status = 'processing' then private.draw_stripe_ticket() end
  );
end
$$;
comment on function private.claim_stripe_event(text, text, text, boolean, timestamptz, boolean) is
  'Records an event, or one more attempt at it; a ticket when it is to be processed. Definer: clients of no kind draw tickets.';
grant execute on function private.claim_stripe_event(text, text, text, boolean, timestamptz, boolean) to service_role;

create function public.claim_stripe_event(
  event_id text, event_type text, api_version text, livemode boolean, created_at timestamptz, is_used boolean
)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.claim_stripe_event(event_id, event_type, api_version, livemode, created_at, is_used)
$$;
comment on function public.claim_stripe_event(text, text, text, boolean, timestamptz, boolean) is
  'Service RPC of stripe-webhook, first: { status, ticket }. A new ticket at every attempt; none for what is processed or not used.';
grant execute on function public.claim_stripe_event(text, text, text, boolean, timestamptz, boolean) to service_role;

create function public.fail_stripe_event(event_id text, error text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'failed', error = left(fail_stripe_event.error, 200)
  where e.id = event_id
    and e.status <> 'processed'
$$;
comment on function public.fail_stripe_event(text, text) is
  'Service RPC of stripe-webhook: leaves on the ledger why an attempt failed, unless another one went well meanwhile.';
grant execute on function public.fail_stripe_event(text, text) to service_role;

create function private.is_entitling(subscription public.subscriptions)
returns boolean
language sql
stable
set search_path = ''
as $$
  select case subscription.status
    when 'trialing' then coalesce(subscription.ends_at > now(), true)
    when 'active' then coalesce(subscription.ends_at > now(), true)
    when 'past_due' then coalesce(subscription.ends_at > now(), true)
      and subscription.past_due_at + make_interval(
        days => (select b.past_due_grace_days from private.billing_policy b)
      ) > now()
    else false
  end
$$;
comment on function private.is_entitling(public.subscriptions) is
  'The one rule for which subscriptions give their plan: trialing and active ones until they end, past due ones within the grace period.';

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
  'The subscription whose plan a profile has: of those that entitle, the best plan''s; null when there is none.';

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
  'How a subscription''s status reads on its profile. It describes; what may be used is the entitlement''s.';

create function private.apply_entitlement(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  best public.subscriptions;
  shown public.subscriptions;
  new_plan text;
  period_start timestamptz;
begin
  -- Whoever applies to this profile queues here and then sees what the one before has written.
  perform from public.profiles p where p.id = profile_id for no key update;
  select s.* into shown from public.subscriptions s
  where s.user_id = profile_id order by s.started_at desc, s.stripe_subscription_id limit 1;
  -- A plan that somebody was given by hand stays until there is a subscription.
  if shown.id is null then
    return;
  end if;

  best := private.entitled_subscription(profile_id);
  if best.id is not null then
    shown := best;
    new_plan := (select d.plan from public.stripe_products d where d.id = best.stripe_product_id);
    period_start := private.quota_period_start(best.current_period_start);
  end if;
  update public.profiles p
  set subscription_plan = coalesce(new_plan, 'free'),
      stripe_subscription_id = best.stripe_subscription_id,
      stripe_product_id = best.stripe_product_id,
      membership_status = private.membership_of(shown.status),
      role = case
        when p.role not in ('user', 'premium') then p.role
        when coalesce(new_plan, 'free') = 'free' then 'user'
        else 'premium'
      end::public.user_role,
      quota_last_reset = coalesce(period_start, p.quota_last_reset),
      -- Stripe's times are in whole seconds: a subscription may begin before the profile does.
      subscription_usage = case
        when period_start > p.quota_last_reset then 0
        when period_start < p.quota_last_reset and best.stripe_subscription_id is distinct from p.stripe_subscription_id then 0
        else p.subscription_usage
      end
  where p.id = profile_id;
end
$$;
comment on function private.apply_entitlement(uuid) is
  'Writes to a profile what its subscriptions give: plan (and with it the quota), period of the quota, membership, role between user and premium.';

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
      -- Without one of its own, a profile would stay as it is, and be met again in every call.
      and exists (select from public.subscriptions o where o.user_id = p.id)
    order by p.id
    limit max_rows
  ) d;
  get diagnostics applied = row_count;
  return applied = max_rows;
end
$$;
comment on function private.refresh_entitlements() is
  'Takes plans back whose time is over without an event: the end of a grace period. True when there may be more. Called by the schedule.';

create function private.grant_credits(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  line record;
begin
  if payment.user_id is null or payment.invoice_status is distinct from 'paid' then
    return;
  end if;
  for line in
    insert into private.credit_grants as g (invoice_line_id, payment_id, user_id, tokens, expires_at)
    select l.id, payment.id, payment.user_id, (d.metadata ->> 'tokens')::integer * greatest(coalesce(l.quantity, 1), 1),
      payment.paid_at + make_interval(days => case
        when d.metadata ->> 'tokens_days' ~ '^[1-9]\d{0,4}$' then (d.metadata ->> 'tokens_days')::integer
        else b.credit_days
      end)
    from jsonb_to_recordset(payment.product_cart) as l (id text, product text, quantity integer, proration boolean)
    join public.stripe_products d on d.id = l.product
    cross join private.billing_policy b
    where d.metadata ->> 'tokens' ~ '^[1-9]\d{0,5}$'
      and not coalesce(l.proration, false)
    on conflict (invoice_line_id) do nothing
    returning g.tokens, g.expires_at
  loop
    perform private.grant_tokens(payment.user_id, line.tokens, line.expires_at);
  end loop;
end
$$;
comment on function private.grant_credits(public.payments) is
  'Grants what the lines of a paid invoice bring, each line once, whoever tells of it and how often.';

create function private.reversed_amount(payment public.payments)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select least(payment.amount, payment.refunded_amount + coalesce((
    select sum(d.amount) from jsonb_to_recordset(payment.disputes) as d (amount bigint, status text)
    where d.status = 'lost'
  ), 0))::bigint
$$;
comment on function private.reversed_amount(public.payments) is 'What went back of a payment: refunds and lost disputes.';

create function private.take_back_credits(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  credit private.credit_grants;
  due integer;
  taken integer;
begin
  if payment.amount <= 0 then
    return;
  end if;
  for credit in select * from private.credit_grants g where g.payment_id = payment.id order by g.id for update loop
    due := floor(credit.tokens::numeric * private.reversed_amount(payment) / payment.amount)::integer - credit.reversed_tokens;
    continue when due = 0;
    -- Refunded credits count as spent last, and a refund that failed gives back what it took.
    select case
      when due > 0 then least(due, p.tokens)
      else -greatest(0, credit.taken_back - credit.reversed_tokens - due)
    end into taken
    from public.profiles p where p.id = credit.user_id for no key update;
    update public.profiles p set tokens = p.tokens - taken where p.id = credit.user_id;
    update private.credit_grants g
    set reversed_tokens = g.reversed_tokens + due, taken_back = g.taken_back + taken
    where g.id = credit.id;
  end loop;
end
$$;
comment on function private.take_back_credits(public.payments) is
  'Takes back the refunded share of a payment''s credits, as far as they are unspent; each share once.';

create function private.settle_payment(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.grant_credits(payment);
  perform private.take_back_credits(payment);
  update public.payments p
  set digital_products_delivered = true
  where p.id = payment.id
    and not p.digital_products_delivered
    and (
      exists (select from private.credit_grants g where g.payment_id = p.id)
      or p.status = 'completed' and exists (
        select from public.subscriptions s
        where s.id = p.subscription_id and s.user_id is not null and private.is_entitling(s)
      )
    );
end
$$;
comment on function private.settle_payment(public.payments) is
  'What a payment''s state means for credits. Repeating it changes nothing.';

create function private.write_stripe_row(table_name text, conflict_target text, fields jsonb, overwrites boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  columns text := (select string_agg(format('%I', k), ', ' order by k) from jsonb_object_keys(fields) as k);
  excluded_columns text := (select string_agg(format('excluded.%I', k), ', ' order by k) from jsonb_object_keys(fields) as k);
  written jsonb;
begin
  -- One rule for all tables, so that none can differ: a fetch overwrites only what an earlier one wrote.
  execute format(
    'insert into public.%1$I as t (%2$s) select %2$s from jsonb_populate_record(null::public.%1$I, $1)
     on conflict %3$s do %4$s returning to_jsonb(t)',
    table_name, columns, conflict_target,
    case when overwrites
      then format('update set (%s) = row(%s) where t.ticket < excluded.ticket', columns, excluded_columns)
      else 'nothing'
    end
  ) into written using fields;
  return written;
end
$$;
comment on function private.write_stripe_row(text, text, jsonb, boolean) is
  'Inserts a row, or overwrites the one that is there if this ticket is higher; the row as written, or null. Keys of fields are columns.';

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
    perform private.refuse(409, 'stripe_object_missing', jsonb_build_object('kind', kind, 'id', object_id),
      'Stripe does not know an object that nothing says was deleted.');
  end if;
end
$$;
comment on function private.require_tombstone(text, text) is
  'Refuses an object that Stripe does not know, unless its deletion is known already: old events of what is gone are over.';

create function private.owner_of_customer(customer_id text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select c.user_id from public.stripe_customers c where c.id = customer_id
$$;
comment on function private.owner_of_customer(text) is 'The profile whose customer this is; null for customers that are not ours.';

create function private.apply_catalogue_object(kind text, fields jsonb, overwrites boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if kind = 'price' then
    perform private.write_stripe_row('stripe_products', '(id)', jsonb_build_object('id', fields ->> 'product_id'), false);
  end if;
  perform private.write_stripe_row('stripe_' || kind || 's', '(id)', fields, overwrites);
end
$$;
comment on function private.apply_catalogue_object(text, jsonb, boolean) is
  'Writes a product or a price. A price may come before its product.';

create function private.apply_customer(fields jsonb, overwrites boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.write_stripe_row('stripe_customers', '(id)', fields, overwrites);
  -- Profiles that came with a customer from elsewhere.
  update public.stripe_customers c
  set user_id = p.id
  from public.profiles p
  where c.id = fields ->> 'id'
    and c.user_id is null
    and p.stripe_customer_id = c.id
    and not exists (select from public.stripe_customers o where o.user_id = p.id and not o.is_deleted);
  update public.profiles p
  set stripe_customer_id = null
  from public.stripe_customers c
  where c.id = fields ->> 'id'
    and c.is_deleted
    and p.stripe_customer_id = c.id;
end
$$;
comment on function private.apply_customer(jsonb, boolean) is
  'Writes a customer. Whose it is comes from our own rows, never from what Stripe holds.';

create function private.apply_subscription(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  customer_id text := fields ->> 'stripe_customer_id';
  product_id text := fields ->> 'stripe_product_id';
begin
  perform private.write_stripe_row('stripe_customers', '(id)', jsonb_build_object('id', customer_id), false);
  if product_id is not null then
    perform private.apply_catalogue_object(
      'price', jsonb_build_object('id', fields ->> 'stripe_price_id', 'product_id', product_id), false
    );
  end if;
  perform private.write_stripe_row('subscriptions', '(stripe_subscription_id)',
    fields || jsonb_build_object('user_id', private.owner_of_customer(customer_id)), true);
end
$$;
comment on function private.apply_subscription(jsonb) is
  'Writes a subscription. Customer, price and product may come later: a row of ticket 0 stands for them.';

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
    perform private.write_stripe_row('stripe_customers', '(id)', jsonb_build_object('id', customer_id), false);
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
  set checkout_id = fields ->> 'id', custom_field_data = fields -> 'custom_field_data'
  where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
    and s.stripe_customer_id = fields ->> 'stripe_customer_id';
  update public.payments p
  set checkout_id = fields ->> 'id'
  where p.stripe_payment_intent_id = fields ->> 'stripe_payment_intent_id'
    or p.stripe_invoice_id = fields ->> 'stripe_invoice_id';
end
$$;
comment on function private.apply_checkout(jsonb) is
  'Notes the checkout that a subscription or a payment began with; that never changes, so it needs no ticket.';

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
    perform private.refuse(400, 'unknown_stripe_object', jsonb_build_object('kind', kind));
  end if;
end
$$;
comment on function private.apply_stripe_object(jsonb, bigint) is
  'Writes one fetched object. is_context: it came along with another, and is written only where it is not known yet.';

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
  -- A product that changes its plan changes everybody's who has it.
  select p.id
  from jsonb_array_elements(objects) as o
  join public.stripe_products d on d.id = o #>> '{fields,id}'
  join public.subscriptions s on s.stripe_product_id = d.id
  join public.profiles p on p.id = s.user_id
  where o ->> 'kind' = 'product'
    and s.ended_at is null
    and (p.stripe_product_id = d.id) is distinct from (d.plan = p.subscription_plan)
  order by 1
$$;
comment on function private.profiles_concerned(jsonb) is 'Whose entitlement may differ after these objects, in the order in which they are locked.';

create function private.apply_stripe_objects(event_id text, ticket bigint, objects jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  kinds constant text[] := array['product', 'price', 'customer', 'subscription', 'payment', 'checkout'];
begin
  -- All locks in one order, so that two that apply to the same people and products wait and never deadlock.
  perform from public.profiles p
  where p.id in (select private.profiles_concerned(objects))
  order by p.id
  for no key update;

  perform private.apply_stripe_object(o, ticket)
  from (
    select o from jsonb_array_elements(objects) as o
    order by array_position(kinds, o ->> 'kind'), o #>> '{fields,id}', o::text
    -- A fence: the order of the subquery is the order of the calls.
    offset 0
  ) as ordered;

  perform private.apply_entitlement(concerned) from private.profiles_concerned(objects) as concerned;

  update public.stripe_events e
  set status = 'processed', processed_at = now(), error = null
  where e.id = event_id;
end
$$;
comment on function private.apply_stripe_objects(text, bigint, jsonb) is
  'Writes fetched objects, entitlements and the ledger in one transaction. Definer: credits and entitlement are private.';
grant execute on function private.apply_stripe_objects(text, bigint, jsonb) to service_role;

create function public.apply_stripe_objects(event_id text, ticket bigint, objects jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.apply_stripe_objects(event_id, ticket, objects)
$$;
comment on function public.apply_stripe_objects(text, bigint, jsonb) is
  'Service RPC of whoever has fetched from Stripe: [{ kind, fields, is_context?, is_missing?, is_deleted? }], fetched after the ticket was drawn. event_id is empty without an event.';
grant execute on function public.apply_stripe_objects(text, bigint, jsonb) to service_role;

create function private.get_billing_account(auth_user_id uuid, is_buying boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
begin
  if is_buying and not private.can_act(profile.id) then
    perform private.refuse(403, 'account_blocked', hint => 'The account is suspended.');
  end if;
  return jsonb_build_object(
    'profile_id', profile.id,
    'email', profile.email,
    'customer_id', (select c.id from public.stripe_customers c where c.user_id = profile.id and not c.is_deleted),
    'synced_at', (select c.synced_at from public.stripe_customers c where c.user_id = profile.id and not c.is_deleted),
    'former_customers', (select count(*) from public.stripe_customers c where c.user_id = profile.id and c.is_deleted),
    'has_subscribed', exists (
      select from public.subscriptions s
      where s.user_id = profile.id and s.status not in ('incomplete', 'incomplete_expired')
    )
  );
end
$$;
comment on function private.get_billing_account(uuid, boolean) is
  'What billing needs to know of a login; whoever may not act buys nothing (403). Definer: makes a missing profile.';
grant execute on function private.get_billing_account(uuid, boolean) to service_role;

create function public.get_billing_account(auth_user_id uuid, is_buying boolean)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.get_billing_account(auth_user_id, is_buying)
$$;
comment on function public.get_billing_account(uuid, boolean) is 'Service RPC of billing: profile, customer and past of a login.';
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
  linked := (select c.id from public.stripe_customers c where c.user_id = profile_id and not c.is_deleted);
  if linked is not null then
    return linked;
  end if;

  insert into public.stripe_customers as c (id, user_id)
  values (customer_id, profile_id)
  on conflict (id) do update set user_id = excluded.user_id where c.user_id is null and not c.is_deleted
  returning c.id into linked;
  if linked is null then
    perform private.refuse(409, 'customer_taken', hint => 'Try again.');
  end if;
  update public.subscriptions s set user_id = profile_id where s.stripe_customer_id = linked;
  update public.payments p set user_id = profile_id where p.stripe_customer_id = linked;
  perform private.settle_payment(p) from public.payments p where p.stripe_customer_id = linked;
  update public.profiles p set stripe_customer_id = linked where p.id = profile_id;
  perform private.apply_entitlement(profile_id);
  return linked;
end
$$;
comment on function private.link_stripe_customer(uuid, text) is
  'Makes a customer a profile''s, unless it has one; returns the one that it has. Definer: profiles and credits change.';
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
  'Service RPC of billing, after it has made a customer: of many at once, all get the same one.';
grant execute on function public.link_stripe_customer(uuid, text) to service_role;

create trigger subscriptions_touch
  before update on public.subscriptions
  for each row execute function private.touch_updated_at();
create trigger payments_touch
  before update on public.payments
  for each row execute function private.touch_updated_at();

alter table public.stripe_products enable row level security;
alter table public.stripe_prices enable row level security;
alter table public.stripe_customers enable row level security;
alter table public.subscriptions enable row level security;
alter table public.payments enable row level security;
alter table public.stripe_events enable row level security;
alter table private.credit_grants enable row level security;
alter table private.billing_policy enable row level security;

grant select on public.stripe_products, public.stripe_prices to anon, authenticated;
grant select on public.stripe_customers, public.subscriptions, public.payments to authenticated;
grant select, insert, update, delete on public.stripe_products, public.stripe_prices, public.stripe_customers,
  public.subscriptions, public.payments, public.stripe_events to service_role;

create policy stripe_products_select_all on public.stripe_products
  for select to anon, authenticated
  using (true);

create policy stripe_prices_select_all on public.stripe_prices
  for select to anon, authenticated
  using (true);

create policy stripe_customers_select_own on public.stripe_customers
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy subscriptions_select_own on public.subscriptions
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy payments_select_own on public.payments
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create index stripe_prices_product_id_idx on public.stripe_prices (product_id);
create index stripe_customers_user_id_idx on public.stripe_customers (user_id);
create unique index stripe_customers_user_id_key on public.stripe_customers (user_id) where not is_deleted;
-- A user's history and entitlement; every event of a customer.
create index subscriptions_user_id_idx on public.subscriptions (user_id, started_at desc);
create index subscriptions_stripe_customer_id_idx on public.subscriptions (stripe_customer_id);
create index subscriptions_stripe_price_id_idx on public.subscriptions (stripe_price_id);
create index subscriptions_stripe_product_id_idx on public.subscriptions (stripe_product_id);
-- The history of a user and of all, newest first; those in one state.
create index payments_user_id_idx on public.payments (user_id, created_at desc);
create index payments_created_at_idx on public.payments (created_at desc);
create index payments_status_idx on public.payments (status, created_at desc);
create index payments_stripe_customer_id_idx on public.payments (stripe_customer_id);
create index payments_subscription_id_idx on public.payments (subscription_id);
create index payments_stripe_invoice_id_idx on public.payments (stripe_invoice_id);
create unique index payments_stripe_invoice_id_key on public.payments (stripe_invoice_id)
  where stripe_payment_intent_id is null;
create index credit_grants_payment_id_idx on private.credit_grants (payment_id);
create index credit_grants_user_id_idx on private.credit_grants (user_id);
create index profiles_stripe_subscription_id_idx on public.profiles (stripe_subscription_id)
  where stripe_subscription_id is not null;
