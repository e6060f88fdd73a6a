-- Tools as OpenAI is told of them, and what clients see an assistant can do.

create function private.tool_definition(tool public.tools)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  target private.tool_targets;
  token text;
begin
  if tool.kind in ('function', 'http', 'client') then
    return jsonb_build_object('type', 'function', 'name', tool.slug, 'description', tool.description,
      'parameters', tool.parameters, 'strict', tool.is_strict);
  end if;
  select * into target from private.tool_targets t where t.tool_slug = tool.slug;
  if tool.kind = 'provider' then
    return target.definition;
  end if;
  token := private.read_vault(target.secret_name);
  if token is null and target.secret_name is not null then
    raise warning 'the MCP tool % is left out: Vault has no secret %', tool.slug, target.secret_name;
    return null;
  end if;
  return jsonb_build_object('require_approval', case when tool.needs_approval then 'always' else 'never' end)
    || target.definition
    || jsonb_build_object('type', 'mcp', 'server_label', tool.slug, 'server_url', target.url)
    || case when token is not null then jsonb_build_object('authorization', token) else '{}' end;
end
$$;
comment on function private.tool_definition(public.tools) is
  'Returns a tool as the Responses API takes it. Null for an MCP server whose token is missing. Contains that token, '
  'so only the service role may see it. Source: https://developers.openai.com/api/docs/guides/tools';

create function private.can_search(assistant public.assistants)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return assistant.web_with_tools is not null or not exists (
    select
    from public.assistant_tools a
    join public.tools t on t.slug = a.tool_slug and t.is_active and t.kind in ('function', 'http', 'mcp')
    where a.assistant_slug = assistant.slug
  );
end
$$;
comment on function private.can_search(public.assistants) is
  'Returns whether turns with an assistant may search the web. A page could hold text that makes the model call tools.';

create function private.web_tool(assistant public.assistants, definition jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select definition || case when cardinality(assistant.web_with_tools) > 0 and not definition ? 'filters'
    then jsonb_build_object('filters', jsonb_build_object('allowed_domains', to_jsonb(assistant.web_with_tools)))
    else '{}' end
$$;
comment on function private.web_tool(public.assistants, jsonb) is
  'Returns the definition of a web search, limited to the domains of the assistant unless it has filters of its own.';

create function private.is_attended(turn public.chat_turns)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not exists (
    select from public.lookout_runs r where r.session_id = turn.session_id and r.status = 'running'
  );
end
$$;
comment on function private.is_attended(public.chat_turns) is
  'Returns whether a client could provide outputs and approve calls. Nobody sees the run of a lookout.';

create function private.request_tools(assistant public.assistants, profile_id uuid, turn public.chat_turns)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  is_attended boolean := private.is_attended(turn);
  can_search boolean := private.can_search(assistant);
  tools jsonb;
begin
  -- In a fixed order, so that OpenAI's cache of prompts recognizes the request.
  select coalesce(jsonb_agg(
    case when starts_with(d.definition ->> 'type', 'web_search') then private.web_tool(assistant, d.definition)
      else d.definition end
    order by t.slug
  ), '[]') into tools
  from public.assistant_tools a
  join public.tools t on t.slug = a.tool_slug and t.is_active
  left join public.plans needed on needed.slug = t.required_plan
  cross join lateral private.tool_definition(t) as d (definition)
  where a.assistant_slug = assistant.slug
    and (needed.slug is null or needed.rank <= (private.plan_of(profile_id)).rank)
    and d.definition is not null
    and (is_attended or (t.kind <> 'client' and not t.needs_approval
      and coalesce(d.definition ->> 'require_approval', 'never') = 'never'))
    and (can_search or not starts_with(d.definition ->> 'type', 'web_search'));
  -- A second search would not have the operator's filters.
  if turn.search and can_search and not jsonb_path_exists(tools, '$[*] ? (@.type starts with "web_search")') then
    tools := tools || private.web_tool(assistant, '{"type": "web_search"}');
  end if;
  return tools;
end
$$;
comment on function private.request_tools(public.assistants, uuid, public.chat_turns) is
  'Returns the tools that an assistant has in a turn of this user, as the Responses API takes them.';

create function private.refresh_capabilities()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.assistants s
  set capabilities = c.names
  from (
    select o.slug, array(
      select distinct case when t.kind = 'provider' then g.definition ->> 'type' else t.slug end
      from public.assistant_tools a
      join public.tools t on t.slug = a.tool_slug and t.is_active
      join private.tool_targets g on g.tool_slug = t.slug
      where a.assistant_slug = o.slug
      order by 1
    ) as names
    from public.assistants o
  ) c
  where c.slug = s.slug and s.capabilities <> c.names;
  return null;
end
$$;
comment on function private.refresh_capabilities() is
  'Trigger: keeps assistants.capabilities, after every statement that changes what an assistant can do. Definer: reads '
  'private.tool_targets.';

create trigger assistant_tools_refresh after insert or update or delete on public.assistant_tools
  for each statement execute function private.refresh_capabilities();
create trigger tools_refresh after update on public.tools
  for each statement execute function private.refresh_capabilities();
create trigger tool_targets_refresh after insert or update on private.tool_targets
  for each statement execute function private.refresh_capabilities();
