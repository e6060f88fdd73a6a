-- The budget of an organization caps what the members whose plan comes from it cost together.
begin;
select plan(9);
select tests.create_user(name) from unnest(array['owner', 'member', 'payer']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p set organization_id = o.id, organization_role = 'member'
from public.organizations o where p.id in (tests.profile_id('member'), tests.profile_id('payer'));
select public.link_organization_customer(id, 'cus_team') from public.organizations;
select tests.apply_subscription('cus_team', 'sub_team', 'active', '{"quantity": 5}');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_payer');
select tests.apply_subscription('cus_payer', 'sub_payer', 'active', plan => 'enterprise');
update public.organizations set monthly_budget = 1;
create function pg_temp.costs()
returns numeric[]
language sql
as $$
  select array[trim_scale(spent), trim_scale(reserved)] from public.organization_costs
$$;

create temp table reserved on commit drop as
  select private.reserve_budget(tests.profile_id('owner'), 0.6) as budget;
select is(pg_temp.costs(), '{0,0.6}'::numeric[], 'a turn reserves its estimate');
select throws_ok(
  $$ select private.reserve_budget(tests.profile_id('member'), 0.5) $$, 'PT402', 'budget_exceeded',
  'another member cannot pass the common budget'
);
select lives_ok(
  $$ select private.reserve_budget(tests.profile_id('payer'), 5) $$, 'a member with an own plan has no part in it'
);
select is(
  (select count(*) from public.monthly_costs where user_id = tests.profile_id('member')), 0::bigint,
  'a refusal leaves nothing reserved'
);
select private.settle_budget(tests.profile_id('owner'), budget) from reserved;
select is(pg_temp.costs(), '{0,0}'::numeric[], 'a settled turn gives its estimate back');
select private.book_usage(tests.profile_id('owner'), 'chat', 'gpt-5.4-mini', 1000000, 0, 0);
select private.book_usage(tests.profile_id('payer'), 'chat', 'gpt-5.4-mini', 1000000, 0, 0);
select is(pg_temp.costs(), '{0.75,0}'::numeric[], 'and costs what it costs');
select throws_ok(
  $$ select private.reserve_budget(tests.profile_id('member'), 0.3) $$, 'PT402', 'budget_exceeded',
  'what was spent counts'
);
select tests.create_message(tests.create_session('owner'));
select ok(
  private.reserve_turn(m, a, false) ? 'organization_id', 'a turn reserves although its plan has no budget'
)
from public.chat_messages m, public.assistants a
where a.slug = 'coach';
update public.organizations set monthly_budget = 0;
select throws_ok(
  $$ select private.reserve_budget(tests.profile_id('member'), 0) $$, 'PT402', 'budget_exceeded',
  'a budget of 0 stops turns'
);
select * from finish();
rollback;
