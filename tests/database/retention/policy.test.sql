begin;
select plan(5);
insert into public.audit_logs (action, created_at) values ('ancient', now() - interval '20 years'),
  ('old', now() - interval '40 days');
insert into public.sync_logs (event_type, event_source, success, created_at)
values ('ancient', 'bridge', true, now() - interval '20 years');

update private.retention_policy set audit_days = null, activity_days = null;
select private.run_retention() from generate_series(1, 3);
select is((select count(*)::integer from public.audit_logs), 2, 'null keeps the audit log forever');
select isnt_empty('select from public.sync_logs', 'null keeps the activity log forever');

update private.retention_policy set audit_days = 30, activity_days = 30;
select private.run_retention() from generate_series(1, 3);
select is_empty(
  'select from public.audit_logs union all select from public.sync_logs', 'the number of days is a setting'
);

insert into public.audit_logs (action) values ('new');
select throws_ok(
  'delete from public.audit_logs', 'PT403', 'audit_log_is_final',
  'a later statement in retention''s transaction cannot delete audit rows'
);
select throws_ok(
  'update private.retention_policy set audit_days = 0', '23514', null, 'zero days are refused'
);
select * from finish();
rollback;
