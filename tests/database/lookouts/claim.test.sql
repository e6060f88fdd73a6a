begin;
select plan(9);
select tests.create_user('owner');
update public.plans set max_lookouts = null;
create function pg_temp.make(title text)
returns void
language sql
as $$
  select public.create_lookout(tests.auth_id('owner'), title, 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
    now() - interval '1 minute')
$$;
select pg_temp.make('due'), pg_temp.make('paused'), pg_temp.make('archived'), pg_temp.make('later');
update public.lookouts set status = title, next_run_at = null where title in ('paused', 'archived');
update public.lookouts set next_run_at = now() + interval '1 second' where title = 'later';

select tests.act_as_service();
select results_eq(
  $$ select l.title, c.cron_schedule, c.timezone from public.claim_due_lookouts(10) c
     join public.lookouts l on l.id = c.lookout_id $$,
  $$ values ('due', '0 9 * * *', 'UTC') $$, 'due lookouts are claimed, with their schedule and timezone'
);
select is_empty($$ select public.claim_due_lookouts(10) $$, 'a claimed lookout is not claimed again');
select row_eq(
  $$ select l.status, r.status, r.attempts, r.scheduled_at = l.next_run_at, l.lease_until - now()
     from public.lookouts l join public.lookout_runs r on r.lookout_id = l.id $$,
  row('running'::text, 'running'::text, 1, true, interval '3 minutes'),
  'the claim creates a run for the scheduled time and a lease'
);
select throws_ok($$ select public.run_lookout_now(tests.auth_id('owner'), lookout_id) from public.lookout_runs $$,
  'PT409', 'lookout_running', 'a claimed lookout cannot be run by hand');

update public.lookouts set lease_until = now() where title = 'due';
select is(
  (select count(*)::integer from public.claim_due_lookouts(10)), 1, 'a lookout with an expired lease is claimed again'
);
select is((select attempts from public.lookout_runs), 2, 'the second claim continues the same run');
update public.lookouts set lease_until = now(), status = 'paused', next_run_at = null where title = 'due';
select is(
  (select count(*)::integer from public.claim_due_lookouts(10)), 1,
  'an expired lease is claimed even if the lookout was paused in the meantime'
);
select is((select status from public.lookouts where title = 'due'), 'paused', 'the lookout stays paused');

update public.lookouts set next_run_at = now() where title = 'later';
update public.lookouts set lease_until = now() where title = 'due';
select is((select count(*)::integer from public.claim_due_lookouts(1)), 1, 'at most the requested number is claimed');
select * from finish();
rollback;
