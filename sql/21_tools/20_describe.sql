-- Reads functions of schema tools: whether the model may call them, and the JSON Schema of their arguments.

create function private.type_schema(type_id oid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  kind pg_catalog.pg_type;
  item jsonb;
begin
  select * into kind from pg_catalog.pg_type t where t.oid = type_id;
  if kind.typtype = 'd' then
    return private.type_schema(kind.typbasetype);
  elsif kind.typtype = 'e' then
    return jsonb_build_object('type', 'string', 'enum', (
      select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = type_id
    ));
  elsif kind.typcategory = 'A' and kind.typelem <> 0 then
    item := private.type_schema(kind.typelem);
    return case when item is not null then jsonb_build_object('type', 'array', 'items', item) end;
  end if;
  return (select t.schema from private.tool_types t where t.type_name = pg_catalog.format_type(type_id, null));
end
$$;
comment on function private.type_schema(oid) is
  'Returns the JSON Schema of a type: of private.tool_types, an enum, a domain or an array of them. Null for others.';

create function private.function_arguments(function_id oid)
returns table (name text, type_id oid, is_optional boolean, "position" integer)
language sql
stable
set search_path = ''
as $$
  select p.proargnames[a.n], a.type_id, a.n > p.pronargs - p.pronargdefaults, a.n::integer
  from pg_catalog.pg_proc p, unnest(p.proargtypes::oid[]) with ordinality as a (type_id, n)
  where p.oid = function_id
$$;
comment on function private.function_arguments(oid) is
  'Returns the arguments of a function in their order, without the columns that it returns. For functions without '
  'OUT arguments.';

-- OpenAI's strict mode wants every argument required and nothing else allowed; an optional argument may be null.
-- Source: https://developers.openai.com/api/docs/guides/function-calling#strict-mode
create function private.function_parameters(function_id oid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object',
    'properties', coalesce(jsonb_object_agg(a.name, s.schema || case when a.is_optional then
      jsonb_build_object('type', jsonb_build_array(s.schema -> 'type', 'null'))
      || case when s.schema ? 'enum' then jsonb_build_object('enum', s.schema -> 'enum' || 'null'::jsonb) else '{}' end
    else '{}' end) filter (where a.name is not null), '{}'),
    'required', coalesce(jsonb_agg(a.name order by a."position") filter (where a.name is not null), '[]'),
    'additionalProperties', false
  )
  from private.function_arguments(function_id) a, private.type_schema(a.type_id) as s (schema)
$$;
comment on function private.function_parameters(oid) is
  'Returns the JSON Schema of a function''s arguments, as OpenAI''s strict mode wants it. An argument with a default '
  'may be null, and then has its default.';

create function private.function_code(function_id oid)
returns text
language sql
stable
set search_path = ''
as $$
  -- In one pass, so that neither quotes in comments nor dashes in strings matter.
  select regexp_replace(
    coalesce(pg_catalog.pg_get_function_sqlbody(function_id), p.prosrc),
    '''([^'']|'''')*''|--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', ' ', 'g'
  )
  from pg_catalog.pg_proc p
  where p.oid = function_id
$$;
comment on function private.function_code(oid) is 'Returns the body of a function without comments and strings.';

create function private.function_problem(function_id oid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  f pg_catalog.pg_proc;
  code text := private.function_code(function_id);
  bad text;
begin
  select * into f from pg_catalog.pg_proc p where p.oid = function_id;
  if f.prosecdef then
    return 'It is security definer, which would bypass the user''s policies. Make it security invoker.';
  elsif f.prokind <> 'f' then
    return 'It is no plain function. Write a function; procedures and aggregates cannot be called.';
  elsif (select l.lanname from pg_catalog.pg_language l where l.oid = f.prolang) not in ('sql', 'plpgsql') then
    return 'Its language is neither sql nor plpgsql. Use one of them.';
  elsif (select count(*) from pg_catalog.pg_proc p where p.pronamespace = f.pronamespace and p.proname = f.proname) > 1
  then
    return 'There are several functions with this name. Give each its own name.';
  elsif not exists (select from unnest(f.proconfig) as s where s like 'search\_path=%') then
    return 'It has no search_path of its own. Add "set search_path = ''''".';
  elsif exists (select from unnest(f.proconfig) as s where s not like 'search\_path=%') then
    return 'It sets more than search_path. Remove the other settings.';
  elsif f.provariadic <> 0 or exists (select from unnest(f.proargmodes) as m where m not in ('i', 't')) then
    return 'It has OUT, INOUT or VARIADIC arguments. Use "returns table (…)" or an array.';
  elsif f.prorettype in ('record'::regtype, 'trigger'::regtype) and not 't' = any (coalesce(f.proargmodes, '{}')) then
    return 'Its result has no named columns. Use "returns table (…)".';
  elsif exists (
    select from private.function_arguments(function_id) a where coalesce(a.name, '') = ''
  ) then
    return 'It has an argument without a name. Name every argument.';
  end if;

  select format('%s (%s)', a.name, pg_catalog.format_type(a.type_id, null)) into bad
  from private.function_arguments(function_id) a
  where private.type_schema(a.type_id) is null
  order by a."position"
  limit 1;
  if bad is not null then
    return format('The type of its argument %s cannot be described. Use another type, or add it to private.tool_types.',
      bad);
  elsif code ~* '\mset_config\M' or code ~* '\mexecute\M'
    or code ~* '(^|;|\mbegin\M|\mthen\M|\melse\M|\mloop\M)\s*(set|reset|discard|grant|revoke)\M'
  then
    return 'Its body changes settings or roles, or runs text as SQL. Remove set, set_config, reset and execute.';
  elsif coalesce(pg_catalog.obj_description(function_id, 'pg_proc'), '') = '' then
    return 'It has no comment. The model reads the comment to know what the function does: use "comment on function".';
  end if;
  return null;
end
$$;
comment on function private.function_problem(oid) is
  'Returns why the model may not call a function of schema tools, and what to do; null if it may. Checked when a tool '
  'is added, and again at every call, because a function can be replaced. Guards against accidents: the function is '
  'the operator''s.';
