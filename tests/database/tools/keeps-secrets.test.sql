begin;
select plan(12);
select tests.create_user('owner');
select tests.start_turn('owner', tests.create_session('owner'));
create function pg_temp.tools() returns jsonb language sql as $$
  select private.request_tools(a, t.user_id, t) from public.assistants a, public.chat_turns t where a.slug = 'coach'
$$;
select private.add_mcp_tool('coach', 'crm', 'https://mcp.example.com/secret-path', 'crm_token',
  '{"allowed_tools": ["find"]}');
select throws_ok(
  $$ select private.add_mcp_tool('coach', 'crm', 'https://a.example', null, '{"authorization": "token"}') $$,
  'PT400', 'invalid_tool', 'a token belongs into Vault'
);
select throws_ok(
  format($$ select private.add_http_tool('coach', 'x', 'X', '{}', %L, 's') $$, u), '23514', null, u || ' is refused'
)
from unnest(array['http://example.com', 'https://user:password@example.com/']) as u;
select is(pg_temp.tools(), '[]',
  'without its token, a server is left out');
update private.tool_targets set secret_name = null;
select is(
  pg_temp.tools(),
  '[{"type": "mcp", "server_label": "crm", "server_url": "https://mcp.example.com/secret-path",
    "allowed_tools": ["find"], "require_approval": "never"}]', 'the request names the server'
);
select private.add_provider_tool('coach', 'search', '{"type": "web_search"}', '{"required_plan": "pro"}');
select is(jsonb_array_length(pg_temp.tools()), 1,
  'a tool of a higher plan is left out');
select is((select capabilities from public.assistants where slug = 'coach'), '{crm,web_search}',
  'clients see what an assistant can do');
select private.remove_tool('search');
select is((select capabilities from public.assistants where slug = 'coach'), '{crm}', 'also after a change');
select tests.act_as('owner');
select throws_ok('select * from private.tool_targets', '42501', null, 'clients cannot read where tools run');
select throws_ok('select max_calls from public.tools', '42501', null, 'nor how they are limited');
select results_eq('select slug, kind, parameters from public.tools', $$ values ('crm', 'mcp', null::jsonb) $$,
  'they read what the model is told');
select throws_ok($$ select public.start_http_tool(gen_random_uuid()) $$, '42501', null, 'service RPCs are closed');
select * from finish();
rollback;
