-- Products, prices, customers, subscriptions and payments as Stripe reports them, and who may read them.

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
  tokens integer generated always as (
    case when metadata ->> 'tokens' ~ '^[1-9]\d{0,5}$' then (metadata ->> 'tokens')::integer end
  ) stored,
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
  trial_days integer generated always as (
    case when metadata ->> 'trial_days' ~ '^([1-9]\d?|[1-6]\d\d|7[0-2]\d|730)$'
      then (metadata ->> 'trial_days')::integer
    end
  ) stored,
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
  quantity bigint,
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
  paid_until timestamptz,
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
  payer text,
  targets jsonb,
  due_at timestamptz,
  constraint stripe_events_status_check check (status in ('processing', 'processed', 'ignored', 'dropped', 'failed')),
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

create table private.refused_credits (
  invoice_line_id text primary key,
  payment_id uuid not null,
  tokens numeric not null,
  created_at timestamptz not null default now(),
  constraint refused_credits_payment_id_fkey foreign key (payment_id)
    references public.payments (id) on delete cascade
);

create table private.billing_policy (
  is_only boolean primary key default true,
  past_due_grace_days integer not null default 7,
  credit_days integer not null default 365,
  adopt_by_email boolean not null default false,
  promotion_codes boolean not null default false,
  automatic_tax boolean not null default false,
  billing_address boolean not null default false,
  trial_without_card boolean not null default false,
  max_quantity integer not null default 1,
  custom_fields jsonb not null default '[]',
  constraint billing_policy_is_only_check check (is_only),
  constraint billing_policy_max_quantity_check check (max_quantity between 1 and 999),
  constraint billing_policy_custom_fields_check check (
    jsonb_typeof(custom_fields) = 'array' and jsonb_array_length(custom_fields) <= 3
  ),
  constraint billing_policy_days_check check (past_due_grace_days >= 0 and credit_days > 0)
);
insert into private.billing_policy default values;

-- A ticket is drawn before objects are fetched, so the fetch with the higher ticket began later.
create sequence private.stripe_ticket_seq;

comment on table public.stripe_products is
  'The products of Stripe''s catalogue. A deleted product stays as a tombstone.';
comment on column public.stripe_products.plan is
  'Slug of the plan that a subscription to the product gives, from the product''s metadata.';
comment on column public.stripe_products.tokens is
  'Credits that each purchase grants, from the product''s metadata. Null for none, or if the value is not valid.';
comment on column public.stripe_products.ticket is
  'Ticket of the fetch that wrote the row. Only a fetch with a higher ticket may overwrite it. 0: another object '
  'names the product, but it has not been fetched yet.';
comment on table public.stripe_prices is 'The prices of Stripe''s catalogue. A deleted price stays as a tombstone.';
comment on column public.stripe_prices.unit_amount is
  'In the smallest unit of the currency. Null when the price is not one fixed amount.';
comment on column public.stripe_prices.trial_days is
  'Days of trial for users who have never subscribed, from the price''s metadata. Stripe allows 1 to 730.';
comment on table public.stripe_customers is
  'Customers at Stripe. A profile has at most one undeleted customer. Customers that Parley neither created '
  'nor imported have no user_id.';
comment on column public.stripe_customers.user_id is
  'Only Parley''s own records set it (its checkout, or profiles.stripe_customer_id); metadata at Stripe never does.';
comment on column public.stripe_customers.synced_at is
  'When a sync last fetched the customer with all its subscriptions.';
comment on table public.subscriptions is 'All subscriptions, present and past, as Stripe reports them.';
comment on column public.subscriptions.amount is
  'Amount of one period: the sum over all items of unit amount times quantity. Null if the sum does not fit.';
comment on column public.subscriptions.stripe_price_id is
  'The price of the most expensive item. subscription_items has all items.';
comment on column public.subscriptions.paid_until is
  'The end of the last period that was paid. Set only while the collection of payments is paused.';
comment on column public.subscriptions.ends_at is
  'When the subscription ends without further action, as far as that is known.';
comment on column public.subscriptions.past_due_at is
  'Since when the oldest open invoice has been unpaid. The grace period starts then.';
