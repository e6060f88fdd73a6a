begin;
select plan(10);
select tests.create_user('owner');
update public.plans set max_lookouts = null;
create temp table made on commit drop as
  select l.id from generate_series(1, 3) n, public.create_lookout(tests.auth_id('owner'), 'News ' || n, 'What is new?',
    'coach', 'daily', '0 9 * * *', 'UTC', now() - interval '1 minute') l;
update public.lookouts set created_at = now() + right(title, 1)::integer * interval '1 second';
select public.claim_due_lookouts(10);
create function pg_temp.run(title text)
returns uuid
language sql
as $$
  select r.id from public.lookout_runs r join public.lookouts l on l.id = r.lookout_id where l.title = run.title
$$;
grant execute on function pg_temp.run to public;

select tests.act_as_service();
select is(public.start_lookout_run(pg_temp.run('News 1')) ->> 'kind', 'started', 'starting a run starts a turn');
select is(public.start_lookout_run(pg_temp.run('News 1')), null, 'a run starts only once');
select row_eq(
  $$ select s.title, m.client_id, m.content from public.lookout_runs r
     join public.chat_sessions s on s.id = r.session_id
       join public.chat_messages m on m.session_id = s.id and m.seq = 1 $$,
  row('News 1'::text, pg_temp.run('News 1')::text, 'What is new?'::text),
  'the session has the lookout''s title and prompt'
);
select row_eq(
  $$ select p.subscription_usage, c.count from public.profiles p
     join public.usage_counters c on c.user_id = p.id and c.feature = 'searches' $$,
  row(1, 1), 'the turn counts as a message and a search'
);

select tests.act_as_postgres();
update public.plans set max_lookouts = 1;
select throws_ok($$ select public.start_lookout_run(pg_temp.run('News 2')) $$, 'PT402', 'lookout_limit_reached',
  'over the plan''s limit only the oldest lookouts run');
update public.plans set max_lookouts = 2;
update public.lookouts set status = 'paused', next_run_at = null where title = 'News 2';
select throws_ok($$ select public.start_lookout_run(pg_temp.run('News 2')) $$, 'PT409', 'lookout_not_active',
  'a paused lookout does not start');
update public.plans set max_lookouts = null;
update public.lookout_runs set attempts = 6 where id = pg_temp.run('News 3');
select throws_ok($$ select public.start_lookout_run(pg_temp.run('News 3')) $$, 'PT503', 'run_abandoned',
  'a run fails after five attempts');
update public.lookout_runs set attempts = 1;
update public.profiles set is_active = false;
select throws_ok($$ select public.start_lookout_run(pg_temp.run('News 3')) $$, 'PT403', 'account_blocked',
  'a suspended user''s run is refused');
select is((select count(*)::integer from public.chat_sessions), 1, 'a refused run leaves no session');
select is(public.start_lookout_run(gen_random_uuid()), null, 'an unknown run does not start');
select * from finish();
rollback;
