begin;
select plan(4);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_turns set heartbeat_at = '2000-01-01';
create temp table turn on commit drop as select id from public.chat_turns;
grant select on turn to public;

select tests.act_as_service();
select is(
  public.heartbeat_turn((select id from turn), 'resp_1', 'conv_1'),
  '{"is_active": true, "stop_requested_at": null}', 'the heartbeat of an active turn tells the pump to continue'
);
select row_eq(
  $$ select t.heartbeat_at = now(), t.response_id, s.thread_id
     from public.chat_turns t join public.chat_sessions s on s.id = t.session_id $$,
  row(true, 'resp_1'::text, 'conv_1'::text), 'the heartbeat saves its time and the ids of the request'
);
select public.heartbeat_turn((select id from turn), null, 'conv_2');
select row_eq(
  $$ select t.response_id, s.thread_id from public.chat_turns t join public.chat_sessions s on s.id = t.session_id $$,
  row('resp_1'::text, 'conv_1'::text), 'a later heartbeat does not replace the ids'
);
select is(
  public.heartbeat_turn(gen_random_uuid()) -> 'is_active', 'false', 'a turn that does not exist is not active'
);
select * from finish();
rollback;
