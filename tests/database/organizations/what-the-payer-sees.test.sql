-- The owner and admins see the invoices of the organization and the usage of its members as numbers.
begin;
select plan(13);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
select public.link_organization_customer(id, 'cus_team') from public.organizations;
select tests.apply_subscription('cus_team', 'sub_team', 'active', '{"quantity": 5}');
insert into public.payments (stripe_payment_intent_id, stripe_customer_id, status, amount, currency, created_at)
values ('pi_1', 'cus_team', 'completed', 2000, 'usd', now());
select private.book_usage(tests.profile_id('member'), 'chat', 'gpt-5.4-mini', 1000000, 0, 1000000);
insert into public.usage_metrics (user_id, day, feature_type, model, request_count)
select tests.profile_id('member'), (now() at time zone 'UTC')::date - 1, 'chat', 'before joining', 7;

create function pg_temp.rows_seen(name text)
returns bigint[]
language plpgsql
as $$
declare
  seen bigint[];
begin
  perform tests.act_as(name);
  seen := array[
    (select count(*) from public.payments), (select count(*) from public.subscriptions),
    (select count(*) from public.subscription_items), (select count(*) from public.stripe_customers),
    (select count(*) from public.organization_costs)
  ];
  perform tests.act_as_postgres();
  return seen;
end
$$;
select is(pg_temp.rows_seen(name), '{1,1,1,1,1}'::bigint[], name || ' sees the books')
from unnest(array['owner', 'admin']) as name;
select is(pg_temp.rows_seen(name), '{0,0,0,0,0}'::bigint[], name || ' sees none of them')
from unnest(array['member', 'stranger']) as name;

select tests.act_as('admin');
select results_eq(
  'select user_name, role, plan, plan_source, request_count, total_cost from public.organization_usage() limit 1',
  $$ values (null::text, 'member', 'pro', 'organization', 1::bigint, 5.25) $$,
  'usage is counted from the day of joining'
);
select is((select count(*) from public.organization_usage()), 3::bigint, 'every member has a row');
select is(
  (select sum(request_count) from public.organization_usage((now() - interval '40 days')::date)), 0::numeric,
  'another month has its own numbers'
);
select tests.act_as('member');
select throws_ok('select public.organization_usage()', 'PT403', 'not_allowed',
  'members do not see the usage of others');
select throws_ok('select public.set_organization_budget(5)', 'PT403', 'not_allowed', 'nor do they set the budget');
select tests.act_as('admin');
select is((select monthly_budget from public.set_organization_budget(5)), 5::numeric, 'an admin sets the budget');
select throws_ok('select public.set_organization_budget(-1)', 'PT400', 'invalid_budget',
  'a negative budget is refused');
select tests.act_as_service();
select is(
  public.get_organization_billing(tests.auth_id('admin'))
    - array['profile_id', 'organization_id', 'name', 'policy', 'email'],
  '{"customer_id": "cus_team", "former_customers": 0, "members": 3, "has_plan": true}'::jsonb,
  'billing knows the payer'
);
select throws_ok(
  $$ select public.get_organization_billing(tests.auth_id('member')) $$, 'PT403', 'not_allowed',
  'a member does not buy for the organization'
);
select * from finish();
rollback;
