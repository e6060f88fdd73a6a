-- Tickets of fetches, and the ledger of events with those that wait.

create function private.draw_stripe_ticket()
returns bigint
language sql
security definer
set search_path = ''
as $$
  select nextval('private.stripe_ticket_seq')
$$;
comment on function private.draw_stripe_ticket() is
  'Draws a ticket for objects that are fetched after this call. Definer: no role may use sequences of private.';
grant execute on function private.draw_stripe_ticket() to service_role;

create function public.draw_stripe_ticket()
returns bigint
language sql
security invoker
set search_path = ''
as $$
  select private.draw_stripe_ticket()
$$;
comment on function public.draw_stripe_ticket() is 'Service RPC: draws a ticket for a fetch that no event asked for.';
grant execute on function public.draw_stripe_ticket() to service_role;

create function private.can_apply_later()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select from private.schedules s
    where s.name = 'stripe-events'
      and s.is_enabled
      and s.last_status = 'ok'
      and s.last_run_at > now() - interval '5 minutes'
  );
end
$$;
comment on function private.can_apply_later() is
  'Returns true if the schedule of stripe-webhook/events runs, so that a worker will claim an event even if the '
  'function that stored it dies. Definer: the list of schedules is closed to all roles.';
grant execute on function private.can_apply_later() to service_role;

