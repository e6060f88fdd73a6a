-- The cost of tokens and tools, the metrics of each day, and the usage that a client sees.

create function private.usage_cost(model text, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
  cache_write_tokens bigint default 0)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
declare
  known public.models := private.model_of(model);
  input_cost numeric := (input_tokens - cached_input_tokens - cache_write_tokens) * known.input_price
    + cached_input_tokens * coalesce(known.cached_input_price, known.input_price)
    + cache_write_tokens * coalesce(known.cache_write_price, known.input_price);
  output_cost numeric := output_tokens * known.output_price;
begin
  if input_tokens > known.long_input_tokens then
    -- The same factors for every model that has them: https://developers.openai.com/api/docs/pricing
    input_cost := input_cost * 2;
    output_cost := output_cost * 1.5;
  end if;
  return coalesce((input_cost + output_cost) / 1000000, 0);
end
$$;
comment on function private.usage_cost(text, bigint, bigint, bigint, bigint) is
  'Returns the US dollars for tokens of a model. The input tokens include those read from the cache and those written '
  'to it, which have their own prices. Returns 0 for a model without a price.';
grant execute on function private.usage_cost(text, bigint, bigint, bigint, bigint) to service_role;

create function private.tool_cost(tools jsonb)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(used.count::integer * p.price), 0)
    from jsonb_each_text(tools) as used (tool, count)
    join public.tool_prices p on p.tool = used.tool
  );
end
$$;
comment on function private.tool_cost(jsonb) is
  'Returns the US dollars for uses of tools, such as {"web_search": 2}. Tools without a price cost 0.';
grant execute on function private.tool_cost(jsonb) to service_role;

create function private.this_month()
returns date
language plpgsql
stable
set search_path = ''
as $$
begin
  return date_trunc('month', now() at time zone 'UTC')::date;
end
$$;
comment on function private.this_month() is 'Returns the first day of the current UTC month.';

create function private.log_near_budget(before numeric, after numeric, budget numeric, scope jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if before < budget * 0.8 and after >= budget * 0.8 then
    raise log 'budget_near_limit %', scope || jsonb_build_object('used', after, 'budget', budget);
  end if;
end
$$;
comment on function private.log_near_budget(numeric, numeric, numeric, jsonb) is
  'Writes a line to the log of Postgres when an amount passes 80 % of a budget, in US dollars.';
grant execute on function private.log_near_budget(numeric, numeric, numeric, jsonb) to service_role;

create function private.book_usage(
  profile_id uuid, feature_type text, model text, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
  tools jsonb default '{}', cache_write_tokens bigint default 0
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Rounded once, so that the sum of a month equals the sum of its days.
  cost numeric := round(
    private.usage_cost(book_usage.model, book_usage.input_tokens, book_usage.cached_input_tokens,
      book_usage.output_tokens, book_usage.cache_write_tokens) + private.tool_cost(tools), 6
  );
  spent numeric;
begin
  insert into public.usage_metrics as u
    (user_id, day, feature_type, model, request_count, input_tokens, cached_input_tokens, output_tokens,
      web_searches, file_searches, code_runs, images, total_cost)
  select
    profile_id, (now() at time zone 'UTC')::date, book_usage.feature_type, book_usage.model, 1,
    book_usage.input_tokens, book_usage.cached_input_tokens, book_usage.output_tokens, coalesce(used.web_search, 0),
    coalesce(used.file_search, 0), coalesce(used.code_interpreter, 0), coalesce(used.image_generation, 0), cost
  from jsonb_to_record(tools) as used (
    web_search integer, file_search integer, code_interpreter integer, image_generation integer
  )
  on conflict on constraint usage_metrics_pkey do update
  set request_count = u.request_count + 1,
      input_tokens = u.input_tokens + excluded.input_tokens,
      cached_input_tokens = u.cached_input_tokens + excluded.cached_input_tokens,
      output_tokens = u.output_tokens + excluded.output_tokens,
      web_searches = u.web_searches + excluded.web_searches,
      file_searches = u.file_searches + excluded.file_searches,
      code_runs = u.code_runs + excluded.code_runs,
      images = u.images + excluded.images,
      total_cost = u.total_cost + excluded.total_cost;
  insert into public.monthly_costs as c (user_id, month, spent)
  values (profile_id, private.this_month(), cost)
  on conflict (user_id, month) do update
  set spent = c.spent + excluded.spent
  returning c.spent into spent;
  perform private.log_near_budget(
    spent - cost, spent, (private.plan_of(profile_id)).monthly_budget, jsonb_build_object('profile_id', profile_id)
  );
  perform private.book_organization_cost(profile_id, cost);
end
$$;
comment on function private.book_usage(uuid, text, text, bigint, bigint, bigint, jsonb, bigint) is
  'Adds one request''s tokens, tools and cost to the metrics of the day, and its cost to the month, against which '
  'budgets are checked. tools counts the uses of OpenAI''s tools by type, such as {"web_search": 2}.';
grant execute on function private.this_month(),
  private.book_usage(uuid, text, text, bigint, bigint, bigint, jsonb, bigint)
  to service_role;

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
    'monthly_budget', private.limit_detail('month', null) || jsonb_build_object(
      'limit', l.monthly_budget,
      'used', (
        select coalesce(max(c.spent + c.reserved + c.carried), 0) from public.monthly_costs c
        where c.user_id = p.id and c.month = private.this_month()
      )
    ),
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
  public.get_my_usage(), private.limit_detail(text, integer), private.quota_period_start(timestamptz),
  private.this_month() to authenticated;
