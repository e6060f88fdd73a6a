begin;
select plan(6);
select tests.create_user('owner');
update public.plans set max_lookouts = null;
select public.create_lookout(tests.auth_id('owner'), title, 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 minute')
from unnest(array['on', 'off']) as title;
create temp table runs on commit drop as select run_id as id, lookout_id from public.claim_due_lookouts(10);
grant select on runs to public;
select public.settle_lookout_run(id, '2099-01-01', '{"status": "skipped", "code": "x", "message": "y"}') from runs;

-- The time is claimed once more by a process that dies. One lookout is archived in the meantime.
update public.lookouts set next_run_at = (select scheduled_at from public.lookout_runs where lookout_id = lookouts.id);
select set_eq(
  'select run_id from public.claim_due_lookouts(10)', 'select id from runs',
  'a time whose run has ended can be claimed again'
);
update public.lookouts set status = 'archived', next_run_at = null where title = 'off';
update public.lookouts set lease_until = now();

select tests.act_as_service();
select set_eq(
  $$ select l.title from public.claim_due_lookouts(10) c join public.lookouts l on l.id = c.lookout_id $$, array['on'],
  'a lookout with an expired lease is claimed again'
);
select row_eq(
  $$ select status, next_run_at, lease_until from public.lookouts where title = 'off' $$,
  row('archived'::text, null::timestamptz, null::timestamptz), 'an archived lookout stays archived and loses its lease'
);
select is(
  (select status from public.settle_lookout_run(
    (select r.id from runs r join public.lookouts l on l.id = r.lookout_id where l.title = 'on'), '2099-01-02')),
  'skipped', 'the run keeps its status'
);
select row_eq(
  $$ select status, next_run_at, lease_until from public.lookouts where title = 'on' $$,
  row('active'::text, '2099-01-02'::timestamptz, null::timestamptz), 'its lookout gets the next time'
);
select lives_ok(
  $$ select public.run_lookout_now(tests.auth_id('owner'), id) from public.lookouts where title = 'on' $$,
  'its lookout can be run by hand'
);
select * from finish();
rollback;