create function public.record_stripe_events(events jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  -- The events of a purchase come within moments. Applied together, they need the fewest requests to Stripe.
  collecting constant interval := interval '500 milliseconds';
  lease constant interval := interval '1 minute';
  is_scheduled constant boolean := private.can_apply_later();
  claims jsonb;
begin
  with delivered as (
    select d.*, d.targets is not null as is_used, d.targets is not null and is_scheduled as can_wait
    from jsonb_to_recordset(events) as d (
      id text, type text, api_version text, livemode boolean, created_at timestamptz, payer text, targets jsonb
    )
  ), recorded as (
    insert into public.stripe_events as e (
      id, type, api_version, livemode, status, attempts, created_at, processed_at, payer, targets, due_at
    )
    select d.id, d.type, d.api_version, d.livemode, case when d.is_used then 'processing' else 'ignored' end,
      case when d.can_wait then 0 else 1 end, d.created_at, case when not d.is_used then now() end, d.payer, d.targets,
      case when d.can_wait then now() + collecting when d.is_used then now() + lease end
    from delivered d
    -- Concurrent calls lock the rows of events that both have in one order.
    order by d.id
    on conflict (id) do update
    set attempts = e.attempts + excluded.attempts,
        status = case
          when excluded.status = 'processing' and e.status not in ('processed', 'dropped') then 'processing'
          else e.status
        end,
        payer = excluded.payer,
        targets = excluded.targets,
        due_at = case
          when e.status in ('processed', 'dropped') then null
          -- A worker may have the event. Delivered again, it does not end the lease.
          when is_scheduled and e.status = 'processing' then coalesce(e.due_at, excluded.due_at)
          else excluded.due_at
        end
    returning e.id, e.status
  )
  select jsonb_object_agg(r.id, jsonb_build_object(
    'status', r.status,
    'is_waiting', is_scheduled and r.status = 'processing',
    'ticket', case when r.status = 'processing' and not is_scheduled then private.draw_stripe_ticket() end
  )) into claims
  from recorded r;
  return claims;
end
$$;
comment on function public.record_stripe_events(jsonb) is
  'Service RPC that stripe-webhook calls first. Records events, or other deliveries of them, each at most once in a '
  'call: [{ id, type, api_version, livemode, created_at, payer?, targets? }]. An event without targets is ignored. '
  'Returns { status, is_waiting, ticket } by id. A waiting event is left to claim_stripe_events. Otherwise the caller '
  'applies the event, and each attempt gets a new ticket. Events that are processed or not used get none.';
grant execute on function public.record_stripe_events(jsonb) to service_role;

create function public.claim_stripe_events(max_payers integer)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  lease constant interval := interval '1 minute';
  payers jsonb;
begin
  -- One claim at a time: two at once would share out the events of a payer.
  perform pg_advisory_xact_lock(hashtextextended('public.claim_stripe_events', 0));
  with due as (
    select e.payer
    from public.stripe_events e
    where e.due_at <= now()
      and not exists (
        select from public.stripe_events o
        where o.payer = e.payer and o.due_at > now() and o.status = 'processing' and o.attempts > 0
      )
    group by e.payer
    -- The catalogue first: invoices need the metadata of their products.
    order by bool_or(e.payer like 'prod\_%') desc, min(e.due_at)
    limit max_payers
  ), named as (
    select d.payer, t ->> 'id' as id
    from due d
    join public.stripe_events e on e.payer = d.payer and e.due_at is not null
    cross join jsonb_array_elements(e.targets) as t
  ), members as (
    -- An event that names no customer goes with a payer whose events name the same object.
    select distinct on (m.id) m.id, m.payer
    from (
      select n.id, n.payer from named n
      union all
      select d.payer, d.payer from due d
    ) m
    order by m.id, m.payer = m.id, m.payer
  ), free as (
    select e.id, m.payer
    from members m
    join public.stripe_events e on e.payer = m.id
    -- Waiting events of the payer count before they are due; leased and failed ones do not.
    where e.due_at is not null and (e.due_at <= now() or e.attempts = 0)
    for update of e skip locked
  ), claimed as (
    update public.stripe_events e
    set status = 'processing', attempts = e.attempts + 1, due_at = now() + lease
    from free f
    where e.id = f.id
    returning f.payer, e.id, e.targets
  )
  select jsonb_agg(jsonb_build_object('payer', g.payer, 'events', g.events)) into payers
  from (
    select c.payer, jsonb_agg(jsonb_build_object('id', c.id, 'targets', c.targets) order by c.id) as events
    from claimed c
    group by c.payer
  ) g;
  return jsonb_build_object(
    'ticket', case when payers is not null then private.draw_stripe_ticket() end,
    'payers', coalesce(payers, '[]')
  );
end
$$;
comment on function public.claim_stripe_events(integer) is
  'Service RPC of the worker: claims all waiting events of up to max_payers payers for a minute. Returns { ticket, '
  'payers: [{ payer, events: [{ id, targets }] }] }. A payer whose events another worker has is left to that worker.';
grant execute on function public.claim_stripe_events(integer) to service_role;

create function private.count_due_stripe_events(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (select from public.stripe_events e where e.due_at <= now() limit max_count) d
$$;
comment on function private.count_due_stripe_events(integer) is
  'Counts the events that a worker may claim, up to max_count. Called by the dispatcher of schedules.';

create function public.fail_stripe_event(event_id text, error text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'failed',
      error = left(fail_stripe_event.error, 200),
      -- As long as Stripe delivers again what was not accepted: https://docs.stripe.com/webhooks#automatic-retries
      due_at = case when e.targets is not null and e.received_at > now() - interval '3 days' then
        now() + least(interval '1 hour', interval '5 seconds' * 2 ^ least(e.attempts, 10))
      end
  where e.id = event_id
    and e.status <> 'processed'
$$;
comment on function public.fail_stripe_event(text, text) is
  'Service RPC of stripe-webhook: records in the ledger why an attempt failed, unless another attempt has succeeded '
  'meanwhile. The next attempt is due after a pause that grows, for three days.';
grant execute on function public.fail_stripe_event(text, text) to service_role;

create function private.settle_stripe_events(event_ids text[])
returns void
language sql
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'processed', processed_at = now(), error = null, due_at = null
  where e.id = any (event_ids)
$$;
comment on function private.settle_stripe_events(text[]) is
  'Marks events as processed, in the transaction that writes their objects.';

-- What waits, by payer. Processed events leave the index.
create index stripe_events_payer_due_at_idx on public.stripe_events (payer, due_at) where due_at is not null;
