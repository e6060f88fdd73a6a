begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('other');
update private.usage_policy set project_monthly_budget = 10;
insert into public.monthly_costs (user_id, month, spent, reserved)
values
  (tests.profile_id('other'), private.this_month(), 6, 1),
  (tests.profile_id('other'), '2020-01-01', 1000, 0);
create temp table made on commit drop as select tests.profile_id('owner') as profile_id;

create function pg_temp.detail_of(statement text)
returns jsonb
language plpgsql
as $$
declare
  detail text;
begin
  execute statement;
  return null;
exception when sqlstate 'PT402' then
  get stacked diagnostics detail = pg_exception_detail;
  return detail::jsonb;
end
$$;

select is(private.project_cost(), 7::numeric, 'the project has what all users have spent and reserved this month');
select private.reserve_budget(profile_id, 2) from made;
select private.book_usage(profile_id, 'chat', 'gpt-5.4-mini', 10000000, 0, 0) from made;
select is(private.project_cost(), 7::numeric, 'the sum is not read again within 10 seconds');
select lives_ok(
  'select private.reserve_budget(profile_id, 1) from made',
  'in these seconds, turns can pass the budget of the project'
);

update private.project_costs set refreshed_at = now() - interval '10 seconds';
select is(
  pg_temp.detail_of('select private.reserve_budget(profile_id, 0) from made'),
  jsonb_build_object('scope', 'project', 'reset_at', date_trunc('month', now(), 'UTC') + interval '1 month'),
  'then the sum is read again, and no turn starts until the next month'
);
select is((select total from private.project_costs), 7::numeric, 'a refusal takes its refresh back');
select private.project_cost();
select is((select total from private.project_costs), 17.5, 'the refreshed sum is stored');

update private.project_costs set month = '2020-01-01', total = 1000, refreshed_at = now();
select is(private.project_cost(), 17.5, 'the sum of another month does not count');

update private.usage_policy set project_monthly_budget = 0;
delete from public.monthly_costs;
update private.project_costs set refreshed_at = '-infinity';
select is(
  pg_temp.detail_of('select private.reserve_budget(profile_id, 0) from made') ->> 'scope', 'project',
  'a budget of zero stops everything'
);
update private.usage_policy set project_monthly_budget = null;
select lives_ok('select private.reserve_budget(profile_id, 1000) from made', 'without a budget there is no limit');
select * from finish();
rollback;
