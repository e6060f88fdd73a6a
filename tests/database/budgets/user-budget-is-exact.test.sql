-- One connection: tests of the chat function send parallel messages.
begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('other');
update public.plans set monthly_budget = 1 where slug = 'free';
create temp table made on commit drop as select tests.profile_id('owner') as profile_id;

create function pg_temp.reserve(estimate numeric)
returns text
language plpgsql
as $$
declare
  detail text;
begin
  perform private.reserve_budget((select profile_id from made), estimate);
  return 'reserved';
exception when sqlstate 'PT402' then
  get stacked diagnostics detail = pg_exception_detail;
  return sqlerrm || ' ' || (detail::jsonb ->> 'scope');
end
$$;

select is(
  (select count(*)::integer from generate_series(1, 50) where pg_temp.reserve(0.03) = 'reserved'), 33,
  'of 50 turns, those start whose estimates fit into the budget'
);
select row_eq(
  'select spent, reserved from public.monthly_costs', row(0::numeric(14, 6), 0.99::numeric(14, 6)),
  'their estimates are reserved'
);
select is(pg_temp.reserve(0.01), 'reserved', 'the last cent of a budget can be reserved');
select is(pg_temp.reserve(0), 'budget_exceeded user', 'with a full budget, not even a free turn starts');

select private.settle_budget(profile_id, '{"month": "2020-01-01", "amount": 0.03}') from made;
select is((select reserved from public.monthly_costs), 1.00, 'a reservation of another month stays out of this one');
select private.settle_budget(profile_id, jsonb_build_object('month', private.this_month(), 'amount', 0.03)) from made;
select is(pg_temp.reserve(0.030001), 'budget_exceeded user', 'what a settlement takes back can be reserved again');
select is(pg_temp.reserve(0.03), 'reserved', 'and not more than that');

select lives_ok(
  $$ select private.reserve_budget(tests.profile_id('other'), 1) $$, 'each user has a budget of their own'
);
update public.plans set monthly_budget = 0 where slug = 'free';
delete from public.monthly_costs;
select is(pg_temp.reserve(0), 'budget_exceeded user', 'a budget of zero allows nothing');
select * from finish();
rollback;
