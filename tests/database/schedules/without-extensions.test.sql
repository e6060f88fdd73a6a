begin;
select plan(3);
select lives_ok(
  $$ select private.run_function_schedule('turn-recovery') $$, 'without pg_net and Vault a run raises no error'
);
select results_eq(
  $$ select last_status, last_run_at = now() from private.schedules where name = 'turn-recovery' $$,
  $$ values ('not_configured', true) $$,
  'the run records what is missing'
);
select is(private.sync_cron_jobs(), null, 'without pg_cron no jobs are updated');
select * from finish();
rollback;
