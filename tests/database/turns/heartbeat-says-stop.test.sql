begin;
select plan(3);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_turns set stop_requested_at = now();
create temp table turn on commit drop as select id from public.chat_turns;
grant select on turn to public;

select tests.act_as_service();
select isnt(
  public.heartbeat_turn((select id from turn)) ->> 'stop_requested_at', null, 'the heartbeat tells the pump to stop'
);
select public.settle_turn(id, 'stopped', '{}') from turn;
select is(
  public.heartbeat_turn((select id from turn), null, 'conv_1') -> 'is_active', 'false',
  'the heartbeat tells the pump that the turn was settled'
);
select is((select thread_id from public.chat_sessions), null, 'a heartbeat after that stores nothing');
select * from finish();
rollback;
