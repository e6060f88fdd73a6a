begin;
select plan(17);
select tests.create_user('owner');
update public.plans set max_lookouts = null;
select public.create_lookout(tests.auth_id('owner'), title, 'What is new?', 'coach', frequency, '0 9 * * *', 'UTC',
  now() - interval '1 minute')
from (values ('daily', 'daily'), ('once', 'once'), ('failing', 'daily'), ('lost', 'daily'))
  as wanted (title, frequency);
select public.claim_due_lookouts(10);
create function pg_temp.run(title text)
returns public.lookout_runs
language sql
as $$
  select r from public.lookout_runs r join public.lookouts l on l.id = r.lookout_id where l.title = run.title
$$;
create function pg_temp.lookout(title text)
returns public.lookouts
language sql
as $$
  select l from public.lookouts l where l.title = lookout.title
$$;
create function pg_temp.start(title text)
returns uuid
language sql
as $$
  select (public.start_lookout_run((pg_temp.run(title)).id, '2099-01-01') ->> 'turn_id')::uuid
$$;
create temp table turns on commit drop as
  select title, pg_temp.start(title) as id from (values ('daily'), ('failing')) as begun (title);
grant select on turns to public;
grant execute on function pg_temp.run to public;
grant execute on function pg_temp.lookout to public;
grant execute on function pg_temp.start to public;

select tests.act_as_service();
select is((public.settle_lookout_run((pg_temp.run('daily')).id, '2099-01-01')).status, 'running',
  'a run whose turn is active stays running');
select ok((pg_temp.lookout('daily')).lease_until <= now() + interval '1 minute', 'its lease ends within a minute');
select public.settle_turn((select id from turns where title = 'daily'), 'complete', '{"content": "Nothing."}');
set constraints all immediate;
set constraints all deferred;
select is((pg_temp.run('daily')).status, 'complete', 'the end of the turn ends the run');
select row_eq(
  $$ select l.status, l.next_run_at, l.lease_until, l.last_run_session_id = (pg_temp.run('daily')).session_id
     from pg_temp.lookout('daily') l $$,
  row('active'::text, '2099-01-01'::timestamptz, null::timestamptz, true), 'its lookout gets the next time'
);
select public.settle_lookout_run((pg_temp.run('daily')).id, '2098-01-01');
select is((pg_temp.lookout('daily')).next_run_at, '2099-01-01', 'settling again does not move the next time');

select is(
  (public.settle_lookout_run(
    (pg_temp.run('once')).id, '2099-01-01', '{"status": "skipped", "code": "x", "message": "y"}'
  )).error,
  '{"code": "x", "message": "y"}', 'a run that never started ends with the given error'
);
select row_eq(
  $$ select l.status, l.next_run_at, l.last_run_at from pg_temp.lookout('once') l $$,
  row('archived'::text, null::timestamptz, null::timestamptz),
  'a once lookout is archived; a skipped run does not count as its last run'
);

select is(
  (public.settle_lookout_run(
    (pg_temp.run('once')).id, null, '{"status": "failed", "code": "x", "message": "z"}'
  )).status,
  'skipped', 'a settled run keeps its status'
);

-- The last of five attempts.
update public.lookout_runs r set attempts = 5 where r.id = (pg_temp.run('failing')).id;
select public.fail_turn((select id from turns where title = 'failing'),
  '{"error": {"code": "provider_busy", "message": "Busy."}}');
set constraints all immediate;
select is((pg_temp.run('failing')).error, '{"code": "provider_busy", "message": "Busy."}',
  'a run fails with the error of its turn');
select is((pg_temp.run('failing')).session_id, null, 'a session without a reply is deleted');
select is((select count(*)::integer from public.chat_sessions), 1, 'other sessions stay');

select public.settle_lookout_run((pg_temp.run('lost')).id, null, '{"status": "failed", "code": "x", "message": "y"}');
select is((pg_temp.lookout('lost')).status, 'paused', 'a lookout without a next time is paused');
create temp table manual on commit drop as select r.id
  from public.run_lookout_now(tests.auth_id('owner'), (pg_temp.lookout('failing')).id) r;
select public.settle_lookout_run(r.id, '2098-01-01')
from public.lookout_runs r where r.lookout_id = (pg_temp.lookout('failing')).id and r.status = 'failed';
select row_eq(
  $$ select l.status, l.lease_until is null from pg_temp.lookout('failing') l $$, row('running'::text, false),
  'settling an old run late does not change the next one'
);
select is((public.settle_lookout_run(gen_random_uuid())).id, null, 'settling an unknown run returns null');

select tests.act_as_postgres();
select is(
  (select count(*)::integer from public.user_activity where action = 'lookout_run'), 4,
  'each settled run is logged as activity'
);
insert into public.lookout_runs (lookout_id, user_id, scheduled_at, status, finished_at)
select l.id, l.user_id, now() - n * interval '1 day', 'complete', now()
from pg_temp.lookout('daily') l, generate_series(1, 99) n;
update public.lookouts set next_run_at = now() where title = 'daily';
select public.settle_lookout_run(c.run_id, '2099-01-01', '{"status": "skipped", "code": "x", "message": "y"}')
from public.claim_due_lookouts(1) c;
select is((select count(*)::integer from public.lookout_runs r where r.lookout_id = (pg_temp.lookout('daily')).id), 100,
  'a lookout keeps 100 runs');
select is(
  (select min(r.scheduled_at) from public.lookout_runs r where r.lookout_id = (pg_temp.lookout('daily')).id),
  now() - interval '98 days', 'run 101 replaces run 1'
);
select * from finish();
rollback;
