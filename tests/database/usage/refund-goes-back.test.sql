begin;
select plan(4);
select tests.create_user('owner');
create temp table reserved on commit drop as select private.reserve_usage(tests.profile_id('owner'), true) as reservation;

select private.refund_usage(tests.profile_id('owner'), reservation) from reserved;
select is((select subscription_usage from public.profiles), 0, 'the quota is given back');
select is(
  (select sum(count)::integer from public.usage_counters where feature in ('messages', 'searches')), 0,
  'so are the day''s message and the month''s search'
);

update public.profiles set subscription_usage = 5, quota_last_reset = quota_last_reset + interval '1 month';
update public.usage_counters set count = 5;
select private.refund_usage(
  tests.profile_id('owner'), reservation || '{"day": "2020-01-01", "search_month": "2020-01-01"}'
) from reserved;
select is((select subscription_usage from public.profiles), 5, 'a refund of a period that is over changes nothing');
select is((select min(count) from public.usage_counters), 5, 'nor do counters of other periods');
select * from finish();
rollback;