comment on table public.payments is
  'One row per PaymentIntent. An invoice that was settled without a PaymentIntent has a row of its own.';
comment on column public.payments.amount is
  'In the smallest unit of the currency, like all amounts here. May be zero or negative.';
comment on column public.payments.settlement_amount is
  'The amount that the balance transaction added to our Stripe balance, before fees.';
comment on column public.payments.card_type is 'credit, debit, prepaid or unknown.';
comment on column public.payments.product_cart is 'The lines of the invoice.';
comment on column public.payments.digital_products_delivered is
  'True once the credits were granted or the subscription gave its plan.';
comment on table public.stripe_events is
  'Ledger of webhook events. Each event has one row, no matter how often Stripe delivers it.';
comment on column public.stripe_events.status is
  'dropped: Stripe no longer has the object, so nothing can be applied. ignored: Parley does not use the type.';
comment on column public.stripe_events.error is 'Why the last attempt failed: a code, never a message of Stripe.';
comment on column public.stripe_events.payer is
  'The customer that the event names; of an event without one, the object that it is about. The events of a payer are '
  'applied together.';
comment on column public.stripe_events.targets is 'The objects that the event is about: kind, id and known deletion.';
comment on column public.stripe_events.due_at is
  'When a worker may claim the event. In the future while events of the payer are collected, while a worker has the '
  'event, and between attempts. Null when nothing is left to do.';
comment on table private.credit_grants is
  'Credits granted for a line of a paid invoice, and how many of them refunds took back.';
comment on column private.credit_grants.reversed_tokens is
  'Credits of the refunded share that were processed, whether or not they could be taken back.';
comment on table private.refused_credits is
  'Lines of paid invoices whose credits do not fit into the balance of their profile. npm run db:health reports them. '
  'A row goes once its credits are granted.';
comment on table private.billing_policy is
  'One row: days of grace for a past-due payment (PAST_DUE_GRACE_DAYS), days for which bought credits last unless the '
  'product sets its own, and the options of the checkout.';
comment on column private.billing_policy.adopt_by_email is
  'Whether a customer at Stripe belongs to the profile with its confirmed address. Stripe does not prove addresses.';
comment on column private.billing_policy.promotion_codes is 'Whether the checkout takes promotion codes.';
comment on column private.billing_policy.automatic_tax is 'Whether Stripe Tax computes the tax.';
comment on column private.billing_policy.billing_address is 'Whether the checkout always asks for the address.';
comment on column private.billing_policy.trial_without_card is
  'Whether a trial starts without a card. It then ends with the trial, unless the user adds a card.';
comment on column private.billing_policy.max_quantity is
  'The most that one checkout sells of a price that gives no plan. With 1, the user cannot change the quantity.';
comment on column private.billing_policy.custom_fields is
  'Fields that the checkout asks for, as Stripe''s custom_fields: at most 3. Answers are in '
  'subscriptions.custom_field_data.';
comment on sequence private.stripe_ticket_seq is 'Tickets, which order the fetches from Stripe.';

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
alter table private.refused_credits enable row level security;
alter table private.billing_policy enable row level security;

grant select on public.stripe_customers, public.subscriptions, public.payments to authenticated;
grant select, insert, update, delete on public.stripe_products, public.stripe_prices, public.stripe_customers,
  public.subscriptions, public.payments, public.stripe_events to service_role;

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
-- The history and entitlement of a user; all events of a customer.
create index subscriptions_user_id_idx on public.subscriptions (user_id, started_at desc);
create index subscriptions_stripe_customer_id_idx on public.subscriptions (stripe_customer_id);
create index subscriptions_stripe_price_id_idx on public.subscriptions (stripe_price_id);
create index subscriptions_stripe_product_id_idx on public.subscriptions (stripe_product_id);
-- The payments of one user, of all users, and in one status, newest first.
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
create index refused_credits_payment_id_idx on private.refused_credits (payment_id);
create index profiles_stripe_subscription_id_idx on public.profiles (stripe_subscription_id)
  where stripe_subscription_id is not null;
