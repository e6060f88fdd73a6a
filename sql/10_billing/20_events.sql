-- Tickets of fetches, and the ledger of events.

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

create function public.claim_stripe_event(
  event_id text, event_type text, api_version text, livemode boolean, created_at timestamptz, is_used boolean
)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  claimed public.stripe_events;
begin
  insert into public.stripe_events as e (id, type, api_version, livemode, status, created_at, processed_at)
  values (event_id, event_type, claim_stripe_event.api_version, claim_stripe_event.livemode,
    case when is_used then 'processing' else 'ignored' end, claim_stripe_event.created_at,
    case when not is_used then now() end)
  on conflict (id) do update
  set attempts = e.attempts + 1,
      status = case when is_used and e.status <> 'processed' then 'processing' else e.status end
  returning * into claimed;

  return jsonb_build_object(
    'status', claimed.status,
    'ticket', case when claimed.status = 'processing' then private.draw_stripe_ticket() end
  );
end
$$;
comment on function public.claim_stripe_event(text, text, text, boolean, timestamptz, boolean) is
  'Service RPC that stripe-webhook calls first: records an event, or another attempt at it, and returns { status, '
  'ticket }. Each attempt gets a new ticket. Events that are processed or not used get none.';
grant execute on function public.claim_stripe_event(text, text, text, boolean, timestamptz, boolean) to service_role;

create function public.fail_stripe_event(event_id text, error text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'failed', error = left(fail_stripe_event.error, 200)
  where e.id = event_id
    and e.status <> 'processed'
$$;
comment on function public.fail_stripe_event(text, text) is
  'Service RPC of stripe-webhook: records in the ledger why an attempt failed, unless another attempt has succeeded '
  'meanwhile.';
grant execute on function public.fail_stripe_event(text, text) to service_role;
