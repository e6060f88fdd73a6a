begin;
select plan(3);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_turns set stop_requested_at = now();
create temp table stream on commit drop as select id from public.chat_turns;
grant select on stream to public;

select tests.act_as_service();
select isnt(
  public.heartbeat_turn((select id from stream)) ->> 'stop_requested_at', null, 'the pump hears that it shall stop'
);
select public.settle_turn(id, 'stopped', '{}') from stream;
select is(
  public.heartbeat_turn((select id from stream), null, 'conv_1') -> 'is_active', 'false', 'and that a turn was settled'
);
select is((select thread_id from public.chat_sessions), null, 'after which it leaves nothing behind');
select * from finish();
rollback;
