-- The budget of an organization: what the members whose plan comes from it may cost together in a UTC month.

alter table public.organizations
  add column monthly_budget numeric(12, 6),
  add constraint organizations_monthly_budget_check check (monthly_budget >= 0);

create table public.organization_costs (
  organization_id uuid not null,
  month date not null,
  spent numeric(14, 6) not null default 0,
  reserved numeric(14, 6) not null default 0,
  primary key (organization_id, month),
  constraint organization_costs_month_check check (extract(day from month) = 1),
  constraint organization_costs_amounts_check check (least(spent, reserved) >= 0)
);

comment on column public.organizations.monthly_budget is
  'US dollars that OpenAI may cost in a UTC month for all members whose plan comes from the organization. Null means '
  'unlimited; 0 stops their turns.';
comment on table public.organization_costs is
  'What OpenAI costs in a UTC month for the members whose plan comes from an organization, in US dollars.';
comment on column public.organization_costs.organization_id is
  'No foreign key: its lock on the organization would let a starting turn and the deletion of the organization '
  'deadlock.';
comment on column public.organization_costs.month is 'The first day of the month.';
comment on column public.organization_costs.spent is 'The cost of the turns that have ended.';
comment on column public.organization_costs.reserved is
  'Estimates of the turns that are running. A turn reserves only while the organization has a budget.';

create function private.budget_organization(profile_id uuid)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select o.id
    from public.profiles p
    join public.organizations o on o.id = p.organization_id
    where p.id = profile_id and p.plan_source = 'organization' and o.monthly_budget is not null
  );
end
$$;
comment on function private.budget_organization(uuid) is
  'Returns the organization whose budget the turns of a profile use, or null.';

create function private.reserve_organization_budget(profile_id uuid, amount numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  payer uuid := private.budget_organization(profile_id);
  budget numeric := (select o.monthly_budget from public.organizations o where o.id = payer);
begin
  if payer is null then
    return '{}'::jsonb;
  end if;
  -- A single statement, so concurrent turns of all members cannot reserve more than the budget.
  insert into public.organization_costs as c (organization_id, month, reserved)
  select payer, private.this_month(), amount
  where budget > 0 and amount <= budget
  on conflict on constraint organization_costs_pkey do update
  set reserved = c.reserved + excluded.reserved
  where c.spent + c.reserved < budget and c.spent + c.reserved + excluded.reserved <= budget;
  if not found then
    perform private.refuse(
      402, 'budget_exceeded',
      'Your organization has used its budget of this month. Wait until the next month, or ask its owner for more.',
      private.limit_detail('month', null) - 'limit' || '{"scope": "organization"}'
    );
  end if;
  return jsonb_build_object('organization_id', payer);
end
$$;
comment on function private.reserve_organization_budget(uuid, numeric) is
  'Reserves an estimate of the cost of a turn in the budget of the organization that gives the plan. Returns what '
  'private.settle_organization_budget needs. Refuses with 402 if the estimate does not fit.';

create function private.settle_organization_budget(reservation jsonb)
returns void
language sql
set search_path = ''
as $$
  update public.organization_costs c
  set reserved = greatest(0, c.reserved - (reservation ->> 'amount')::numeric)
  where c.organization_id = (reservation ->> 'organization_id')::uuid
    and c.month = (reservation ->> 'month')::date
$$;
comment on function private.settle_organization_budget(jsonb) is
  'Takes a reservation of private.reserve_organization_budget back. Called once for each turn.';
grant execute on function private.settle_organization_budget(jsonb) to service_role;

create function private.book_organization_cost(profile_id uuid, cost numeric)
returns void
language sql
set search_path = ''
as $$
  insert into public.organization_costs as c (organization_id, month, spent)
  select p.organization_id, private.this_month(), cost
  from public.profiles p
  where p.id = profile_id and p.plan_source = 'organization' and p.organization_id is not null and cost > 0
  on conflict on constraint organization_costs_pkey do update
  set spent = c.spent + excluded.spent
$$;
comment on function private.book_organization_cost(uuid, numeric) is
  'Adds a cost to the month of the organization that gives the profile its plan, also without a budget: a budget that '
  'is set later counts from the start of the month.';
grant execute on function private.book_organization_cost(uuid, numeric) to service_role;

create function private.drop_organization_costs()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.organization_costs c where c.organization_id = old.id;
  return null;
end
$$;
comment on function private.drop_organization_costs() is
  'Trigger: deletes the costs of a deleted organization. The costs of its members stay. Definer: the role that deletes '
  'an organization may have no rights on them.';

create trigger organizations_drop_costs
  after delete on public.organizations
  for each row execute function private.drop_organization_costs();

create function private.set_organization_budget(monthly_budget numeric)
returns public.organizations
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  organization public.organizations;
begin
  if monthly_budget < 0 or monthly_budget >= 1000000 then
    perform private.refuse(
      400, 'invalid_budget',
      'The budget must be between 0 and 999,999 US dollars, or null for no limit. Enter another amount.'
    );
  end if;
  update public.organizations o
  set monthly_budget = set_organization_budget.monthly_budget
  where o.id = me.organization_id
  returning * into organization;
  return organization;
end
$$;
comment on function private.set_organization_budget(numeric) is
  'Sets the monthly budget of the caller''s organization. Definer: clients cannot write organizations; the function '
  'checks the caller''s role.';
grant execute on function private.set_organization_budget(numeric) to authenticated;

create function public.set_organization_budget(monthly_budget numeric)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.set_organization_budget(monthly_budget)
$$;
comment on function public.set_organization_budget(numeric) is
  'Client RPC for the owner and admins: what the members whose plan comes from the organization may cost together in a '
  'UTC month, in US dollars. Null removes the limit.';
grant execute on function public.set_organization_budget(numeric) to authenticated;

alter table public.organization_costs enable row level security;

grant select on public.organization_costs to authenticated;
grant select, insert, update, delete on public.organization_costs to service_role;

create policy organization_costs_select_admin on public.organization_costs
  for select to authenticated
  using (organization_id = any (array(select private.my_administrated_organization_ids())));
