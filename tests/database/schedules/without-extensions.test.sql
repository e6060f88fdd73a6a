begin;
select plan(3);
select lives_ok(
  $$ select private.run_function_schedule('turn-recovery') $$, 'without pg_net and Vault nothing raises'
);
select results_eq(
  $$ select last_status, last_run_at = now() from private.schedules where name = 'turn-recovery' $$,
  $$ values ('not_configured', true) $$,
  'the run says what is missing'
);
select is(private.sync_cron_jobs(), null, 'without pg_cron there are no jobs to keep in step');
select * from finish();
rollback;
