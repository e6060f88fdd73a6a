begin;
select plan(2);
select tests.create_user('owner');
create temp table caller on commit drop as select tests.auth_id('owner') as auth_id;
grant select on caller to service_role;

select tests.act_as_service();
select lives_ok(
  $$ select public.log_bridge_failure(auth_id, ' 203.0.113.7 ', 'App', 'internal') from caller $$,
  'the bridge function can log a failure'
);
select tests.act_as_postgres();
select results_eq(
  $$ select user_id, event_type, host(client_ip), user_agent, success, error_message from public.sync_logs $$,
  $$ values (tests.profile_id('owner'), 'bridge_session', '203.0.113.7', 'App', false, 'internal') $$,
  'with the profile, the address and the refusal'
);
select * from finish();
rollback;
