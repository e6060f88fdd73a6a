-- Credits that payments grant and refunds take back.

create function private.credit_payment(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  line record;
begin
  if payment.user_id is null or payment.invoice_status is distinct from 'paid' then
    return;
  end if;
  for line in
    insert into private.credit_grants as g (invoice_line_id, payment_id, user_id, tokens, expires_at)
    select l.id, payment.id, payment.user_id, (d.metadata ->> 'tokens')::integer * greatest(coalesce(l.quantity, 1), 1),
      payment.paid_at + make_interval(days => case
        when d.metadata ->> 'tokens_days' ~ '^[1-9]\d{0,4}$' then (d.metadata ->> 'tokens_days')::integer
        else b.credit_days
      end)
    from jsonb_to_recordset(payment.product_cart) as l (id text, product text, quantity integer, proration boolean)
    join public.stripe_products d on d.id = l.product
    cross join private.billing_policy b
    where d.metadata ->> 'tokens' ~ '^[1-9]\d{0,5}$'
      and not coalesce(l.proration, false)
    on conflict (invoice_line_id) do nothing
    returning g.tokens, g.expires_at
  loop
    perform private.grant_credits(payment.user_id, line.tokens, line.expires_at);
  end loop;
end
$$;
comment on function private.credit_payment(public.payments) is
  'Grants the credits for the lines of a paid invoice. Each line grants its credits once, no matter how often the '
  'function is called.';

create function private.reversed_amount(payment public.payments)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select least(payment.amount, payment.refunded_amount + coalesce((
    select sum(d.amount) from jsonb_to_recordset(payment.disputes) as d (amount bigint, status text)
    where d.status = 'lost'
  ), 0))::bigint
$$;
comment on function private.reversed_amount(public.payments) is
  'Returns the amount of a payment that was returned: refunds and lost disputes.';

create function private.take_back_credits(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  credit private.credit_grants;
  due integer;
  taken integer;
begin
  if payment.amount <= 0 then
    return;
  end if;
  for credit in select * from private.credit_grants g where g.payment_id = payment.id order by g.id for update loop
    due := floor(credit.tokens::numeric * private.reversed_amount(payment) / payment.amount)::integer
      - credit.reversed_tokens;
    continue when due = 0;
    -- A refund takes any unspent credits: the refunded ones count as spent last. If a refund fails later, the
    -- credits that it took are given back.
    select case
      when due > 0 then least(due, p.tokens)
      else -greatest(0, credit.taken_back - credit.reversed_tokens - due)
    end into taken
    from public.profiles p where p.id = credit.user_id for no key update;
    update public.profiles p set tokens = p.tokens - taken where p.id = credit.user_id;
    update private.credit_grants g
    set reversed_tokens = g.reversed_tokens + due, taken_back = g.taken_back + taken
    where g.id = credit.id;
  end loop;
end
$$;
comment on function private.take_back_credits(public.payments) is
  'Takes back the refunded share of a payment''s credits, as far as they are unspent. Each share is taken back once.';

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
