begin;
select plan(5);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
update public.chat_turns set progressed_at = '2000-01-01';
create temp table turn on commit drop as select id from public.chat_turns;
grant select on turn to public;

select tests.act_as_service();
select is(
  public.save_turn_ids((select id from turn), 'resp_1', 'conv_1'),
  '{"is_active": true, "is_stop_requested": false}', 'an active turn continues'
);
select row_eq(
  $$ select t.progressed_at = now(), t.response_id, s.thread_id
     from public.chat_turns t join public.chat_sessions s on s.id = t.session_id $$,
  row(true, 'resp_1'::text, 'conv_1'::text), 'the ids are saved, and count as progress'
);
select public.save_turn_ids((select id from turn), null, 'conv_2');
select row_eq(
  $$ select t.response_id, s.thread_id from public.chat_turns t join public.chat_sessions s on s.id = t.session_id $$,
  row('resp_1'::text, 'conv_1'::text), 'a conversation that is saved stays'
);
update public.chat_turns set stop_requested_at = now();
select is(
  public.save_turn_ids((select id from turn), 'resp_1') -> 'is_stop_requested', 'true', 'a requested stop is reported'
);
select is(
  public.save_turn_ids(gen_random_uuid()) -> 'is_active', 'false', 'a turn that does not exist is not active'
);
select * from finish();
rollback;
