begin;
select plan(5);
create type tools.size as enum ('small', 'large');
create domain tools.short as text check (char_length(value) < 5);
create function tools.order_shoes(
  "the ""size""" tools.size, colours text[], since date default null, amount integer default 1,
  kind tools.size default 'small', code tools.short default 'a'
)
returns table (id uuid) language sql stable set search_path = '' as $$ select gen_random_uuid() $$;
comment on function tools.order_shoes is 'Orders shoes.';
select private.add_function_tool('coach', 'tools.order_shoes', '{"needs_approval": true, "max_calls": 2}');

select is(
  (select to_jsonb(t) - array['created_at', 'updated_at'] from public.tools t),
  jsonb_build_object(
    'slug', 'order_shoes', 'kind', 'function', 'description', 'Orders shoes.', 'is_strict', true,
    'needs_approval', true, 'max_calls', 2, 'timeout_ms', 10000, 'required_plan', null, 'is_active', true,
    'parameters', jsonb_build_object(
      'type', 'object', 'additionalProperties', false,
      'required', jsonb_build_array('the "size"', 'colours', 'since', 'amount', 'kind', 'code'),
      'properties', jsonb_build_object(
        'the "size"', '{"type": "string", "enum": ["small", "large"]}'::jsonb,
        'colours', '{"type": "array", "items": {"type": "string"}}'::jsonb,
        'since', '{"type": ["string", "null"], "format": "date"}'::jsonb,
        'amount', '{"type": ["integer", "null"]}'::jsonb,
        'kind', '{"type": ["string", "null"], "enum": ["small", "large", null]}'::jsonb,
        'code', '{"type": ["string", "null"]}'::jsonb
      )
    )
  ),
  'the schema has every argument, as strict mode wants it'
);
grant execute on function tools.order_shoes to authenticated;
select lives_ok($$ select private.add_function_tool('coach', 'tools.order_shoes') $$, 'adding it again is allowed');
select results_eq(
  'select needs_approval, max_calls from public.tools', 'values (false, 8)', 'and replaces the options'
);
select ok(
  not has_function_privilege(
    'authenticated', 'tools.order_shoes(tools.size,text[],date,integer,tools.size,tools.short)', 'execute'
  ),
  'clients cannot call the function themselves'
);
select private.remove_tool('order_shoes');
select is_empty(
  'select slug from public.tools union select tool_slug from public.assistant_tools
   union select tool_slug from private.tool_targets',
  'a removed tool leaves nothing'
);
select * from finish();
rollback;
