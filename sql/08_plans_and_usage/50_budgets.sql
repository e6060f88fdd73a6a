-- Budgets in US dollars: a turn reserves an estimate when it starts, and its settlement books the real cost instead.

create function private.project_cost()
returns numeric
language plpgsql
set search_path = ''
as $$
declare
  this_month date := private.this_month();
  cached private.project_costs;
  before numeric;
begin
  select * into cached from private.project_costs;
  if cached.month = this_month and cached.refreshed_at > now() - interval '10 seconds' then
    return cached.total;
  end if;
  -- One start at a time refreshes the sum. The others go on with the old one, so nobody waits for this row.
  select case when c.month = this_month then c.total else 0 end into before
  from private.project_costs c
  for update skip locked;
  if found then
    update private.project_costs
    set month = this_month,
        total = (select coalesce(sum(c.spent + c.reserved), 0) from public.monthly_costs c where c.month = this_month),
        refreshed_at = now()
    returning * into cached;
    perform private.log_near_budget(
      before, cached.total, (select p.project_monthly_budget from private.usage_policy p), '{"scope": "project"}'
    );
  end if;
  return case when cached.month = this_month then cached.total else 0 end;
end
$$;
comment on function private.project_cost() is
  'Returns what all users have spent and reserved this month, as it was up to 10 seconds ago. All turns that start in '
  'these seconds can pass the budget of the project, each by its own cost. A refusal rolls its refresh back.';

create function private.reserve_budget(profile_id uuid, estimate numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  budget numeric := (private.plan_of(profile_id)).monthly_budget;
  project_budget numeric := (select p.project_monthly_budget from private.usage_policy p);
  detail jsonb := private.limit_detail('month', null) - 'limit';
  amount numeric := round(estimate, 6);
begin
  if project_budget is not null and private.project_cost() >= project_budget then
    perform private.refuse(
      402, 'budget_exceeded',
      'This service has used its budget of this month. Wait until the next month, or ask its operator for more.',
      detail || '{"scope": "project"}'
    );
  end if;
  -- A single statement, so concurrent calls cannot reserve more than the budget.
  insert into public.monthly_costs as c (user_id, month, reserved)
  select profile_id, private.this_month(), amount
  where budget is null or (budget > 0 and amount <= budget)
  on conflict (user_id, month) do update
  set reserved = c.reserved + excluded.reserved
  where budget is null
    or (c.spent + c.reserved + c.carried < budget
      and c.spent + c.reserved + c.carried + excluded.reserved <= budget);
  if not found then
    perform private.refuse(
      402, 'budget_exceeded',
      'Your budget of this month does not cover this message. Wait until the next month, or upgrade the plan.',
      detail || '{"scope": "user"}'
    );
  end if;
  return jsonb_build_object('month', private.this_month(), 'amount', amount)
    || private.reserve_organization_budget(profile_id, amount);
end
$$;
comment on function private.reserve_budget(uuid, numeric) is
  'Reserves an estimate of the cost of a turn, in US dollars, and returns the reservation. Refuses with 402 if the '
  'estimate does not fit into what is left of the budget of the user or of the organization that gives the plan, or if '
  'the project''s budget is used.';

create function private.settle_budget(profile_id uuid, reservation jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.monthly_costs c
  set reserved = greatest(0, c.reserved - (reservation ->> 'amount')::numeric)
  where c.user_id = profile_id
    and c.month = (reservation ->> 'month')::date;
  perform private.settle_organization_budget(reservation);
end
$$;
comment on function private.settle_budget(uuid, jsonb) is
  'Takes a reservation of reserve_budget back, in the month in which it was made. Called once for each turn, when it '
  'settles or is deleted. book_usage adds the real cost. Null changes nothing.';

-- In plpgsql, because later files create functions that it calls: SQL functions are checked when they are created.
create function private.estimate_turn(question public.chat_messages, assistant public.assistants, search boolean)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
declare
  known public.models := private.model_of(assistant.model);
  -- The length in bytes is read without the text, and it is closer to tokens for scripts that are not Latin.
  input_bytes bigint := coalesce(octet_length(private.turn_instructions(assistant.slug, question.user_id)), 0) + (
    select coalesce(sum(octet_length(m.content)), 0)
    from public.chat_messages m
    where m.session_id = question.session_id and m.user_id = question.user_id and m.seq <= question.seq
  );
  input_tokens bigint := least(input_bytes / 4, known.context_window);
begin
  return private.usage_cost(
    assistant.model,
    input_tokens,
    0,
    least((select p.reserved_output_tokens from private.usage_policy p), known.max_output_tokens),
    -- Nothing of a new message is in the cache yet, and writing to it may cost more than other input.
    input_tokens
  ) + private.tool_cost(case when search then '{"web_search": 1}'::jsonb else '{}' end);
end
$$;
comment on function private.estimate_turn(public.chat_messages, public.assistants, boolean) is
  'Estimates the US dollars of a turn: instructions, history and message at four bytes a token, '
  'usage_policy.reserved_output_tokens of output, and one web search if the user asked for it. 0 for a model without a '
  'price.';

create function private.reserve_turn(question public.chat_messages, assistant public.assistants, search boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  return (
    select private.reserve_budget(question.user_id, private.estimate_turn(question, assistant, search))
    where (private.plan_of(question.user_id)).monthly_budget is not null
      or exists (select from private.usage_policy p where p.project_monthly_budget is not null)
      or private.budget_organization(question.user_id) is not null
  );
end
$$;
comment on function private.reserve_turn(public.chat_messages, public.assistants, boolean) is
  'Reserves the estimated cost of a turn. Null if neither the user nor the organization nor the project has a budget. '
  'Called by start_turn, which holds the lock of the profile.';
