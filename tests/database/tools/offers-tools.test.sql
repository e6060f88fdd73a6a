begin;
select plan(25);
select tests.create_user('owner'), tests.create_user('payer');
update public.plans set max_lookouts = null;
create function tools.ping() returns text language sql stable set search_path = '' as $$ select 'pong' $$;
create function tools.pay() returns text language sql set search_path = '' as $$ select 'paid' $$;
comment on function tools.ping is 'Answers.';
comment on function tools.pay is 'Pays.';
select private.add_function_tool('coach', 'tools.ping');
select private.add_function_tool('coach', 'tools.pay', '{"needs_approval": true, "required_plan": "pro"}');
select private.add_client_tool('coach', 'ask', 'Asks.', '{"type": "object"}');
select private.add_http_tool('coach', 'post', 'Posts.', '{"type": "object"}', 'https://example.com/x', 'tool_secret');
select private.add_mcp_tool('coach', 'wiki', 'https://wiki.example');
select private.add_mcp_tool('coach', 'crm', 'https://crm.example', definition => '{"require_approval": "always"}');
select private.add_provider_tool('coach', 'draw', '{"type": "image_generation"}');
select private.add_provider_tool('coach', 'web', '{"type": "web_search", "search_context_size": "low"}');
create function pg_temp.names(turn_id uuid) returns text language sql as $$
  select string_agg(coalesce(t ->> 'name', t ->> 'server_label', t ->> 'type'), ' ')
  from jsonb_array_elements(public.describe_step(turn_id) -> 'tools') t
$$;
create function pg_temp.web(turn_id uuid) returns jsonb language sql as $$
  select jsonb_path_query_array(public.describe_step(turn_id) -> 'tools', '$[*] ? (@.type starts with "web_search")')
$$;
create function pg_temp.leave(kind text) returns void language sql as $$
  update public.tools t set is_active = t.kind in (leave.kind, 'client', 'provider')
$$;
create function pg_temp.start(name text, search boolean default false) returns uuid language sql as $$
  select (public.start_turn(tests.auth_id(name), tests.create_session(name), gen_random_uuid()::text, 'Hello',
    '[{"type": "text", "text": "Hello"}]', search => start.search) ->> 'turn_id')::uuid
$$;
create temp table turn on commit drop as
select pg_temp.start('owner') as id, pg_temp.start('owner', true) as searching;
grant select on turn to public;

select is(pg_temp.names(id), 'ask crm image_generation ping post wiki',
  'an assistant with tools of an operator does not search the web by itself') from turn;
select is(pg_temp.web(searching), '[]', 'nor if the user asks for it') from turn;
select is(public.describe_step(searching) ->> 'is_search_off', 'true', 'which is told') from turn;
select is(public.describe_step(id) ->> 'is_search_off', 'false', 'to those who asked') from turn;
select is_empty($$ select feature from public.usage_counters where feature = 'searches' $$,
  'a search that is off is not charged');

update public.assistants set web_with_tools = '{}' where slug = 'coach';
select is(pg_temp.web(id), '[{"type": "web_search", "search_context_size": "low"}]', '{} allows all domains') from turn;
select is(pg_temp.web(searching), '[{"type": "web_search", "search_context_size": "low"}]',
  'with one search') from turn;
update public.assistants set web_with_tools = '{example.com,docs.example}' where slug = 'coach';
select is(
  pg_temp.web(id), '[{"type": "web_search", "search_context_size": "low",
    "filters": {"allowed_domains": ["example.com", "docs.example"]}}]', 'or only these'
) from turn;
update private.tool_targets set definition = '{"type": "web_search", "filters": {"allowed_domains": ["own.example"]}}'
where tool_slug = 'web';
select is(pg_temp.web(id), '[{"type": "web_search", "filters": {"allowed_domains": ["own.example"]}}]',
  'a tool may have filters of its own') from turn;
select private.remove_tool('web');
select is(pg_temp.web(id), '[]', 'without a tool for it, nothing searches') from turn;
select is(pg_temp.web(searching), '[{"type": "web_search",
  "filters": {"allowed_domains": ["example.com", "docs.example"]}}]', 'but for a user who asks') from turn;
update public.assistants set web_with_tools = null where slug = 'coach';
update public.tools set is_active = false where slug in ('ping', 'pay', 'post', 'wiki', 'crm');
select is(pg_temp.web(searching), '[{"type": "web_search"}]', 'without tools of an operator, all may be searched')
from turn;
select is(pg_temp.names(id), 'ask image_generation', 'a tool that is switched off is not offered') from turn;
select is(pg_temp.web(searching), '[]', kind || ' tools turn the search off') from turn,
  unnest(array['function', 'http', 'mcp']) as kind,
  lateral pg_temp.leave(kind);
update public.tools set is_active = true;

update public.profiles set subscription_plan = 'pro' where id = tests.profile_id('payer');
create temp table paid on commit drop as select pg_temp.start('payer') as id;
select is(pg_temp.names(id), 'ask crm image_generation pay ping post wiki', 'a plan may have more tools') from paid;
update public.profiles set subscription_plan = 'free' where id = tests.profile_id('payer');
select is(pg_temp.names(id), 'ask crm image_generation ping post wiki', 'as long as it lasts') from paid;
update public.profiles set subscription_plan = 'pro' where id = tests.profile_id('payer');

select public.create_lookout(
  tests.auth_id('payer'), 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now() + interval '1 day'
);
create temp table run on commit drop as
select public.start_lookout_run((public.run_lookout_now(tests.auth_id('payer'), l.id)).id) as started
from public.lookouts l;
create temp table unattended on commit drop as select (started ->> 'turn_id')::uuid as id from run;
select is(pg_temp.names(id), 'image_generation ping post wiki', 'a lookout has no tools that wait for a person')
from unattended;
select tests.store_step(id, jsonb_build_array(tests.sent_call('a', 'ask'), tests.sent_call('b', 'pay'),
  tests.sent_call('c', 'crm'), tests.sent_call('d', 'ping'))) from unattended;
select results_eq(
  $$ select call_id, status, error from public.tool_calls order by call_id $$,
  $$ values ('a', 'failed', 'There is no such tool.'), ('b', 'failed', 'There is no such tool.'),
       ('c', 'failed', 'There is no such tool.'), ('d', 'pending', null) $$, 'and cannot call them either'
);
select is((public.run_function_tool(id)).output, '"pong"', 'its other tools run') from public.tool_calls
where call_id = 'd';
select public.settle_turn(id, 'complete', '{"content": "Nothing.", "thread_id": "conv_1"}') from unattended;
set constraints all immediate;
select is((select status from public.lookout_runs), 'complete', 'the run ends');
create temp table attended on commit drop as
select (public.start_turn(tests.auth_id('payer'), s.id, 'message-1', 'Hello', '[{"type": "text", "text": "Hello"}]')
  ->> 'turn_id')::uuid as id
from public.chat_sessions s join run on (started ->> 'session_id')::uuid = s.id;
select is(pg_temp.names(id), 'ask crm image_generation pay ping post wiki', 'its user can go on with all tools')
from attended;
select tests.act_as_service();
select is(jsonb_array_length(public.describe_step(id) -> 'tools'), 6, 'the service may read them') from turn;
select tests.act_as('owner');
select throws_ok('select public.describe_step(gen_random_uuid())', '42501', null, 'clients may not');
select * from finish();
rollback;
