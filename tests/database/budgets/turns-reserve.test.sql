begin;
select plan(10);
select tests.create_user('owner');
update public.plans set monthly_budget = 1 where slug = 'free';
update public.models set input_price = 1, output_price = 10, cached_input_price = 0 where model = 'gpt-5.4-mini';
update private.assistant_instructions set instructions = repeat('x', 400) where slug = 'coach';
create temp table made on commit drop as
select tests.create_session('owner') as session_id, tests.create_session('owner') as other_id;
grant select on made to public;

select tests.act_as_service();
select tests.start_turn('owner', session_id, 'message-1', repeat('y', 4000)) from made;
select row_eq(
  'select spent::text, reserved::text from public.monthly_costs', row('0.000000'::text, '0.042060'::text),
  'a turn reserves instructions and message at four bytes a token, and 4096 tokens of output'
);
select public.settle_turn(id, 'complete', '{"content": "Hi", "input_tokens": 1000, "output_tokens": 20}')
from public.chat_turns;
select row_eq(
  'select spent::text, reserved::text from public.monthly_costs', row('0.001200'::text, '0.000000'::text),
  'its settlement books the real cost instead'
);
select public.settle_turn(id, 'complete', '{"content": "Hi", "input_tokens": 1000, "output_tokens": 20}')
from public.chat_turns;
select row_eq(
  'select spent::text, reserved::text from public.monthly_costs', row('0.001200'::text, '0.000000'::text),
  'a second settlement changes nothing'
);

select public.start_turn(
  tests.auth_id('owner'), session_id, 'message-2', repeat('y', 4000), '[{"type": "text", "text": "y"}]', search => true
) from made;
select is(
  (select reserved from public.monthly_costs), 0.053060, 'the next turn also reserves the history and a web search'
);
select public.fail_turn(id, '{}') from public.chat_turns where status = 'active';
select row_eq(
  'select spent::text, reserved::text from public.monthly_costs', row('0.001200'::text, '0.000000'::text),
  'a turn that is refunded costs nothing'
);

select tests.start_turn('owner', other_id) from made;
select tests.act_as('owner');
delete from public.chat_sessions where id = (select session_id from made);
select row_eq(
  'select spent::text, reserved::text from public.monthly_costs', row('0.001200'::text, '0.041061'::text),
  'deleting a chat whose turns have settled takes nothing back'
);
delete from public.chat_sessions where id = (select other_id from made);
select row_eq(
  'select spent::text, reserved::text from public.monthly_costs', row('0.001200'::text, '0.000000'::text),
  'deleting a chat takes the reservation of its running turn back'
);

select tests.act_as_postgres();
update public.monthly_costs set spent = 0.98;
insert into made select tests.create_session('owner'), null;
select tests.act_as_service();
select throws_ok(
  $$ select tests.start_turn('owner', session_id) from made where other_id is null $$, 'PT402', 'budget_exceeded',
  'a turn whose estimate does not fit into the budget does not start'
);
select is((select count(*)::integer from public.chat_messages), 0, 'and leaves nothing behind');

select tests.act_as_postgres();
update public.plans set monthly_budget = null;
select tests.act_as_service();
select tests.start_turn('owner', session_id) from made where other_id is null;
select is((select reserved from public.monthly_costs), 0::numeric, 'without a budget, nothing is reserved');
select * from finish();
rollback;
