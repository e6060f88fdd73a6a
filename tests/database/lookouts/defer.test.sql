begin;
select plan(4);
select tests.create_user('owner');
select public.create_lookout(tests.auth_id('owner'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 minute');
create temp table claimed on commit drop as select run_id from public.claim_due_lookouts(1);
grant select on claimed to public;

select tests.act_as_service();
select ok(
  public.defer_lookout_run((select run_id from claimed), now() + interval '20 seconds'), 'a run can be deferred'
);
select row_eq(
  $$ select l.lease_until - now(), r.attempts from public.lookouts l
     join public.lookout_runs r on r.lookout_id = l.id $$,
  row(interval '20 seconds', 0), 'the lease ends at the given time, and the attempt does not count'
);
update public.lookout_runs set started_at = now() - interval '1 hour';
select ok(
  not public.defer_lookout_run((select run_id from claimed), now()),
  'a run that has waited for an hour cannot be deferred'
);
select ok(not public.defer_lookout_run(gen_random_uuid(), now()), 'deferring an unknown run does nothing');
select * from finish();
rollback;
