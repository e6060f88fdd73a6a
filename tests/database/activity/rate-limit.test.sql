begin;
select plan(4);
select tests.create_user('owner'), tests.create_user('stranger');

select tests.act_as('owner');
select lives_ok(
  $$ select public.log_activity('click') from generate_series(1, 60) $$, 'sixty calls in a minute are logged'
);
select throws_ok(
  $$ select public.log_activity('click') $$, 'PT429', 'rate_limited', 'a call over the limit is refused'
);
select tests.act_as('stranger');
select lives_ok($$ select public.log_activity('click') $$, 'the limit does not affect others');

select tests.act_as_postgres();
update private.rate_counters set minute = minute - interval '1 minute';
select tests.act_as('owner');
select lives_ok(
  $$ select public.log_activity('click') from generate_series(1, 60) $$, 'the next minute starts a new count'
);
select * from finish();
rollback;
