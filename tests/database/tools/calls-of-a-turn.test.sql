begin;
select plan(30);
select tests.create_user('owner'), tests.create_user('stranger');
create function tools.ping() returns text language sql stable set search_path = '' as $$ select 'pong' $$;
comment on function tools.ping is 'Answers.';
select private.add_function_tool('coach', 'tools.ping', '{"needs_approval": true}');
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
select private.add_client_tool('coach', 'rare', 'Is rare.', '{"type": "object"}', '{"max_calls": 1}');
select private.add_client_tool('coach', 'dear', 'Is dear.', '{"type": "object"}', '{"required_plan": "pro"}');
select private.add_client_tool('coach', 'off', 'Is off.', '{"type": "object"}');
update public.tools set is_active = false where slug = 'off';
select private.add_client_tool('coach', 'pick', 'Picks.',
  '{"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}');
select private.add_mcp_tool('coach', 'crm', 'https://crm.example', definition => '{"require_approval": "always"}');
select private.add_provider_tool('coach', 'images', '{"type": "image_generation"}');
select private.add_http_tool('coach', 'post', 'Posts.', '{"type": "object"}', 'https://example.com/x', 'tool_secret');

select tests.act_as_service();
create function pg_temp.status(slug text) returns text language sql as $$
  select concat_ws(': ', c.status, c.error) from tests.call_tool('owner', slug) c
$$;
select is(pg_temp.status('ask'), 'awaiting_client', 'a client tool waits for the client');
select is(pg_temp.status('ping'), 'awaiting_approval', 'a tool may need approval first');
select is(pg_temp.status('rare'), 'awaiting_client', 'a tool may be called as often as allowed');
select is(pg_temp.status('rare'), 'failed: This tool may be called 1 times in a turn at most.', 'but not more often');
select is(pg_temp.status('dear'), 'failed: There is no such tool.', 'a plan may be too low for a tool');
select is(pg_temp.status('off'), 'failed: There is no such tool.', 'a tool may be switched off');
select is(pg_temp.status('images'), 'failed: There is no such tool.', 'OpenAI runs its own tools');
select is(pg_temp.status('none'), 'failed: There is no such tool.', 'an unknown tool is told');
select is(pg_temp.status('pick'), 'failed: The arguments lack "n".', 'an app gets no wrong arguments');
select is(pg_temp.status('crm'), 'awaiting_approval', 'what an MCP server asks for waits for approval');
select is(
  (public.run_function_tool(id)).status, 'awaiting_approval', 'a call that was not approved does not run'
) from public.tool_calls where tool_slug = 'ping';

select is(pg_temp.status('post'), 'pending', 'an http tool waits for the function');
create temp table posted on commit drop as select id from public.tool_calls where tool_slug = 'post';
select is((public.end_http_tool(id, true, '{"a": 0}')).status, 'pending', 'an output before the call is not taken')
from posted;
select is(public.start_http_tool(id) ->> 'url', 'https://example.com/x', 'the function learns the address') from posted;
select is(public.start_http_tool(id), null, 'once') from posted;
select is((public.end_http_tool(id, false, null, 'Late')).status, 'running', 'without a claim it goes on') from posted;
select is((public.end_http_tool(id, true, '{"a": 1}')).output, '{"a": 1}', 'an output is stored') from posted;
select is((public.end_http_tool(id, true, '{"a": 2}')).output, '{"a": 1}', 'once') from posted;
select is((select output from public.tool_calls where tool_slug = 'post'), '{"a": 1}', 'the first counts');

create temp table failed on commit drop as select (tests.call_tool('owner', 'post')).id;
select isnt(public.start_http_tool(id), null, 'another call starts') from failed;
update public.tool_calls set started_at = clock_timestamp() - interval '59 seconds' where id = (select id from failed);
select is(public.start_http_tool(id), null, 'within its time it is not claimed again') from failed;
update public.tool_calls set started_at = now() - interval '61 seconds' where id = (select id from failed);
select is(public.start_http_tool(id) -> 'call' ->> 'attempts', '2', 'after its time it is') from failed;
update public.tool_calls set started_at = now() - interval '61 seconds' where id = (select id from failed);
select is(public.start_http_tool(id), null, 'but not a third time') from failed;
select public.end_http_tool(id, true, to_jsonb(repeat('a', 70000))) from failed;
select ok(octet_length(output::text) < 65536, 'a long output is cut') from public.tool_calls join failed using (id);

create temp table blocked on commit drop as select (tests.call_tool('owner', 'post')).id;
select tests.act_as_postgres();
update public.profiles set is_active = false where id = tests.profile_id('owner');
select is(public.start_http_tool(id), null, 'nothing is sent for a suspended user') from blocked;
update public.profiles set is_active = true where id = tests.profile_id('owner');
select isnt(public.start_http_tool(id), null, 'but for one who is active again') from blocked;

select tests.act_as('owner');
select is((select count(*) from public.tool_calls), 13::bigint, 'the owner reads the calls');
select is_empty($$ select slug from public.tools where slug = 'off' $$, 'but no tool that is switched off');
select tests.act_as('stranger');
select is_empty('select 1 from public.tool_calls', 'a stranger reads none');
select tests.act_as_postgres();
delete from public.chat_sessions;
select is_empty('select 1 from public.tool_calls', 'the calls go with their chat');
select * from finish();
rollback;
