begin;
select plan(3);
select tests.create_user('owner'), tests.create_user('stranger');
create temp table made on commit drop as select tests.create_session('owner') as session_id;
grant select on made to public;

select tests.act_as_service();
select throws_ok(
  $$ select tests.start_turn('stranger', session_id) from made $$, 'PT404', 'session_not_found',
  'another user''s session is not found'
);
select throws_ok(
  $$ select tests.start_turn('owner', gen_random_uuid()) $$, 'PT404', 'session_not_found',
  'a session that does not exist is not found'
);
select is_empty('select id from public.chat_messages', 'nothing is stored');
select * from finish();
rollback;
