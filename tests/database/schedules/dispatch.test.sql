begin;
select plan(17);
create temp table work on commit drop as select n from generate_series(1, 25) n;
create function private.count_test_work(max_count integer)
returns integer
language sql
as $$
  select least(max_count, count(*))::integer from pg_temp.work
$$;
insert into private.schedules (name, cron, function_path, due_function, per_call, max_parallel)
values ('busy', '0 0 1 1 *', 'chat', 'count_test_work', 10, 4), ('plain', '0 0 1 1 *', 'chat', null, 1, 1);
create function pg_temp.open(schedule_name text)
returns integer
language sql
as $$
  select count(*)::integer from private.open_calls(schedule_name)
$$;
create function pg_temp.call_of(schedule_name text)
returns bigint
language sql
as $$
  select min(c.id) from private.schedule_calls c where c.schedule_name = call_of.schedule_name
$$;

select is(pg_temp.open('plain'), 1, 'a schedule that counts nothing makes one call');
select is(pg_temp.open('plain'), 0, 'and no second one while the first is open');
select is(private.close_call(pg_temp.call_of('plain'), '503'), false, 'a failed call does not ask for more');
select is(private.close_call(1, 'ok'), false, 'a call that nobody knows changes nothing');
select is(pg_temp.open('plain'), 1, 'after its end the schedule makes another call');

select is(pg_temp.open('busy'), 3, 'due work is divided among calls');
insert into pg_temp.work select generate_series(1, 1000);
select is(pg_temp.open('busy'), 1, 'open calls count against max_parallel');
select is(pg_temp.open('busy'), 0, 'more are not made');

create temp table ended on commit drop as select pg_temp.call_of('busy') as id;
grant select on ended to public;
select tests.act_as_service();
select lives_ok('select public.finish_call(id, true) from ended', 'a function reports that it has worked');
select tests.act_as_postgres();
select is(pg_temp.open('busy'), 1, 'the next call starts before the response of the first');
select is((select private.close_call(id, 'ok') from ended), true, 'the response tells the local scheduler to go on');
select is((select last_failure from private.schedules where name = 'plain'), '503', 'a failure stays on record');

truncate pg_temp.work;
update private.schedule_calls set called_at = now() - interval '3 minutes' where schedule_name = 'busy';
select is(pg_temp.open('busy'), 0, 'without due work no call is made');
select row_eq(
  $$ select last_status, last_failure, last_run_at = now() from private.schedules where name = 'busy' $$,
  row('ok'::text, 'no_answer'::text, true), 'calls without an end are given up after two minutes, and the run counts'
);
select is((select count(*)::integer from private.schedule_calls where schedule_name = 'busy'), 0, 'and are forgotten');

update private.schedules set is_enabled = false where name = 'plain';
delete from private.schedule_calls;
select is(pg_temp.open('plain'), 0, 'a schedule that is switched off makes no call');
select tests.create_user('client');
select tests.act_as('client');
select throws_ok('select public.finish_call(1, true)', '42501', null, 'clients cannot end calls');
select * from finish();
rollback;
