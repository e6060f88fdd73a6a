begin;
select plan(4);
select tests.create_user('owner');
select public.create_lookout(tests.auth_id('owner'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 minute');
create temp table run on commit drop as select run_id as id from public.claim_due_lookouts(1);
grant select on run to public;
select public.settle_lookout_run(id, '2099-01-01', '{"status": "skipped", "code": "x", "message": "y"}') from run;
update public.lookouts set next_run_at = (select scheduled_at from public.lookout_runs);

select tests.act_as_service();
select is(
  (select run_id from public.claim_due_lookouts(1)), (select id from run),
  'a time whose run has ended is claimed with that run'
);
select is(public.start_lookout_run((select id from run)), null, 'the run does not start again');
select is(
  (public.settle_lookout_run((select id from run), '2099-01-02')).status, 'skipped', 'the run keeps its status'
);
select row_eq(
  $$ select l.status, l.next_run_at, l.lease_until from public.lookouts l $$,
  row('active'::text, '2099-01-02'::timestamptz, null::timestamptz), 'its lookout gets the next time'
);
select * from finish();
rollback;
