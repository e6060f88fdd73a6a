begin;
select plan(9);
insert into public.audit_logs (action) values ('admin_list_users');

select throws_ok(
  $$ update public.audit_logs set action = 'x' $$, 'PT403', 'audit_log_is_final',
  'even the owner cannot update the table'
);
select throws_ok('delete from public.audit_logs', 'PT403', 'audit_log_is_final', 'the owner cannot delete rows');
select throws_ok('truncate public.audit_logs', 'PT403', 'audit_log_is_final', 'the owner cannot truncate the table');
select tests.act_as_service();
select throws_ok($$ update public.audit_logs set action = 'x' $$, '42501', null, 'the secret key cannot delete rows');
select throws_ok('delete from public.audit_logs', '42501', null, 'delete');
select lives_ok($$ insert into public.audit_logs (action) values ('x') $$, 'the service role may insert rows');

select tests.act_as_postgres();
grant delete on public.audit_logs to service_role;
select set_config('parley.retention', 'on', true);
select tests.act_as_service();
select throws_ok(
  'delete from public.audit_logs', 'PT403', 'audit_log_is_final',
  'the setting alone, which any role may set, allows nothing'
);
select tests.act_as_postgres();
select throws_ok(
  $$ update public.audit_logs set action = 'x' $$, 'PT403', 'audit_log_is_final', 'the setting allows no update'
);
select lives_ok('delete from public.audit_logs', 'retention deletes as the owner of the table');
select * from finish();
rollback;
