begin;
select plan(20);
select tests.create_user('owner'), tests.create_user('stranger');
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
select private.add_client_tool('coach', 'sure', 'Asks if sure.', '{"type": "object"}', '{"needs_approval": true}');
select private.add_client_tool('coach', 'rare', 'Is rare.', '{"type": "object"}', '{"max_calls": 1}');
select private.add_client_tool('coach', 'dear', 'Is dear.', '{"type": "object"}', '{"required_plan": "pro"}');
select private.add_http_tool('coach', 'post', 'Posts.', '{"type": "object"}', 'https://example.com/x', 'tool_secret');

select tests.act_as_service();
create function pg_temp.status(slug text) returns text language sql as $$
  select concat_ws(': ', c.status, c.error) from tests.call_tool('owner', slug) c
$$;
select is(pg_temp.status('ask'), 'awaiting_client', 'a client tool waits for the client');
select is(pg_temp.status('sure'), 'awaiting_approval', 'a tool may need approval first');
select is(pg_temp.status('rare'), 'awaiting_client', 'a tool may be called as often as allowed');
select is(pg_temp.status('rare'), 'failed: This tool may be called 1 times in a turn at most.', 'but not more often');
select is(pg_temp.status('dear'), 'failed: There is no such tool.', 'a plan may be too low for a tool');
select is(pg_temp.status('none'), 'failed: There is no such tool.', 'an unknown tool is told');

select results_eq(
  $$ select count(*) from public.store_tool_calls((select turn_id from public.tool_calls limit 1),
       (select jsonb_agg(jsonb_build_object('call_id', call_id, 'name', tool_slug, 'arguments', '{}'))
        from public.tool_calls)) $$,
  'values (6::bigint)', 'storing the calls again changes nothing'
);
select is(public.decide_tool_call(id, true), true, 'a call is approved')
from public.tool_calls where tool_slug = 'sure';
select is(public.decide_tool_call(id, false), false, 'once') from public.tool_calls where tool_slug = 'sure';
select is((select status from public.tool_calls where tool_slug = 'sure'), 'awaiting_client', 'and then runs');
select is(public.settle_tool_call(id, '{"a": 1}'), true, 'an output is stored')
from public.tool_calls where tool_slug = 'ask';
select is(public.settle_tool_call(id, '{"a": 2}'), false, 'once') from public.tool_calls where tool_slug = 'ask';
select is((select output from public.tool_calls where tool_slug = 'ask'), '{"a": 1}', 'the first counts');

select is(pg_temp.status('post'), 'pending', 'an http tool waits for the function');
select is(public.start_http_tool(id) ->> 'url', 'https://example.com/x', 'which learns the address')
from public.tool_calls where tool_slug = 'post';
select is(public.start_http_tool(id), null, 'once') from public.tool_calls where tool_slug = 'post';
select set_eq(
  $$ select tool_slug, error from public.end_tool_calls((select turn_id from public.tool_calls limit 1)) $$,
  $$ select unnest(array['sure', 'rare', 'post']), 'The output was not provided.' $$, 'open calls are ended'
);

select tests.act_as('owner');
select is((select count(*) from public.tool_calls), 7::bigint, 'the owner reads the calls');
select tests.act_as('stranger');
select is_empty('select 1 from public.tool_calls', 'a stranger reads none');
select tests.act_as_postgres();
delete from public.chat_sessions;
select is_empty('select 1 from public.tool_calls', 'the calls go with their chat');
select * from finish();
rollback;
