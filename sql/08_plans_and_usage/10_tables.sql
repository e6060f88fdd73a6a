-- Plans, models, prices, counters and metrics: tables, reference data, and who may read them.

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
  max_files integer,
  max_bytes bigint,
  max_sessions integer not null default 1000,
  max_lookouts integer,
  max_output_tokens integer,
  monthly_budget numeric(12, 6),
  constraint plans_rank_key unique (rank),
  constraint plans_limits_check check (
    least(monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes, max_session_files,
      max_files, max_bytes, max_lookouts) >= 0
  ),
  constraint plans_max_sessions_check check (max_sessions between 0 and 10000),
  constraint plans_monthly_budget_check check (monthly_budget >= 0)
);

create table public.models (
  model text primary key,
  context_window integer,
  max_output_tokens integer,
  efforts text[],
  default_effort text,
  accepts_temperature boolean,
  accepts_images boolean,
  compacts boolean,
  input_price numeric(12, 6),
  cached_input_price numeric(12, 6),
  cache_write_price numeric(12, 6),
  output_price numeric(12, 6),
  long_input_tokens integer,
  constraint models_tokens_check check (least(context_window, max_output_tokens, long_input_tokens) > 0),
  constraint models_efforts_check
    check (efforts <@ array['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']),
  constraint models_default_effort_check check (default_effort is null or default_effort = any (efforts)),
  constraint models_prices_check check (least(input_price, cached_input_price, cache_write_price, output_price) >= 0)
);

create table public.tool_prices (
  tool text primary key,
  price numeric(12, 6) not null,
  unit text not null,
  constraint tool_prices_price_check check (price >= 0)
);

create table public.usage_counters (
  user_id uuid not null,
  feature text not null,
  period_start timestamptz not null,
  count integer not null default 0,
  reset_at timestamptz not null,
  primary key (user_id, feature, period_start),
  constraint usage_counters_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint usage_counters_feature_check check (feature in ('turns', 'messages', 'searches', 'attaches')),
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
  web_searches integer not null default 0,
  file_searches integer not null default 0,
  code_runs integer not null default 0,
  images integer not null default 0,
  total_cost numeric(12, 6) not null default 0,
  primary key (user_id, day, feature_type, model),
  constraint usage_metrics_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade
);

create table public.monthly_costs (
  user_id uuid not null,
  month date not null,
  spent numeric(14, 6) not null default 0,
  reserved numeric(14, 6) not null default 0,
  carried numeric(14, 6) not null default 0,
  primary key (user_id, month),
  constraint monthly_costs_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint monthly_costs_month_check check (extract(day from month) = 1),
  constraint monthly_costs_amounts_check check (least(spent, reserved, carried) >= 0)
);

create table private.usage_policy (
  is_only boolean primary key default true,
  project_monthly_budget numeric(14, 6),
  reserved_output_tokens integer not null default 4096,
  constraint usage_policy_is_only_check check (is_only),
  constraint usage_policy_check check (project_monthly_budget >= 0 and reserved_output_tokens > 0)
);
insert into private.usage_policy default values;

create table private.project_costs (
  is_only boolean primary key default true,
  month date not null default '-infinity',
  total numeric(18, 6) not null default 0,
  refreshed_at timestamptz not null default '-infinity',
  constraint project_costs_is_only_check check (is_only)
);
insert into private.project_costs default values;

comment on table public.plans is 'What a profile may use. Null means unlimited.';
comment on column public.plans.rank is
  'Order of the plans. An assistant with a required plan is open to that plan and to every plan of a higher rank.';
comment on column public.plans.monthly_messages is 'Messages per billing period. Credits pay for messages beyond it.';
comment on column public.plans.daily_messages is 'Messages per UTC day.';
comment on column public.plans.monthly_searches is 'Messages with web search per UTC month.';
comment on column public.plans.turns_per_minute is 'Turns that one user may start within a minute.';
comment on column public.plans.max_file_bytes is 'Largest size of one file, in bytes.';
comment on column public.plans.max_session_files is 'Largest number of files in one chat.';
comment on column public.plans.max_files is 'Largest number of files in all chats of a user.';
comment on column public.plans.max_bytes is 'Largest size of all files of a user together, in bytes.';
comment on column public.plans.max_sessions is
  'Largest number of chats of a user, archived ones included. At most 10,000 and never unlimited.';
comment on column public.plans.max_lookouts is
  'Largest number of lookouts that are not archived. private.limit_policy limits all lookouts.';
