begin;
select plan(6);
select is(capabilities, '{}', 'an assistant without tools can only write') from public.assistants where slug = 'coach';

insert into private.assistant_tools values ('coach', '[
  {"type": "web_search_2025_08_26"}, {"type": "web_search_preview"}, {"type": "code_interpreter"},
  {"type": "mcp", "server_label": "crm", "authorization": "secret"}
]');
select is(
  capabilities, '{code_interpreter,mcp,web_search}', 'clients see the types of the tools, without versions or settings'
) from public.assistants where slug = 'coach';

update private.assistant_tools set slug = 'editor' where slug = 'coach';
select results_eq(
  $$ select slug, capabilities from public.assistants where slug in ('coach', 'editor') order by slug $$,
  $$ values ('coach', '{}'::text[]), ('editor', '{code_interpreter,mcp,web_search}') $$,
  'both assistants follow when tools move'
);

delete from private.assistant_tools;
select is(capabilities, '{}', 'tools that are deleted are not shown') from public.assistants where slug = 'editor';

select throws_ok(
  $$ insert into private.assistant_tools values ('coach', '[{"type": "mcp"}, {"name": "typeless"}]') $$,
  '23514', null, 'a tool needs a type'
);
select throws_ok(
  $$ insert into private.assistant_tools values ('coach', '["web_search"]') $$,
  '23514', null, 'a tool is an object'
);
select * from finish();
rollback;
