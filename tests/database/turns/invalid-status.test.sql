begin;
select plan(2);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));

select tests.act_as_service();
select throws_ok(
  $$ select public.settle_turn(id, 'failed', '{}') from public.chat_turns $$, 'PT400', 'invalid_turn_status',
  'a turn finishes complete or stopped'
);
select is((select status from public.chat_turns), 'active', 'anything else leaves it running');
select * from finish();
rollback;
