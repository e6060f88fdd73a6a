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
  $$ select l.title, c.cron_schedule, c.timezone from public.claim_due_lookouts(10) c join public.lookouts l on l.id = c.lookout_id $$,
  $$ values ('due', '0 9 * * *', 'UTC') $$, 'what is due is claimed, with what its next run is computed from'
);
select is_empty($$ select public.claim_due_lookouts(10) $$, 'once');
select row_eq(
  $$ select l.status, r.status, r.attempts, r.scheduled_at = l.next_run_at, l.lease_until - now()
     from public.lookouts l join public.lookout_runs r on r.lookout_id = l.id $$,
  row('running'::text, 'running'::text, 1, true, interval '3 minutes'), 'with a run for its time, and a lease'
);
select throws_ok($$ select public.run_lookout_now(tests.auth_id('owner'), lookout_id) from public.lookout_runs $$,
  'PT409', 'lookout_running', 'it does not run twice at once');

update public.lookouts set lease_until = now() where title = 'due';
select is((select count(*)::integer from public.claim_due_lookouts(10)), 1, 'the lease over, another takes it');
select is((select attempts from public.lookout_runs), 2, 'the same run');
update public.lookouts set lease_until = now(), status = 'paused', next_run_at = null where title = 'due';
select is((select count(*)::integer from public.claim_due_lookouts(10)), 1, 'also when it was paused meanwhile');
select is((select status from public.lookouts where title = 'due'), 'paused', 'and it stays so');

update public.lookouts set next_run_at = now() where title = 'later';
update public.lookouts set lease_until = now() where title = 'due';
select is((select count(*)::integer from public.claim_due_lookouts(1)), 1, 'no more than asked for');
select * from finish();
rollback;
