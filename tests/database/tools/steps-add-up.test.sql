begin;
select plan(15);
select tests.create_user('owner');
update public.plans set monthly_budget = 100;
create temp table turn on commit drop as
select (tests.start_turn('owner', tests.create_session('owner')) ->> 'turn_id')::uuid as id;
grant select on turn to public;
create function pg_temp.booked() returns table (requests bigint, input bigint, cached bigint, output bigint,
  searches bigint, is_month_equal boolean) language sql as $$
  select sum(u.request_count), sum(u.input_tokens), sum(u.cached_input_tokens), sum(u.output_tokens),
    sum(u.web_searches), sum(u.total_cost) = (select c.spent from public.monthly_costs c)
  from public.usage_metrics u where u.feature_type = 'chat'
$$;
create function pg_temp.reserved() returns numeric language sql as 'select reserved from public.monthly_costs';

select tests.act_as_service();
create function pg_temp.reply(tokens integer, rest jsonb default '{}') returns jsonb language sql as $$
  select jsonb_build_object('content', repeat('a', tokens), 'parts', '[]'::jsonb, 'model', 'gpt-5.4-mini',
    'input_tokens', 1000 * tokens, 'cached_input_tokens', 100 * tokens, 'output_tokens', 10 * tokens) || rest
$$;
select is(public.store_step(id, 0, pg_temp.reply(1, '{"response_id": "resp_1", "tools": {"web_search": 2}}'), '[]')
  ->> 'steps', '1', 'a step is stored') from turn;
select is(public.store_step(id, 0, pg_temp.reply(1), '[]'), null, 'once') from turn;
select is(public.store_step(id, 2, pg_temp.reply(1), '[]'), null, 'a later step is not stored before it') from turn;
select public.save_turn_ids(id, 'resp_2') from turn;
select isnt(public.store_step(id, 1, pg_temp.reply(2, '{"response_id": "resp_2"}'), '[]'), null,
  'the next step is stored') from turn;
select is((select response_id from public.chat_turns), null, 'which has no response yet');
select public.save_turn_ids(id, 'resp_3') from turn;
select is(public.store_step(id, 2, pg_temp.reply(3, '{"response_id": "resp_other"}'), '[]'), null,
  'a response that is not the one of the step is not stored') from turn;

select tests.act_as_postgres();
select results_eq('select * from pg_temp.booked()',
  'values (2::bigint, 3000::bigint, 300::bigint, 30::bigint, 2::bigint, true)',
  'each response is booked once');
select ok(pg_temp.reserved() > 0, 'the estimate stays reserved while the turn runs');
select results_eq($$ select remote_id, kind from private.remote_deletions order by remote_id $$,
  $$ values ('resp_1', 'response'), ('resp_2', 'response') $$,
  'a stored response is to be deleted at OpenAI');

select tests.act_as_service();
select is(public.settle_turn(id, 'complete', pg_temp.reply(3)) ->> 'input_tokens', '6000',
  'the message has the tokens of all responses') from turn;
select is(public.store_step(id, 2, pg_temp.reply(9, '{"response_id": "resp_3"}'), '[]'), null,
  'a turn that has ended stores no step') from turn;
select is(public.describe_step(id), null, 'and has no next request') from turn;
select tests.act_as_postgres();
select results_eq('select * from pg_temp.booked()',
  'values (3::bigint, 6000::bigint, 600::bigint, 60::bigint, 2::bigint, true)',
  'the usage has them, too');
select results_eq(
  $$ select input_tokens, cached_input_tokens, output_tokens, usage_estimated, content from public.chat_messages
     where sender = 'assistant' $$,
  $$ values (6000, 600, 60, false, 'aaa') $$, 'nothing is estimated'
);
select is(pg_temp.reserved(), 0::numeric, 'the reservation is taken back once');
select * from finish();
rollback;