comment on column public.plans.max_output_tokens is 'Most tokens of one reply, reasoning included.';
comment on column public.plans.monthly_budget is
  'US dollars that OpenAI may cost for one user in a UTC month.';
comment on table public.models is
  'What OpenAI documents about its models. Null means that a fact is not known. A dated model name has the facts of '
  'the longest model name that it starts with.';
comment on column public.models.context_window is 'Tokens of input and output together.';
comment on column public.models.max_output_tokens is 'Most tokens of one reply, reasoning included.';
comment on column public.models.efforts is
  'The values of reasoning_effort that the model takes. Empty for a model that does not reason.';
comment on column public.models.default_effort is 'The effort of a request that names none.';
comment on column public.models.accepts_temperature is
  'Whether the model takes a temperature. A model that can reason takes one only with the effort none.';
comment on column public.models.compacts is 'Whether the model can shorten a long conversation by itself.';
comment on column public.models.input_price is 'US dollars per million tokens, like the other prices.';
comment on column public.models.cached_input_price is 'If null, cached input costs as much as other input.';
comment on column public.models.cache_write_price is
  'For input that OpenAI writes to its cache for 30 minutes. If null, it costs as much as other input.';
comment on column public.models.long_input_tokens is
  'A request with more input tokens costs 2 times as much for its input and 1.5 times for its output. Null means '
  'never.';
comment on table public.tool_prices is
  'What OpenAI charges for its own tools, in US dollars. Tokens that a tool adds are counted as tokens.';
comment on column public.tool_prices.tool is 'The type of the tool in the Responses API.';
comment on column public.tool_prices.unit is 'What is counted.';
comment on table public.usage_counters is
  'Counts against limits with a fixed period: turns and attaches per minute, messages per UTC day, searches per UTC '
  'month.';
comment on table public.usage_metrics is 'Usage and its cost, by UTC day, feature and model.';
comment on column public.usage_metrics.code_runs is 'Containers of the code interpreter.';
comment on column public.usage_metrics.images is 'Generated images.';
comment on column public.usage_metrics.total_cost is 'US dollars, for tokens and tools.';

comment on table public.monthly_costs is
  'What OpenAI costs for a user in a UTC month, in US dollars. Budgets are checked against it.';
comment on column public.monthly_costs.month is 'The first day of the month.';
comment on column public.monthly_costs.spent is 'The sum of total_cost in usage_metrics.';
comment on column public.monthly_costs.reserved is
  'Estimates of the turns that are running. A turn reserves only while its user or the project has a budget.';
comment on column public.monthly_costs.carried is
  'What a deleted account of the same address had spent in the month. It counts against the budget of the user only.';
comment on table private.usage_policy is
  'One row: the budget of the whole project, and how much a turn reserves of a budget.';
comment on column private.usage_policy.project_monthly_budget is
  'US dollars that OpenAI may cost for all users together in a UTC month. Null means unlimited; 0 stops all turns.';
comment on column private.usage_policy.reserved_output_tokens is
  'Output tokens that a turn reserves at most. A longer reply may pass the budget by what it costs beyond them.';
comment on table private.project_costs is
  'One row: the sum of monthly_costs in the current month. Starts of turns refresh it at most every 10 seconds.';

-- Reference data: `db push` does not run seeds, so the plans, models and prices are part of the schema.
insert into public.plans
  (slug, name, rank, monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes,
    max_session_files, max_files, max_bytes, max_sessions, max_lookouts)
values
  ('free', 'Free', 0, 200, 50, 10, 30, 52428800, 20, 100, 1073741824, 1000, 1),
  ('pro', 'Pro', 10, 3000, 300, 200, 60, 52428800, 50, 1000, 10737418240, 5000, 10),
  ('enterprise', 'Enterprise', 20, null, null, 1000, 120, 52428800, 200, 10000, 107374182400, 10000, 50);

-- Sources, read in November 2026:
-- Windows, longest replies, images, efforts and prices of gpt-6: the page of each model, such as
--   https://developers.openai.com/api/docs/models/gpt-6.2-sol. The prices are those of standard processing and of a
--   cache of 30 minutes.
-- Efforts of gpt-5: https://developers.openai.com/api/docs/guides/reasoning. The default is none, and medium from
--   gpt-5.5 on.
-- Temperature: https://developers.openai.com/api/docs/guides/latest-model, "parameter compatibility". Sources
--   disagree about gpt-5.5 with the effort none.
-- Compaction: https://developers.openai.com/api/docs/guides/compaction.
-- Prices of gpt-5: https://developers.openai.com/api/docs/pricing, standard processing.
-- The pro models are listed because their prices differ from those of the shorter names.
insert into public.models
  (model, context_window, max_output_tokens, efforts, default_effort, accepts_temperature, accepts_images, compacts,
    input_price, cached_input_price, cache_write_price, output_price, long_input_tokens)
