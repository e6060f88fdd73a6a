-- What operators call in migrations to give tools to assistants. Repeated calls replace the tool.

create function private.put_tool(assistant_slug text, tool public.tools, target private.tool_targets, options jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  unknown text := (
    select min(k.key) from jsonb_object_keys(options) as k (key)
    where k.key not in ('needs_approval', 'max_calls', 'required_plan', 'timeout_ms', 'is_strict')
  );
begin
  if unknown is not null then
    perform private.refuse(400, 'invalid_tool',
      'There is no such option. Use needs_approval, max_calls, required_plan, timeout_ms or is_strict.',
      jsonb_build_object('option', unknown));
  end if;
  if tool.kind = 'client' and (options ->> 'needs_approval')::boolean then
    perform private.refuse(400, 'invalid_tool',
      'The app runs a client tool itself and can ask the user. Remove needs_approval.');
  end if;
  if not exists (select from public.assistants a where a.slug = put_tool.assistant_slug) then
    perform private.refuse(404, 'assistant_not_found',
      'This assistant does not exist. Check its slug in the list of assistants.');
  end if;
  if exists (select from public.tools t where t.slug = tool.slug and t.kind <> tool.kind) then
    perform private.refuse(400, 'invalid_tool',
      'A tool of another kind has this name. Use another name, or call private.remove_tool first.');
  end if;
  -- Everything that the call does not name has its default, so that a migration says all there is to say.
  insert into public.tools (slug, kind, description, parameters, is_strict, needs_approval, timeout_ms, max_calls,
    required_plan)
  values (tool.slug, tool.kind, coalesce(tool.description, ''), tool.parameters,
    coalesce((options ->> 'is_strict')::boolean, tool.is_strict, false),
    coalesce((options ->> 'needs_approval')::boolean, false),
    coalesce((options ->> 'timeout_ms')::integer, 10000),
    coalesce((options ->> 'max_calls')::integer, 8), options ->> 'required_plan')
  on conflict (slug) do update
  set description = excluded.description, parameters = excluded.parameters, is_strict = excluded.is_strict,
      needs_approval = excluded.needs_approval, timeout_ms = excluded.timeout_ms, max_calls = excluded.max_calls,
      required_plan = excluded.required_plan, is_active = true;

  insert into private.tool_targets (tool_slug, function, url, secret_name, definition)
  values (tool.slug, target.function, target.url, target.secret_name, target.definition)
  on conflict (tool_slug) do update
  set function = excluded.function, url = excluded.url, secret_name = excluded.secret_name,
      definition = excluded.definition;
  insert into public.assistant_tools (assistant_slug, tool_slug) values (put_tool.assistant_slug, tool.slug)
  on conflict do nothing;
end
$$;
comment on function private.put_tool(text, public.tools, private.tool_targets, jsonb) is
  'Adds or replaces a tool and its target, and gives it to an assistant. The options are columns of public.tools.';

create function private.add_function_tool(assistant text, function text, options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
  matches oid[] := array(
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'tools'::regnamespace
      and p.proname = (select i[cardinality(i)] from parse_ident(add_function_tool.function) as i)
      and (select i[1] from parse_ident(add_function_tool.function) as i) = 'tools'
  );
  problem text;
begin
  if cardinality(matches) = 0 then
    perform private.refuse(400, 'invalid_tool',
      'There is no such function in schema tools. Create it before this call, and write the name as tools.<name>.');
  end if;
  problem := private.function_problem(matches[1]);
  if problem is not null then
    perform private.refuse(400, 'invalid_tool',
      'This function cannot be a tool. Change what the detail names, and run the migration again.',
      jsonb_build_object('function', function, 'problem', problem));
  end if;
  select p.proname::text, 'function', pg_catalog.obj_description(p.oid, 'pg_proc'),
    private.function_parameters(p.oid), true
    into tool.slug, tool.kind, tool.description, tool.parameters, tool.is_strict
  from pg_catalog.pg_proc p where p.oid = matches[1];
  target.function := matches[1]::regprocedure::text;
  perform private.put_tool(assistant, tool, target, options - 'is_strict');
  execute format('revoke all on function %s from public, anon, authenticated, service_role', target.function);
  execute format('grant execute on function %s to parley_tools', target.function);
end
$$;
comment on function private.add_function_tool(text, text, jsonb) is
  'Lets an assistant call a function of schema tools, as in add_function_tool(''coach'', ''tools.list_my_orders''). It '
  'runs under the policies of the asking user. Its name, its arguments and its comment are what the model is told.';

create function private.add_http_tool(assistant text, slug text, description text, parameters jsonb, url text,
  secret_name text, options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
begin
  tool.slug := slug;
  tool.kind := 'http';
  tool.description := description;
  tool.parameters := parameters;
  target.url := url;
  target.secret_name := secret_name;
  perform private.put_tool(assistant, tool, target, options);
end
$$;
comment on function private.add_http_tool(text, text, text, jsonb, text, text, jsonb) is
  'Lets an assistant call an HTTPS address. Calls are signed with the secret of this name in Vault.';

create function private.add_client_tool(assistant text, slug text, description text, parameters jsonb,
  options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
begin
  tool.slug := slug;
  tool.kind := 'client';
  tool.description := description;
  tool.parameters := parameters;
  perform private.put_tool(assistant, tool, null, options);
end
$$;
comment on function private.add_client_tool(text, text, text, jsonb, jsonb) is
  'Lets an assistant call a tool that the app runs itself.';

create function private.add_mcp_tool(assistant text, slug text, url text, secret_name text default null,
  definition jsonb default '{}', options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
begin
  if definition ?| array['type', 'server_label', 'server_url', 'authorization', 'headers'] then
    perform private.refuse(400, 'invalid_tool',
      'The definition has a field that Parley sets. Keep the token in Vault, and give the name of that secret.');
  end if;
  tool.slug := slug;
  tool.kind := 'mcp';
  target.url := url;
  target.secret_name := secret_name;
  target.definition := definition;
  perform private.put_tool(assistant, tool, target, options);
end
$$;
comment on function private.add_mcp_tool(text, text, text, text, jsonb, jsonb) is
  'Lets OpenAI use a remote MCP server for an assistant. The secret in Vault is sent as authorization. The definition '
  'holds other fields of OpenAI''s mcp tool, such as allowed_tools and require_approval.';

create function private.add_provider_tool(assistant text, slug text, definition jsonb, options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
begin
  if coalesce(definition ->> 'type', 'function') in ('function', 'custom', 'mcp') then
    perform private.refuse(400, 'invalid_tool',
      'The definition has no type of a tool that OpenAI runs. Use one such as {"type": "web_search"}.');
  end if;
  tool.slug := slug;
  tool.kind := 'provider';
  target.definition := definition;
  perform private.put_tool(assistant, tool, target, options);
end
$$;
comment on function private.add_provider_tool(text, text, jsonb, jsonb) is
  'Gives an assistant a tool that OpenAI runs, such as add_provider_tool(''coach'', ''web_search'', '
  '''{"type": "web_search"}'').';

create function private.remove_tool(slug text)
returns void
language sql
set search_path = ''
as $$
  delete from public.tools t where t.slug = remove_tool.slug
$$;
comment on function private.remove_tool(text) is
  'Removes a tool from all assistants. Its past calls stay readable. The function of a function tool stays.';
