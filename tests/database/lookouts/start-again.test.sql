begin;
select plan(8);
select tests.create_user('owner');
update public.plans set max_lookouts = null;
select public.create_lookout(tests.auth_id('owner'), title, 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 minute')
from (values ('busy'), ('filtered'), ('partial')) as wanted (title);
select public.claim_due_lookouts(10);

create function pg_temp.run(title text) returns public.lookout_runs language sql as $$
  select r from public.lookout_runs r join public.lookouts l on l.id = r.lookout_id where l.title = run.title
$$;
create function pg_temp.fail(title text, reply jsonb) returns void language plpgsql as $$
declare
  turn uuid := public.start_lookout_run((pg_temp.run(title)).id) ->> 'turn_id';
begin
  perform public.fail_turn(turn, reply);
  set constraints all immediate;
  set constraints all deferred;
end
$$;

select pg_temp.fail('busy', '{"error": {"code": "provider_busy", "message": "Busy."}}');
select row_eq(
  $$ select r.status, r.attempts, r.session_id, r.turn_started_at from pg_temp.run('busy') r $$,
  row('running'::text, 1, null::uuid, null::timestamptz),
  'a run that OpenAI refused for the moment waits, without a chat'
);
select is(
  (select l.lease_until from public.lookouts l where l.title = 'busy'), now() + interval '2 minutes',
  'the second attempt comes after two minutes'
);
select is(
  (select count(*)::integer from public.chat_sessions s where s.title = 'busy'), 0, 'the chat of the attempt is deleted'
);

update public.lookouts l set lease_until = now() where l.title = 'busy';
select is((select c.run_id from public.claim_due_lookouts(10) c), (pg_temp.run('busy')).id, 'the run is claimed again');
select pg_temp.fail('busy', '{"error": {"code": "provider_timeout", "message": "Late."}}');
select is(
  (select l.lease_until from public.lookouts l where l.title = 'busy'), now() + interval '4 minutes',
  'the pause doubles'
);

update public.lookout_runs r set attempts = 5 where r.id = (pg_temp.run('busy')).id;
select pg_temp.fail('busy', '{"error": {"code": "provider_error", "message": "Broken."}}');
select is((pg_temp.run('busy')).error ->> 'code', 'provider_error', 'the fifth attempt is the last');

select pg_temp.fail('filtered', '{"error": {"code": "content_filtered", "message": "No."}}');
select is((pg_temp.run('filtered')).status, 'failed', 'an error that stays ends the run');

select pg_temp.fail('partial', '{"content": "Half", "parts": [{"type": "text", "text": "Half"}],
  "error": {"code": "provider_error", "message": "Broken."}}');
select row_eq(
  $$ select r.status, r.session_id is null from pg_temp.run('partial') r $$,
  row('failed'::text, false), 'a run with a part of its reply ends and keeps its chat'
);
select * from finish();
rollback;
