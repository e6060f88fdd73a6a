begin;
select plan(4);
select tests.create_user('owner');
create temp table reserved on commit drop as
  select private.reserve_usage(tests.profile_id('owner'), true) as reservation;

select private.refund_usage(tests.profile_id('owner'), reservation) from reserved;
select is((select subscription_usage from public.profiles), 0, 'a refund returns the message to the quota');
select is(
  (select sum(count)::integer from public.usage_counters where feature in ('messages', 'searches')), 0,
  'a refund decrements the day''s messages and the month''s searches'
);

update public.profiles set subscription_usage = 5, quota_last_reset = quota_last_reset + interval '1 month';
update public.usage_counters set count = 5;
select private.refund_usage(
  tests.profile_id('owner'), reservation || '{"day": "2020-01-01", "search_month": "2020-01-01"}'
) from reserved;
select is((select subscription_usage from public.profiles), 5, 'a refund of a period that is over changes nothing');
select is((select min(count) from public.usage_counters), 5, 'a refund does not change counters of other periods');
select * from finish();
rollback;
