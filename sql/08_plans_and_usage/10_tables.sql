-- Plans, prices, counters and metrics: tables, reference data, and who may read them.

create table public.plans (
  slug text primary key,
  name text not null,
  rank integer not null,
  monthly_messages integer,
  daily_messages integer,
  monthly_searches integer,
  turns_per_minute integer,
  max_file_bytes bigint,
  max_session_files integer,
  max_lookouts integer,
  constraint plans_rank_key unique (rank),
  constraint plans_limits_check check (
    least(monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes, max_session_files,
      max_lookouts) >= 0
  )
);

create table public.model_prices (
  model text primary key,
  input_price numeric(12, 6) not null,
  cached_input_price numeric(12, 6) not null,
  output_price numeric(12, 6) not null,
  constraint model_prices_check check (least(input_price, cached_input_price, output_price) >= 0)
);

create table public.usage_counters (
  user_id uuid not null,
  feature text not null,
  period_start timestamptz not null,
  count integer not null default 0,
  reset_at timestamptz not null,
  primary key (user_id, feature, period_start),
  constraint usage_counters_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint usage_counters_feature_check check (feature in ('turns', 'messages', 'searches')),
  constraint usage_counters_count_check check (count >= 0)
);

create table public.usage_metrics (
  user_id uuid not null,
  day date not null,
  feature_type text not null,
  model text not null,
  request_count integer not null default 0,
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  total_tokens bigint not null generated always as (input_tokens + output_tokens) stored,
  total_cost numeric(12, 6) not null default 0,
  primary key (user_id, day, feature_type, model),
  constraint usage_metrics_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade
);

comment on table public.plans is 'What a profile may use. Null means unlimited.';
comment on column public.plans.rank is
  'Order of the plans. An assistant with a required plan is open to that plan and to every plan of a higher rank.';
comment on column public.plans.monthly_messages is 'Messages per billing period. Credits pay for messages beyond it.';
comment on column public.plans.daily_messages is 'Messages per UTC day.';
comment on column public.plans.monthly_searches is 'Messages with web search per UTC month.';
comment on column public.plans.turns_per_minute is 'Turns that one user may start within a minute.';
comment on column public.plans.max_file_bytes is 'Largest size of one file, in bytes.';
comment on column public.plans.max_session_files is 'Largest number of files in one chat.';
comment on column public.plans.max_lookouts is 'Largest number of lookouts that are not archived.';
comment on table public.model_prices is
  'US dollars per million tokens. A dated model name has the price of the longest model name that it starts with.';
comment on table public.usage_counters is
  'Counts against limits with a fixed period: turns per minute, messages per UTC day, searches per UTC month.';
comment on table public.usage_metrics is 'Usage and its cost, by UTC day, feature and model.';
comment on column public.usage_metrics.total_cost is 'US dollars.';

-- Reference data: `db push` does not run seeds, so the plans and prices are part of the schema.
insert into public.plans
  (slug, name, rank, monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes,
    max_session_files, max_lookouts)
values
  ('free', 'Free', 0, 200, 50, 10, 30, 52428800, 20, 1),
  ('pro', 'Pro', 10, 3000, 300, 200, 60, 52428800, 50, 10),
  ('enterprise', 'Enterprise', 20, null, null, 1000, 120, 52428800, 200, 50);

-- Source: https://developers.openai.com/api/docs/pricing, standard processing, short context, 2026.
insert into public.model_prices (model, input_price, cached_input_price, output_price) values
  ('gpt-5.5', 5.00, 0.50, 30.00),
  ('gpt-5.4', 2.50, 0.25, 15.00),
  ('gpt-5.4-mini', 0.75, 0.075, 4.50),
  ('gpt-5.4-nano', 0.20, 0.02, 1.25);

alter table public.profiles
  add constraint profiles_subscription_plan_fkey foreign key (subscription_plan) references public.plans (slug);
create index profiles_subscription_plan_idx on public.profiles (subscription_plan);
alter table public.assistants
  add constraint assistants_required_plan_fkey foreign key (required_plan) references public.plans (slug);
create index assistants_required_plan_idx on public.assistants (required_plan);

alter table public.plans enable row level security;
alter table public.model_prices enable row level security;
alter table public.usage_counters enable row level security;
alter table public.usage_metrics enable row level security;

grant select on public.plans, public.model_prices, public.usage_counters, public.usage_metrics to authenticated;
grant select, insert, update, delete on public.plans, public.model_prices, public.usage_counters, public.usage_metrics
  to service_role;

create policy plans_select_all on public.plans
  for select to authenticated
  using (true);

create policy model_prices_select_all on public.model_prices
  for select to authenticated
  using (true);

create policy usage_counters_select_own on public.usage_counters
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy usage_metrics_select_own on public.usage_metrics
  for select to authenticated
  using (user_id = (select private.current_profile_id()));
