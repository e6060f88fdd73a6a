begin;
select plan(10);
select tests.create_user('owner'), tests.create_user('other');
create temp table made on commit drop as
  select l.* from public.create_lookout(tests.auth_id('owner'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
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
select is((pg_temp.change('{"title": "New", "user_id": "x"}')).prompt, 'What is new?', 'and nothing else');
select throws_ok($$ select pg_temp.change('{"title": "Mine"}', 'other') $$, 'PT404', 'lookout_not_found', 'it is the owner''s');
select is((pg_temp.change('{"status": "paused"}')).next_run_at, null, 'paused, it has no next run');
select is((pg_temp.change('{"status": "active", "next_run_at": "2098-01-01T09:00:00Z"}')).id, null,
  'what was seen is not there any more: nothing changes');
select is((pg_temp.change('{"status": "active", "next_run_at": "2098-01-01T09:00:00Z"}', is_off => true)).next_run_at,
  '2098-01-01 09:00+00', 'resumed, it has');

select tests.act_as_postgres();
update public.lookouts set status = 'running', lease_until = now();
select is((pg_temp.change('{"status": "active"}')).status, 'running', 'one that runs is active already');
select is((pg_temp.change('{"status": "archived"}')).status, 'archived', 'and is archived while it runs');
update public.profiles set is_active = false where id = tests.profile_id('owner');
select throws_ok($$ select pg_temp.change('{"status": "active"}', is_off => true) $$, 'PT403', 'account_blocked',
  'who is suspended resumes nothing');
select lives_ok($$ select pg_temp.change('{"status": "archived"}', is_off => true) $$, 'but archives');
select * from finish();
rollback;
