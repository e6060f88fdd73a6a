begin;
select plan(3);
select tests.create_user('owner');
create temp table made on commit drop as
  select tests.create_session('owner') as first_id, tests.create_session('owner') as second_id;
grant select on made to public;

select tests.act_as_service();
select tests.start_turn('owner', first_id) from made;
select throws_ok(
  $$ select tests.start_turn('owner', first_id, 'message-2') from made $$, 'PT409', 'turn_in_progress',
  'a session with an active turn refuses a second message'
);
select lives_ok(
  $$ select tests.start_turn('owner', second_id) from made $$, 'another session of the user may start a turn'
);
select public.settle_turn(id, 'complete', '{}') from public.chat_turns;
select lives_ok(
  $$ select tests.start_turn('owner', first_id, 'message-2') from made $$,
  'the session may start another turn after the reply'
);
select * from finish();
rollback;
