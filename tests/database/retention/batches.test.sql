begin;
select plan(6);
select tests.create_user('owner');
delete from public.user_activity;
update private.retention_policy set batch_rows = 2;
insert into public.user_activity (user_id, action, created_at)
select tests.profile_id('owner'), 'a' || n,
  now() - interval '400 days' + n * interval '1 minute' from generate_series(1, 5) n;
insert into public.sync_logs (event_type, event_source, success, created_at)
values ('old', 'bridge', true, now() - interval '400 days');

select is(private.run_retention(), true, 'a call that deleted rows asks for another call');
select set_eq('select action from public.user_activity', array['a3', 'a4', 'a5'], 'a batch deletes the oldest rows');
select isnt_empty('select from public.sync_logs', 'other kinds wait for later calls');
select private.run_retention() from generate_series(1, 7);
select is_empty(
  'select from public.user_activity union all select from public.sync_logs', 'later calls delete the rows of all kinds'
);
select is(private.run_retention(), false, 'the last call reports that nothing is left');
select results_eq(
  $$ select kind, deleted from private.purge_counts where deleted > 0 order by kind $$,
  $$ values ('sync_logs', 1::bigint), ('user_activity', 5) $$,
  'each kind has one count a day'
);
select * from finish();
rollback;
