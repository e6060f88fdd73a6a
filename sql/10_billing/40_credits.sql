-- Credits that payments grant and refunds take back.

create function private.credit_lines(payment public.payments)
returns table (invoice_line_id text, tokens numeric, expires_at timestamptz)
language sql
stable
set search_path = ''
as $$
  select l.id, (d.metadata ->> 'tokens')::numeric * coalesce(l.quantity, 1),
    payment.paid_at + make_interval(days => case
      when d.metadata ->> 'tokens_days' ~ '^[1-9]\d{0,4}$' then (d.metadata ->> 'tokens_days')::integer
      else b.credit_days
    end)
  from jsonb_to_recordset(payment.product_cart) as l (id text, product text, quantity numeric, proration boolean)
  join public.stripe_products d on d.id = l.product
  cross join private.billing_policy b
  where d.metadata ->> 'tokens' ~ '^[1-9]\d{0,5}$'
    and coalesce(l.quantity, 1) > 0
    and not coalesce(l.proration, false)
    and not exists (select from private.credit_grants g where g.invoice_line_id = l.id)
  order by l.id
$$;
comment on function private.credit_lines(public.payments) is
  'Returns the lines of an invoice whose credits are still to be granted. A line without a quantity counts once, and a '
  'line with quantity 0 grants nothing.';

create function private.credit_payment(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_balance constant integer := 2147483647;
  balance integer;
  granted integer := 0;
  last_expiry timestamptz;
  line record;
begin
  if payment.user_id is null or payment.invoice_status is distinct from 'paid' then
    return;
  end if;
  for line in select * from private.credit_lines(payment) loop
    -- Locks the balance only for a payment that has credits to grant.
    if balance is null then
      select p.tokens into balance from public.profiles p where p.id = payment.user_id for no key update;
    end if;
    if line.tokens > max_balance - balance - granted then
      insert into private.refused_credits (invoice_line_id, payment_id, tokens)
      values (line.invoice_line_id, payment.id, line.tokens)
      on conflict do nothing;
      continue;
    end if;
    insert into private.credit_grants (invoice_line_id, payment_id, user_id, tokens, expires_at)
    values (line.invoice_line_id, payment.id, payment.user_id, line.tokens::integer, line.expires_at)
    on conflict on constraint credit_grants_invoice_line_id_key do nothing;
    if found then
      granted := granted + line.tokens::integer;
      last_expiry := greatest(last_expiry, line.expires_at);
      delete from private.refused_credits r where r.invoice_line_id = line.invoice_line_id;
    end if;
  end loop;
  if granted > 0 then
    perform private.grant_credits(payment.user_id, granted, last_expiry);
  end if;
end
$$;
comment on function private.credit_payment(public.payments) is
  'Grants the credits for the lines of a paid invoice. Each line grants its credits once, no matter how often the '
  'function is called. Credits that do not fit into the balance are refused and recorded in private.refused_credits.';

create function private.reversed_amount(payment public.payments)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select least(payment.amount, payment.refunded_amount + coalesce((
    select sum(d.amount) from jsonb_to_recordset(payment.disputes) as d (amount bigint, status text)
    -- The money of a lost dispute stays away while the loss is appealed. The type Dispute.Status of the package stripe.
    where d.status in ('lost', 'appeal_needs_response', 'appeal_under_review')
  ), 0))::bigint
$$;
comment on function private.reversed_amount(public.payments) is
  'Returns the amount of a payment that was returned: refunds, lost disputes, and lost disputes that are appealed.';

create function private.returned_of_invoice(payment public.payments, out returned numeric, out paid numeric)
language sql
stable
set search_path = ''
as $$
  select sum(private.reversed_amount(p)), sum(p.amount)
  from public.payments p
  where (p.id = payment.id or p.stripe_invoice_id = payment.stripe_invoice_id)
    and p.amount > 0
    and p.status not in ('pending', 'failed')
$$;
comment on function private.returned_of_invoice(public.payments) is
  'Returns what was paid for the invoice of a payment, by whichever payments, and how much of it was returned. Null '
  'for an invoice that cost nothing.';

create function private.take_back_credits(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  invoice record;
  credit private.credit_grants;
  payer uuid;
  due integer;
  taken integer;
  balance integer;
  total integer := 0;
begin
  for credit in
    select g.*
    from private.credit_grants g
    join public.payments p on p.id = g.payment_id
    where p.id = payment.id or p.stripe_invoice_id = payment.stripe_invoice_id
    order by g.id
    for update of g
  loop
    select * into invoice from private.returned_of_invoice(payment);
    due := floor(credit.tokens * invoice.returned / invoice.paid)::integer - credit.reversed_tokens;
    continue when coalesce(due, 0) = 0;
    if balance is null then
      payer := credit.user_id;
      select p.tokens into balance from public.profiles p where p.id = credit.user_id for no key update;
    end if;
    -- A refund takes any unspent credits: the refunded ones count as spent last. If a refund fails later, the
    -- credits that it took are given back.
    taken := case
      when due > 0 then least(due, balance - total)
      else -greatest(0, credit.taken_back - credit.reversed_tokens - due)
    end;
    total := total + taken;
    update private.credit_grants g
    set reversed_tokens = g.reversed_tokens + due, taken_back = g.taken_back + taken
    where g.id = credit.id;
  end loop;
  if total <> 0 then
    update public.profiles p set tokens = p.tokens - total where p.id = payer;
  end if;
end
$$;
comment on function private.take_back_credits(public.payments) is
  'Takes back the returned share of an invoice''s credits, whichever of its payments was returned, as far as they are '
  'unspent. Each share is taken back once.';

create function private.settle_payment(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.credit_payment(payment);
  perform private.take_back_credits(payment);
  update public.payments p
  set digital_products_delivered = true
  where p.id = payment.id
    and not p.digital_products_delivered
    and (
      exists (select from private.credit_grants g where g.payment_id = p.id)
      or p.status = 'completed' and exists (
        select from public.subscriptions s
        where s.id = p.subscription_id and s.user_id is not null and private.is_entitling(s)
      )
    );
end
$$;
comment on function private.settle_payment(public.payments) is
  'Grants or takes back credits according to the state of a payment. Repeating the call changes nothing.';
