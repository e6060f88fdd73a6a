begin;
select plan(5);
select tests.create_user('owner');
create temp table lost (turn_id uuid) on commit drop;
grant all on lost to public;

select tests.act_as_service();
insert into lost select tests.start_lost_turn('owner');
select public.book_lost_turn(turn_id, 'gpt-5.4-mini', 100, 0, 10) from lost, generate_series(1, 2);
select results_eq(
  'select request_count, input_tokens from public.usage_metrics', 'values (1, 100::bigint)',
  'a turn whose session was deleted while it ran is booked once'
);

delete from lost;
insert into lost select (tests.start_turn('owner', tests.create_session('owner')) ->> 'turn_id')::uuid;
select public.fail_turn(turn_id, '{}') from lost;
delete from public.chat_sessions;
select public.book_lost_turn(turn_id, 'gpt-5.4-mini', 100, 0, 10) from lost;
select is(
  (select request_count from public.usage_metrics), 1, 'a turn that had ended before is not booked again'
);

select throws_ok('select from private.deleted_turns', '42501', null, 'the functions cannot read the turns');
select tests.act_as_postgres();
select is((select count(*) from private.deleted_turns), 0::bigint, 'no row stays');

select tests.start_turn('owner', tests.create_session('owner'));
select lives_ok(
  $$ delete from public.profiles where id = tests.profile_id('owner') $$,
  'the profile of a running turn can be deleted'
);
select * from finish();
rollback;
