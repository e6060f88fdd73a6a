-- Plans, prices, and the usage of each profile; reservation and refund of messages.

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

create function private.copy_plan_quota()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.subscription_quota := (select p.monthly_messages from public.plans p where p.slug = new.subscription_plan);
  return new;
end
$$;
comment on function private.copy_plan_quota() is
  'Trigger: copies the quota of the plan to the profile when the profile gets a plan.';

create trigger profiles_copy_plan_quota_on_insert
  before insert on public.profiles
  for each row execute function private.copy_plan_quota();
create trigger profiles_copy_plan_quota_on_update
  before update of subscription_plan on public.profiles
  for each row when (old.subscription_plan is distinct from new.subscription_plan)
  execute function private.copy_plan_quota();

create function private.spread_plan_quota()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  update public.profiles p
  set subscription_quota = new.monthly_messages
  where p.subscription_plan = new.slug;
  return null;
end
$$;
comment on function private.spread_plan_quota() is
  'Trigger: copies the changed quota of a plan to every profile with that plan.';

create trigger plans_spread_quota
  after update of monthly_messages on public.plans
  for each row when (old.monthly_messages is distinct from new.monthly_messages)
  execute function private.spread_plan_quota();

create function private.count_usage(profile_id uuid, feature text, unit text, max_count integer)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  starts_at timestamptz := date_trunc(unit, now(), 'UTC');
begin
  -- A single statement, so concurrent calls cannot exceed the limit.
  insert into public.usage_counters as c (user_id, feature, period_start, count, reset_at)
  select profile_id, count_usage.feature, starts_at, 1, starts_at + ('1 ' || unit)::interval
  where max_count is null or max_count > 0
  on conflict on constraint usage_counters_pkey do update
  set count = c.count + 1
  where max_count is null or c.count < max_count;
  return found;
end
$$;
comment on function private.count_usage(uuid, text, text, integer) is
  'Counts one use in the current minute, day or month (UTC). Returns false when the limit is reached. A null limit '
  'means unlimited.';

