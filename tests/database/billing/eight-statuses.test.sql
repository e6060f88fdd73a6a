-- Each of Stripe's statuses, with the plan and the membership status that it gives.
begin;
select plan(2);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');

create temp table seen (status text, plan text, quota integer, membership text, role text) on commit drop;
create function pg_temp.see(status text)
returns void
language sql
as $$
  select tests.apply_subscription('cus_1', 'sub_1', status);
  insert into seen
  select status, subscription_plan, subscription_quota, membership_status::text, role::text
  from public.profiles where id = tests.profile_id('payer');
$$;
select pg_temp.see(s::text) from unnest(enum_range(null::public.subscription_status)) as s;

select set_eq('select * from seen', $$ values
  ('incomplete', 'free', 200, 'inactive', 'user'),
  ('incomplete_expired', 'free', 200, 'inactive', 'user'),
  ('trialing', 'pro', 3000, 'active', 'premium'),
  ('active', 'pro', 3000, 'active', 'premium'),
  ('past_due', 'pro', 3000, 'past_due', 'premium'),
  ('canceled', 'free', 200, 'canceled', 'user'),
  ('unpaid', 'free', 200, 'past_due', 'user'),
  ('paused', 'free', 200, 'inactive', 'user')
$$, 'every status gives its plan and membership status');
select is((select count(*) from seen), 8::bigint, 'all eight statuses of Stripe are tested');
select * from finish();
rollback;
