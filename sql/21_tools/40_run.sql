-- Runs function tools as the user of the call.

create function private.argument_problem(schema jsonb, given jsonb, at text default 'The arguments')
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  types jsonb := case jsonb_typeof(schema -> 'type')
    when 'array' then schema -> 'type' when 'string' then jsonb_build_array(schema -> 'type')
  end;
  kind text := jsonb_typeof(given);
  key text;
  problem text;
begin
  if not (coalesce(types, '[]') ? kind or types is null
    or (types ? 'integer' and kind = 'number' and scale((given #>> '{}')::numeric) = 0))
  then
    return format('%s must be of type %s.', at, (
      select string_agg(t.name, ' or ') from jsonb_array_elements_text(types) as t (name)
    ));
  elsif jsonb_typeof(schema -> 'enum') = 'array' and not schema -> 'enum' @> jsonb_build_array(given) then
    return format('%s must be one of %s.', at, schema -> 'enum');
  elsif kind = 'array' and schema ? 'items' then
    for key in select (n - 1)::text from generate_series(1, jsonb_array_length(given)) as n loop
      problem := private.argument_problem(schema -> 'items', given -> key::integer, format('%s[%s]', at, key));
      exit when problem is not null;
    end loop;
  elsif kind = 'object' then
    select k.name into key
    from jsonb_array_elements_text(schema -> 'required') as k (name)
    where not given ? k.name
    limit 1;
    if key is not null then
      return format('%s lack %s.', at, to_json(key));
    end if;
    for key in select k.name from jsonb_object_keys(given) as k (name) order by k.name loop
      if schema -> 'properties' ? key then
        problem := private.argument_problem(schema -> 'properties' -> key, given -> key, to_json(key)::text);
      elsif schema -> 'additionalProperties' = 'false' then
        problem := format('%s have no field %s.', at, to_json(left(key, 100)));
      end if;
      exit when problem is not null;
    end loop;
  end if;
  return problem;
end
$$;
comment on function private.argument_problem(jsonb, jsonb, text) is
  'Returns what is wrong with a value, for the model; null if it fits the JSON Schema. Knows type, enum, items, '
  'properties, required and additionalProperties: what Parley writes itself. Other keywords are for the model only.';

create function private.call_tool(fn regprocedure, args jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_rows constant integer := 1000;
  columns text;
  passed text;
  call text;
  returned record;
  result jsonb;
begin
  -- A function that was created again, as a restore does, has another owner. Then no policy would hold.
  if current_user <> 'parley_tools' then
    raise exception using errcode = 'XX000', message = 'private.call_tool has a wrong owner.';
  end if;
  -- A null is left out, so that the argument has its default. Names are quoted; values never become part of the SQL.
  select string_agg(format('%I %s', a.name, pg_catalog.format_type(a.type_id, null)), ', '),
    string_agg(format('%1$I => a.%1$I', a.name), ', ')
    into columns, passed
  from private.function_arguments(fn) a
  where jsonb_typeof(args -> a.name) <> 'null';

  select p.proretset, p.prorettype, array_remove(array(
      select case when m.mode = 't' then p.proargnames[m.n] end
      from unnest(p.proargmodes) with ordinality as m (mode, n)
    ), null) as names, format('%I.%I(%s)', n.nspname, p.proname, passed) as sql into returned
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.oid = fn;
  -- Called in the select list, where no alias of a result could hide an argument of the same name.
  call := returned.sql || case when columns is not null then
    format(' from pg_catalog.jsonb_to_record($1) as a (%s)', columns) else '' end;

  if returned.prorettype = 'void'::regtype then
    execute 'select ' || call using args;
    return '{"done": true}'::jsonb;
  elsif returned.proretset then
    execute format(
      'select coalesce(jsonb_agg(%s), ''[]'') from (select %s limit %s) x (r)',
      -- Rows of one column come as its bare values.
      case when cardinality(returned.names) = 1 then format('jsonb_build_object(%L, x.r)', returned.names[1])
        else 'to_jsonb(x.r)' end, call, max_rows
    ) into result using args;
  else
    execute format('select to_jsonb(x.r) from (select %s) x (r)', call) into result using args;
  end if;
  return coalesce(result, 'null');
end
$$;
comment on function private.call_tool(regprocedure, jsonb) is
  'Calls a function with named arguments and returns its result as JSON: at most 1000 rows. It takes no user: '
  'the claims that run_function_tool sets say who asks. Definer: its owner parley_tools has the rights of '
  'authenticated and no others, so row-level security holds.';
grant execute on function private.function_arguments(oid) to parley_tools;

create function private.give_call_tool()
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The owner must be able to create in the schema while the function becomes its own.
  grant create on schema private to parley_tools;
  alter function private.call_tool(regprocedure, jsonb) owner to parley_tools;
  revoke create on schema private from parley_tools;
  set local role parley_tools;
  revoke all on function private.call_tool(regprocedure, jsonb) from public;
  grant execute on function private.call_tool(regprocedure, jsonb) to postgres;
  reset role;
end
$$;
comment on function private.give_call_tool() is
  'Makes parley_tools the owner of call_tool, which runs with the rights of its owner. A migration calls it, and '
  'db:restore, because an archive is restored without owners.';
select private.give_call_tool();

create function private.cut_output(output jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  max_bytes constant integer := 65536;
  -- Leaves room for the note.
  budget constant integer := 65000;
  kept jsonb;
  count integer;
  body text;
  size integer := 60000;
begin
  if octet_length(output::text) <= max_bytes then
    return output;
  end if;
  if jsonb_typeof(output) = 'array' then
    select jsonb_agg(s.item order by s.n), count(*)::integer into kept, count
    from (
      select e.item, e.n, sum(octet_length(e.item::text) + 2) over (order by e.n) as bytes
      from jsonb_array_elements(output) with ordinality as e (item, n)
    ) s
    where s.bytes < budget;
    if count > 0 then
      return jsonb_build_object('items', kept, 'note', format(
        'The output was too long. These are the first %s of %s items.', count, jsonb_array_length(output)
      ));
    end if;
  end if;
  body := case when jsonb_typeof(output) = 'string' then output #>> '{}' else output::text end;
  -- Quotes and control characters grow when they are written as JSON.
  while octet_length(to_jsonb(left(body, size))::text) > budget loop
    size := size * 3 / 4;
  end loop;
  return jsonb_build_object('text', left(body, size), 'note', 'The output was too long. This is its beginning.');
end
$$;
comment on function private.cut_output(jsonb) is
  'Returns an output of at most 64 KB: longer ones are cut, with a note for the model.';

create function private.tool_error(state text, message text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    -- The tool's own refusals are written for the caller. Other messages could quote rows.
    when state = 'P0001' or state like 'PT4__' then left(message, 500)
    when state = '57014' then 'The tool took too long and was stopped. Nothing was changed.'
    when state = '42501' then 'The user may not do this.'
    when state like '22%' then 'An argument has a value that the tool cannot use. Check formats and ranges.'
    when state like '23%' then 'The values break a rule of the data. Nothing was changed.'
    else 'The tool failed. Nothing was changed.'
  end
$$;
comment on function private.tool_error(text, text) is
  'Returns what the model is told of an error: a tool''s own exceptions word for word, and nothing that quotes rows.';

create function private.set_tool_user(claims text, sub text, role text, tool_user text)
returns void
language sql
set search_path = ''
as $$
  select set_config('request.jwt.claims', coalesce(claims, ''), true),
    -- auth.uid() and auth.role() read these settings first.
    set_config('request.jwt.claim.sub', coalesce(sub, ''), true),
    set_config('request.jwt.claim.role', coalesce(role, ''), true),
    set_config('parley.tool_user', coalesce(tool_user, ''), true)
$$;
comment on function private.set_tool_user(text, text, text, text) is
  'Sets who the claims of the token name until the transaction ends. parley.tool_user marks the call of a tool, which '
  'needs no sign-in.';

create function private.tool_user()
returns text[]
language sql
stable
set search_path = ''
as $$
  select array[current_setting('request.jwt.claims', true), current_setting('request.jwt.claim.sub', true),
    current_setting('request.jwt.claim.role', true), current_setting('parley.tool_user', true)]
$$;
comment on function private.tool_user() is 'Returns what set_tool_user has set.';

create function private.call_as_user(fn regprocedure, args jsonb, auth_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  before text[] := private.tool_user();
  during text[];
  result jsonb;
begin
  perform private.set_tool_user(
    jsonb_build_object('sub', auth_user_id, 'role', 'authenticated', 'aud', 'authenticated')::text,
    auth_user_id::text, 'authenticated', auth_user_id::text
  );
  during := private.tool_user();
  result := private.call_tool(fn, args);
  if private.tool_user() is distinct from during then
    raise exception using errcode = 'XX000', message = 'The tool changed the claims of the token.';
  end if;
  perform private.set_tool_user(before[1], before[2], before[3], before[4]);
  return result;
end
$$;
comment on function private.call_as_user(regprocedure, jsonb, uuid) is
  'Calls a function tool as this login, and restores the claims. After an error, the caller''s rollback to its '
  'savepoint restores them.';

create function private.run_function_tool(call_id uuid)
returns public.tool_calls
language plpgsql
security definer
set search_path = ''
as $$
declare
  call public.tool_calls;
  tool public.tools;
  fn regprocedure;
  login uuid;
begin
  -- A second runner waits here, and then sees the end of the call. The row stays unlocked: the tool may need a session
  -- that is locked by the end of its turn, which needs the row.
  perform pg_advisory_xact_lock(hashtextextended('private.run_function_tool:' || call_id, 0));
  select * into call from public.tool_calls c where c.id = run_function_tool.call_id;
  if call.id is null or call.status <> 'pending' then
    return call;
  end if;
  select t.* into tool from public.tools t where t.slug = call.tool_slug and t.kind = 'function' and t.is_active;
  select to_regprocedure(t.function) into fn from private.tool_targets t where t.tool_slug = tool.slug;
  select p.auth_id into login from public.profiles p where p.id = call.user_id and private.can_act(p.id);

  call.status := 'failed';
  call.error := case
    when login is null then 'The account of the user is suspended or deleted.'
    when not exists (select from public.chat_turns t where t.id = call.turn_id and t.status = 'active')
      then 'The turn has ended.'
    when tool.slug is null or fn is null then 'This tool does not exist any more.'
    when private.function_problem(fn) is not null or private.function_parameters(fn) <> tool.parameters
      then 'This tool was changed and is out of use until its operator adds it again.'
    else private.argument_problem(tool.parameters, call.arguments)
  end;
  if call.error is null then
    begin
      call.output := private.cut_output(private.call_as_user(fn, call.arguments, login));
      call.status := 'complete';
      perform from public.tool_calls c where c.id = call.id and c.status = 'pending' for no key update;
      if not found then
        raise exception 'The turn has ended.';
      end if;
    exception
      -- The whole transaction is undone, so the caller may run the tool again.
      when deadlock_detected or serialization_failure then raise;
      -- "others" leaves out query_canceled and assert_failure.
      when query_canceled or assert_failure or others then
        call.output := null;
        call.error := private.tool_error(sqlstate, sqlerrm);
        raise log 'tool % failed with %', call.tool_slug, sqlstate using detail = call.id;
    end;
  end if;
  update public.tool_calls c
  set status = call.status, output = call.output, error = call.error, started_at = now(),
      finished_at = clock_timestamp()
  where c.id = run_function_tool.call_id and c.status = 'pending'
  returning * into call;
  if not found then
    select * into call from public.tool_calls c where c.id = run_function_tool.call_id;
  end if;
  return call;
end
$$;
comment on function private.run_function_tool(uuid) is
  'Runs the call of a function tool as the call''s user and stores what comes of it in the same transaction, so it '
  'takes effect exactly once; if the turn ends meanwhile, not at all. Returns the call; null if it was deleted. '
  'Definer: sets the claims of another user and reads private.tool_targets.';
grant execute on function private.run_function_tool(uuid) to service_role;

create function public.run_function_tool(tool_call_id uuid)
returns public.tool_calls
language sql
security invoker
set search_path = ''
-- PostgREST applies this to the whole transaction. Set inside a function, it would not end a running statement.
-- Source: https://docs.postgrest.org/en/stable/references/transactions.html#function-settings
set statement_timeout = '10s'
as $$
  select private.run_function_tool(tool_call_id)
$$;
comment on function public.run_function_tool(uuid) is
  'Service RPC: runs the call of a function tool, at most ten seconds, and returns the call. Repeating it runs nothing '
  'again.';
grant execute on function public.run_function_tool(uuid) to service_role;