values
  ('gpt-6.2-astra', 1050000, 128000, '{low,medium,high,xhigh,max}', null, null, true, null,
    8.00, null, null, 40.00, 272000),
  ('gpt-6.2-sol', 1050000, 128000, '{low,medium,high,xhigh,max}', null, null, true, null,
    2.00, 0.10, 2.50, 10.00, 272000),
  ('gpt-6.1-terra', 1050000, 128000, '{none,low,medium,high,xhigh,max}', null, null, true, null,
    1.00, 0.05, 1.25, 5.00, 272000),
  ('gpt-6-sol', 1050000, 128000, '{none,low,medium,high,xhigh,max}', 'medium', null, true, null,
    2.00, 0.20, 2.50, 10.00, 272000),
  ('gpt-6-luna', 1050000, 128000, '{none,low,medium,high,xhigh,max}', 'medium', null, true, null,
    0.10, 0.01, 0.125, 0.50, 272000),
  ('gpt-5.5', 1050000, 128000, '{none,low,medium,high,xhigh}', 'medium', null, true, true,
    5.00, 0.50, null, 30.00, 272000),
  ('gpt-5.5-pro', 1050000, 128000, null, null, null, true, true,
    30.00, null, null, 180.00, 272000),
  ('gpt-5.4', 1050000, 128000, '{none,low,medium,high,xhigh}', 'none', true, true, true,
    2.50, 0.25, null, 15.00, 272000),
  ('gpt-5.4-pro', 1050000, 128000, null, null, null, true, true,
    30.00, null, null, 180.00, 272000),
  ('gpt-5.4-mini', 400000, 128000, '{none,low,medium,high,xhigh}', 'none', true, true, true,
    0.75, 0.075, null, 4.50, null),
  ('gpt-5.4-nano', 400000, 128000, '{none,low,medium,high,xhigh}', 'none', true, true, true,
    0.20, 0.02, null, 1.25, null);

-- Source: https://developers.openai.com/api/docs/pricing, 2026. A container has 1 GB by default and lasts 20 minutes.
-- OpenAI bills images by tokens, and a response does not report them. This is the price of one image of 1024 x 1024
-- pixels in high quality by gpt-image-1, the tool's default model:
-- https://developers.openai.com/api/docs/guides/image-generation
insert into public.tool_prices (tool, price, unit)
values
  ('web_search', 0.01, 'call'),
  ('file_search', 0.0025, 'call'),
  ('code_interpreter', 0.03, 'container'),
  ('image_generation', 0.167, 'image');

alter table public.profiles
  add constraint profiles_subscription_plan_fkey foreign key (subscription_plan) references public.plans (slug);
-- Also serves the batches in which a changed quota reaches the profiles of a plan.
create index profiles_subscription_plan_idx on public.profiles (subscription_plan, id);
alter table public.assistants
  add constraint assistants_required_plan_fkey foreign key (required_plan) references public.plans (slug);
create index assistants_required_plan_idx on public.assistants (required_plan);

alter table public.plans enable row level security;
alter table public.models enable row level security;
alter table public.tool_prices enable row level security;
alter table public.usage_counters enable row level security;
alter table public.usage_metrics enable row level security;
alter table public.monthly_costs enable row level security;
alter table private.usage_policy enable row level security;
alter table private.project_costs enable row level security;

grant select on public.plans, public.models, public.tool_prices, public.usage_counters, public.usage_metrics,
  public.monthly_costs to authenticated;
grant select, insert, update, delete on public.plans, public.models, public.tool_prices, public.usage_counters,
  public.usage_metrics, public.monthly_costs to service_role;

create policy plans_select_all on public.plans
  for select to authenticated
  using (true);

create policy models_select_all on public.models
  for select to authenticated
  using (true);

create policy tool_prices_select_all on public.tool_prices
  for select to authenticated
  using (true);

create policy usage_counters_select_own on public.usage_counters
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy usage_metrics_select_own on public.usage_metrics
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy monthly_costs_select_own on public.monthly_costs
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Serves the sum of a month. The month of a row never changes, so a booking does not write this index.
create index monthly_costs_month_idx on public.monthly_costs (month);
