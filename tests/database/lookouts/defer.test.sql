begin;
select plan(4);
select tests.create_user('owner');
select public.create_lookout(tests.auth_id('owner'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 minute');
create temp table claimed on commit drop as select run_id from public.claim_due_lookouts(1);
grant select on claimed to public;

select tests.act_as_service();
select ok(public.defer_lookout_run((select run_id from claimed), now() + interval '20 seconds'), 'a run waits');
select row_eq(
  $$ select l.lease_until - now(), r.attempts from public.lookouts l join public.lookout_runs r on r.lookout_id = l.id $$,
  row(interval '20 seconds', 0), 'until then, and that is no attempt'
);
update public.lookout_runs set started_at = now() - interval '1 hour';
select ok(not public.defer_lookout_run((select run_id from claimed), now()), 'but not for more than an hour');
select ok(not public.defer_lookout_run(gen_random_uuid(), now()), 'what is gone does not wait');
select * from finish();
rollback;
