begin;
select plan(4);
select tests.create_user('owner');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.profile_id('owner') as profile_id;
grant select on made to public;

select tests.act_as_service();
select public.set_generated_title(profile_id, session_id, 'A title', 'gpt-5.4-nano', 1000, 0, 7) from made;
select public.book_lost_turn(tests.start_lost_turn('owner'), 'gpt-5.4-mini', 1001, 500, 33);
select private.book_usage(profile_id, 'chat', 'unheard-of', 1000, 0, 1000, '{"file_search": 1}') from made;
select results_eq(
  'select user_id, month, reserved from public.monthly_costs',
  $$ select profile_id, date_trunc('month', now() at time zone 'UTC')::date, 0::numeric(14, 6) from made $$,
  'a user has one row for the month'
);
select is(
  (select spent from public.monthly_costs), (select sum(total_cost) from public.usage_metrics),
  'its sum is exactly that of the metrics'
);
select cmp_ok((select spent from public.monthly_costs), '>', 0.0025, 'tools are part of it');

select tests.act_as_postgres();
update public.plans set monthly_budget = 2 where slug = 'free';
update public.monthly_costs set spent = 0.5, reserved = 0.25;
select tests.act_as('owner');
select is(
  public.get_my_usage() -> 'monthly_budget',
  jsonb_build_object('limit', 2, 'used', 0.75, 'reset_at', date_trunc('month', now(), 'UTC') + interval '1 month'),
  'users see their budget, with what running turns have reserved'
);
select * from finish();
rollback;
