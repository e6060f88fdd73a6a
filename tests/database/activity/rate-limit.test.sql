begin;
select plan(4);
select tests.create_user('owner'), tests.create_user('stranger');

select tests.act_as('owner');
select lives_ok($$ select public.log_activity('click') from generate_series(1, 60) $$, 'sixty in a minute');
select throws_ok($$ select public.log_activity('click') $$, 'PT429', 'rate_limited', 'and not one more');
select tests.act_as('stranger');
select lives_ok($$ select public.log_activity('click') $$, 'others are not held up');

select tests.act_as_postgres();
update private.rate_counters set minute = minute - interval '1 minute';
select tests.act_as('owner');
select lives_ok($$ select public.log_activity('click') from generate_series(1, 60) $$, 'the next minute counts anew');
select * from finish();
rollback;
