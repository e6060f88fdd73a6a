begin;
select plan(2);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));

select tests.act_as_service();
select throws_ok(
  $$ select public.settle_turn(id, 'failed', '{}') from public.chat_turns $$, 'PT400', 'invalid_turn_status',
  'settle_turn accepts only complete and stopped'
);
select is((select status from public.chat_turns), 'active', 'a refused status leaves the turn running');
select * from finish();
rollback;
