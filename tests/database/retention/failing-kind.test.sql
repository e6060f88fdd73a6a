begin;
select plan(5);
select tests.create_user('owner');
create function pg_temp.fail()
returns trigger
language plpgsql
as $$
begin
  raise exception 'broken' using errcode = tg_argv[0];
end
$$;
create trigger usage_counters_fail before delete on public.usage_counters
  for each row execute function pg_temp.fail('ZZ001');
create trigger sync_logs_fail before delete on public.sync_logs for each row execute function pg_temp.fail('ZZ002');
insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
values (tests.profile_id('owner'), 'messages', now() - interval '3 days', 1, now() - interval '2 days');
insert into public.user_activity (user_id, action, created_at)
values (tests.profile_id('owner'), 'old', now() - interval '400 days');
insert into public.sync_logs (event_type, event_source, success, created_at)
values ('old', 'bridge', true, now() - interval '400 days');
insert into public.audit_logs (action, created_at) values ('old', now() - interval '800 days');
insert into private.rate_counters (bucket, subject, minute, count)
values ('test', 'old', now() - interval '25 hours', 1);

do $$ begin while private.run_sql_schedule('retention') loop end loop; end $$;

select is_empty(
  $$ select action from public.user_activity where action = 'old'
     union all select action from public.audit_logs where action = 'old'
     union all select subject from private.rate_counters where bucket = 'test' $$,
  'kinds after a failing one are still deleted'
);
select isnt_empty('select from public.usage_counters', 'rows that cannot be deleted stay');
select set_eq(
  'select kind from private.purge_counts where deleted > 0', array['user_activity', 'audit_logs', 'rate_counters'],
  'deletions of the other kinds are kept and counted'
);
select is(
  (select last_status from private.schedules where name = 'retention'), 'ZZ001', 'the schedule records the first error'
);
select throws_ok(
  $$ insert into public.audit_logs (action) values ('new'); delete from public.audit_logs $$,
  'PT403', 'audit_log_is_final', 'the audit log is still closed to deletions'
);
select * from finish();
rollback;
