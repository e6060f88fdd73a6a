-- What Stripe refuses because of the operator's settings, and events that cannot be applied any more.

create table private.stripe_problems (
  cause text primary key,
  fix text not null,
  seen_at timestamptz not null default now(),
  constraint stripe_problems_cause_check check (cause ~ '^[a-z_]{1,60}$'),
  constraint stripe_problems_fix_check check (char_length(fix) <= 200)
);
comment on table private.stripe_problems is
  'Settings of the operator that Stripe has rejected: what to change, and when Stripe last rejected it. db:health '
  'shows those of the last hour.';
alter table private.stripe_problems enable row level security;

create function private.report_stripe_problem(cause text, fix text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into private.stripe_problems as p (cause, fix)
  values (report_stripe_problem.cause, left(report_stripe_problem.fix, 200))
  on conflict on constraint stripe_problems_pkey do update
  set fix = excluded.fix, seen_at = now()
$$;
comment on function private.report_stripe_problem(text, text) is
  'Stores that Stripe rejected a setting. Definer: the table is closed to all roles.';
grant execute on function private.report_stripe_problem(text, text) to service_role;

create function public.report_stripe_problem(cause text, fix text)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.report_stripe_problem(cause, fix)
$$;
comment on function public.report_stripe_problem(text, text) is
  'Service RPC of billing: stores that Stripe rejected a setting of the operator.';
grant execute on function public.report_stripe_problem(text, text) to service_role;

create function public.drop_stripe_event(event_id text, error text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'dropped', error = left(drop_stripe_event.error, 200), processed_at = now(), due_at = null
  where e.id = event_id
    and e.status <> 'processed'
$$;
comment on function public.drop_stripe_event(text, text) is
  'Service RPC of stripe-webhook: ends an event about an object that Stripe no longer has. Nothing is left to fetch.';
grant execute on function public.drop_stripe_event(text, text) to service_role;
