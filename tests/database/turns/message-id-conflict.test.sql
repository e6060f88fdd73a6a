begin;
select plan(2);
select tests.create_user('owner');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
select tests.start_turn('owner', session_id, 'message-1') from made;
select public.settle_turn(id, 'complete', '{}') from public.chat_turns;
select throws_ok(
  $$ select tests.start_turn('owner', session_id, 'message-1', 'Something else') from made $$, 'PT409',
  'message_id_conflict', 'a message id with other content is refused'
);
select is((select count(*)::integer from public.chat_messages), 2, 'the refused message is not stored');
select * from finish();
rollback;
