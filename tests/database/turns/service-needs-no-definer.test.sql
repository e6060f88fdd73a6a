-- These functions run with the rights of service_role: every helper that they call must be granted to it.
begin;
select plan(5);
select tests.create_user('owner');
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.profile_id('owner') as profile_id;
update public.chat_sessions set thread_id = 'conv_1';
select tests.start_turn('owner', (select session_id from made));
select public.settle_turn(
  (select id from public.chat_turns), 'complete', '{"content": "Old", "input_tokens": 0, "output_tokens": 0}'
);
select public.start_turn(tests.auth_id('owner'), (select session_id from made), regenerate => true);
create temp table running on commit drop as select id from public.chat_turns where status = 'active';
grant select on made, running to public;

select tests.act_as_service();
select public.save_turn_ids((select id from running), thread_id => 'conv_3');
select is(
  public.rebuild_conversation((select id from running)), '[]', 'a lost conversation is rebuilt from the history'
);
select is(
  (select thread_id from public.chat_sessions), null, 'and the session forgets the lost conversation'
);

select public.replace_reply((select id from running));
select results_eq(
  $$ select seq, sender, status from public.chat_messages order by seq $$,
  $$ values (1, 'user', 'complete'), (2, 'assistant', 'streaming') $$,
  'the new reply takes the place of the old one'
);

select public.set_generated_title(profile_id, session_id, 'A title', 'gpt-5.4-mini', 10, 0, 2) from made;
select public.book_lost_turn(tests.start_lost_turn('owner'), 'gpt-5.4-mini', 1000000, 0, 0);
select results_eq(
  $$ select feature_type, input_tokens, total_cost from public.usage_metrics where input_tokens > 0 order by 1 $$,
  $$ values ('chat', 1000000::bigint, 0.75), ('title', 10::bigint, 0.000017) $$,
  'title and lost turn are booked at the price of the model'
);
select is(
  public.record_stripe_events(
    '[{"id": "evt_1", "type": "invoice.paid", "livemode": false, "created_at": "2026-01-01", "targets": []}]'
  ) #>> '{evt_1,status}',
  'processing',
  'an event is claimed with a ticket'
);
select * from finish();
rollback;
