begin;
select plan(10);
select tests.create_user('owner'), tests.create_user('other');
create temp table made on commit drop as
  select l.*
  from public.create_lookout(tests.auth_id('owner'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
    '2099-01-01 09:00+00') l;
create function pg_temp.change(changes jsonb, who text default 'owner', is_off boolean default false)
returns public.lookouts
language sql
as $$
  select public.update_lookout(tests.auth_id(who), (select id from made), jsonb_build_object(
    'frequency', 'daily', 'cron_schedule', '0 9 * * *', 'timezone', 'UTC', 'is_off', is_off
  ), changes)
$$;
grant select on made to public;
grant execute on function pg_temp.change to public;

select tests.act_as_service();
select is((pg_temp.change('{"title": "Old"}')).title, 'Old', 'a title changes');
select is((pg_temp.change('{"title": "New", "user_id": "x"}')).prompt, 'What is new?', 'other fields stay');
select throws_ok(
  $$ select pg_temp.change('{"title": "Mine"}', 'other') $$, 'PT404', 'lookout_not_found',
  'another user''s lookout is not found'
);
select is((pg_temp.change('{"status": "paused"}')).next_run_at, null, 'a paused lookout has no next run');
select is((pg_temp.change('{"status": "active", "next_run_at": "2098-01-01T09:00:00Z"}')).id, null,
  'an edit based on an old state changes nothing');
select is((pg_temp.change('{"status": "active", "next_run_at": "2098-01-01T09:00:00Z"}', is_off => true)).next_run_at,
  '2098-01-01 09:00+00', 'a resumed lookout has a next run');

select tests.act_as_postgres();
update public.lookouts set status = 'running', lease_until = now();
select is(
  (pg_temp.change('{"status": "active"}')).status, 'running', 'a running lookout that is set to active keeps running'
);
select is((pg_temp.change('{"status": "archived"}')).status, 'archived', 'a running lookout can be archived');
update public.profiles set is_active = false where id = tests.profile_id('owner');
select throws_ok($$ select pg_temp.change('{"status": "active"}', is_off => true) $$, 'PT403', 'account_blocked',
  'a suspended user cannot resume a lookout');
select lives_ok(
  $$ select pg_temp.change('{"status": "archived"}', is_off => true) $$, 'a suspended user can archive a lookout'
);
select * from finish();
rollback;
