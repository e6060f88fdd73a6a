-- The cost of tokens, the metrics of each day, and the usage that a client sees.

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
grant execute on function private.usage_cost(text, bigint, bigint, bigint) to service_role;

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
grant execute on function private.book_usage(uuid, text, text, bigint, bigint, bigint) to service_role;

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