create function private.decrement_usage(profile_id uuid, feature text, unit text, period_start timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.usage_counters c
  set count = c.count - 1
  where c.user_id = profile_id
    and c.feature = decrement_usage.feature
    and c.period_start = decrement_usage.period_start
    and c.period_start = date_trunc(unit, now(), 'UTC')
    and c.count > 0
$$;
comment on function private.decrement_usage(uuid, text, text, timestamptz) is
  'Subtracts one use, if its period is still the current one.';

create function private.limit_detail(unit text, max_count integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('limit', max_count, 'reset_at', date_trunc(unit, now(), 'UTC') + ('1 ' || unit)::interval)
$$;
comment on function private.limit_detail(text, integer) is
  'Returns the detail of a refusal: the limit, and when the next period begins.';

create function private.quota_period_start(last_reset timestamptz)
returns timestamptz
language sql
stable
set search_path = ''
as $$
  select last_reset + make_interval(months => greatest(
    0, (extract(year from age(now(), last_reset)) * 12 + extract(month from age(now(), last_reset)))::integer
  ))
$$;
comment on function private.quota_period_start(timestamptz) is
  'Returns the start of the quota''s current period. Periods are months that count from the last reset. No job ends '
  'them: the next message moves quota_last_reset.';

create function private.spend_message(profile_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  update public.profiles p
  set subscription_usage = 0, quota_last_reset = private.quota_period_start(p.quota_last_reset)
  where p.id = profile_id
    and private.quota_period_start(p.quota_last_reset) > p.quota_last_reset;

  update public.profiles p
  set subscription_usage = p.subscription_usage + 1
  where p.id = profile_id
    and (p.subscription_quota is null or p.subscription_usage < p.subscription_quota)
  returning * into profile;
  if found then
    return jsonb_build_object('source', 'quota', 'period_start', profile.quota_last_reset);
  end if;

  update public.profiles p
  set tokens = p.tokens - 1
  where p.id = profile_id
    and p.tokens > 0
    and (p.tokens_expires_at is null or p.tokens_expires_at > now())
  returning * into profile;
  if found then
    return jsonb_build_object('source', 'credits', 'expires_at', profile.tokens_expires_at);
  end if;

  select * into profile from public.profiles p where p.id = profile_id;
  perform private.refuse(
    402, 'quota_exceeded',
    'All messages of this period are used. Upgrade the plan, buy credits, or wait for the next period.',
    jsonb_build_object('limit', profile.subscription_quota, 'reset_at', profile.quota_last_reset + interval '1 month')
  );
  return null;
end
$$;
comment on function private.spend_message(uuid) is
  'Takes one message from the monthly quota, or else one unexpired credit, or else refuses with 402. Returns where '
  'the message was charged.';

create function private.reserve_usage(profile_id uuid, with_search boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  plan public.plans;
  reservation jsonb;
begin
  perform private.require_active(profile_id);
  -- All turns of a profile queue here, in whatever session. Counts and quota are read under this lock.
  select l.* into plan
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  where p.id = profile_id
  for no key update of p;

  if not private.count_usage(profile_id, 'turns', 'minute', plan.turns_per_minute) then
    perform private.refuse(
      429, 'rate_limited',
      'You sent too many messages within a minute. Wait a minute and try again.',
      private.limit_detail('minute', plan.turns_per_minute)
    );
  end if;
  if not private.count_usage(profile_id, 'messages', 'day', plan.daily_messages) then
    perform private.refuse(
      429, 'daily_limit_reached',
      'All messages of today are used. Wait until tomorrow or upgrade the plan.',
      private.limit_detail('day', plan.daily_messages)
    );
  end if;
  reservation := private.spend_message(profile_id);
  if with_search and not private.count_usage(profile_id, 'searches', 'month', plan.monthly_searches) then
    perform private.refuse(
      402, 'search_quota_exceeded',
      'All web searches of this month are used. Send the message without search, or upgrade the plan.',
      private.limit_detail('month', plan.monthly_searches)
    );
  end if;
  return reservation || jsonb_build_object(
    'day', date_trunc('day', now(), 'UTC'),
    'search_month', case when with_search then date_trunc('month', now(), 'UTC') end
  );
end
$$;
comment on function private.reserve_usage(uuid, boolean) is
  'Reserves one message (and one search) before a turn, or refuses. A refusal rolls everything back. Called by '
  'start_turn.';

create function private.refund_usage(profile_id uuid, reservation jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.profiles p
  set subscription_usage = p.subscription_usage - 1
  where p.id = profile_id
    and reservation ->> 'source' = 'quota'
    and p.quota_last_reset = (reservation ->> 'period_start')::timestamptz
    and p.subscription_usage > 0;

  update public.profiles p
  set tokens = p.tokens + 1
  where p.id = profile_id
    and reservation ->> 'source' = 'credits'
    and ((reservation ->> 'expires_at') is null or (reservation ->> 'expires_at')::timestamptz > now());

  perform private.decrement_usage(profile_id, 'messages', 'day', (reservation ->> 'day')::timestamptz);
  perform private.decrement_usage(profile_id, 'searches', 'month', (reservation ->> 'search_month')::timestamptz);
end
$$;
comment on function private.refund_usage(uuid, jsonb) is
  'Returns a reservation to where it was charged, if that period is still the current one. Called once, when the '
  'turn settles.';

create function private.usage_cost(model text, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint)
returns numeric
language sql
stable
set search_path = ''
as $$
  select coalesce((
    select (
      (usage_cost.input_tokens - usage_cost.cached_input_tokens) * p.input_price
      + usage_cost.cached_input_tokens * p.cached_input_price
      + usage_cost.output_tokens * p.output_price
    ) / 1000000
    from public.model_prices p
    where starts_with(usage_cost.model, p.model)
    order by length(p.model) desc
    limit 1
  ), 0)
$$;
comment on function private.usage_cost(text, bigint, bigint, bigint) is
  'Returns the US dollars for tokens of a model. Cached input has its own price. Returns 0 for a model without a '
  'price.';

create function private.book_usage(
  profile_id uuid, feature_type text, model text, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint
)
returns void
language sql
set search_path = ''
as $$
  insert into public.usage_metrics as u
    (user_id, day, feature_type, model, request_count, input_tokens, cached_input_tokens, output_tokens, total_cost)
  values (
    profile_id, (now() at time zone 'UTC')::date, book_usage.feature_type, book_usage.model, 1, book_usage.input_tokens,
    book_usage.cached_input_tokens, book_usage.output_tokens,
    private.usage_cost(book_usage.model, book_usage.input_tokens, book_usage.cached_input_tokens,
      book_usage.output_tokens)
  )
  on conflict (user_id, day, feature_type, model) do update
  set request_count = u.request_count + 1,
      input_tokens = u.input_tokens + excluded.input_tokens,
      cached_input_tokens = u.cached_input_tokens + excluded.cached_input_tokens,
      output_tokens = u.output_tokens + excluded.output_tokens,
      total_cost = u.total_cost + excluded.total_cost
$$;
comment on function private.book_usage(uuid, text, text, bigint, bigint, bigint) is
  'Adds one request''s tokens and cost to the metrics of the day, in one statement.';

create function public.get_my_usage()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'plan', l.slug,
    'monthly_messages', jsonb_build_object(
      'used', case when q.period_start > p.quota_last_reset then 0 else p.subscription_usage end,
      'limit', p.subscription_quota,
      'reset_at', q.period_start + interval '1 month'
    ),
    'daily_messages', private.limit_detail('day', l.daily_messages) || jsonb_build_object('used', (
      select coalesce(max(c.count), 0) from public.usage_counters c
      where c.user_id = p.id and c.feature = 'messages' and c.period_start = date_trunc('day', now(), 'UTC')
    )),
    'monthly_searches', private.limit_detail('month', l.monthly_searches) || jsonb_build_object('used', (
      select coalesce(max(c.count), 0) from public.usage_counters c
      where c.user_id = p.id and c.feature = 'searches' and c.period_start = date_trunc('month', now(), 'UTC')
    )),
    'turns_per_minute', l.turns_per_minute,
    'credits', jsonb_build_object(
      'balance', case when p.tokens_expires_at <= now() then 0 else p.tokens end,
      'expires_at', p.tokens_expires_at
    )
  )
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  cross join lateral (select private.quota_period_start(p.quota_last_reset) as period_start) q
  where p.id = (select private.current_profile_id())
$$;
comment on function public.get_my_usage() is
  'Client RPC: returns what the caller has used and may use. A null limit means unlimited.';
grant execute on function
  public.get_my_usage(), private.limit_detail(text, integer), private.quota_period_start(timestamptz) to authenticated;

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
