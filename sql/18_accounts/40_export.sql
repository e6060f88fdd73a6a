-- The export of an account, section by section and page by page.

create function private.export_sections()
returns table (section text, source text, keys text[], condition text, session_key text, is_hidden boolean)
language sql
immutable
set search_path = ''
as $$
  values
    ('profiles', 'public.profiles', '{id}'::text[], 't.id = $1', null, false),
    ('custom_instructions', 'public.custom_instructions', '{user_id}', 't.user_id = $1', null, false),
    ('chat_sessions', 'public.chat_sessions', '{id}', 't.user_id = $1', null, false),
    ('chat_messages', 'public.chat_messages', '{session_id,seq}', null, 'integer', false),
    ('chat_turns', 'public.chat_turns', '{session_id,id}', null, 'uuid', false),
    ('tool_calls', 'public.tool_calls', '{session_id,id}', null, 'uuid', false),
    ('chat_files', 'public.chat_files', '{session_id,id}', null, 'uuid', false),
    ('vector_stores', 'public.vector_stores', '{session_id,id}', null, 'uuid', false),
    ('usage_counters', 'public.usage_counters', '{feature,period_start}', 't.user_id = $1', null, false),
    ('usage_metrics', 'public.usage_metrics', '{day,feature_type,model}', 't.user_id = $1', null, false),
    ('monthly_costs', 'public.monthly_costs', '{month}', 't.user_id = $1', null, false),
    ('stripe_customers', 'public.stripe_customers', '{id}', 't.user_id = $1', null, false),
    ('subscriptions', 'public.subscriptions', '{id}', 't.user_id = $1', null, false),
    ('subscription_items', 'public.subscription_items', '{id}',
      't.subscription_id in (select s.id from public.subscriptions s where s.user_id = $1)', null, false),
    ('payments', 'public.payments', '{id}', 't.user_id = $1', null, false),
    ('credit_grants', 'private.credit_grants', '{id}', 't.user_id = $1', null, true),
    ('organizations', 'public.organizations', '{id}',
      't.id = (select p.organization_id from public.profiles p where p.id = $1)', null, false),
    ('organization_invitations',
      '(select id, organization_id, email, role, invited_by, expires_at, created_at, updated_at
        from public.organization_invitations)',
      '{id}', 't.invited_by = $1', null, true),
    ('lookouts', 'public.lookouts', '{id}', 't.user_id = $1', null, false),
    ('lookout_runs', 'public.lookout_runs', '{lookout_id,scheduled_at}',
      't.user_id = $1 and t.lookout_id = any (array(select l.id from public.lookouts l where l.user_id = $1))',
      null, false),
    ('user_activity', 'public.user_activity', '{created_at,id}', 't.user_id = $1', null, false),
    ('bridge_tokens',
      '(select id, user_id, session_data, client_ip, user_agent, expires_at, redeemed_at, created_at
        from public.bridge_tokens)',
      '{id}', 't.user_id = $1', null, true),
    ('sync_logs', 'public.sync_logs', '{created_at,id}', 't.user_id = $1', null, true)
$$;
comment on function private.export_sections() is
  'The sections of an export. A section has the rows of source (t) that meet condition ($1 is the profile), in the '
  'order of keys. Keys are unique for a user and never change. With session_key, which is the type of the second key, '
  'rows are read session by session, in index order. is_hidden marks tables that clients cannot read.';
grant execute on function private.export_sections() to authenticated;

create function private.export_query(
  source text, keys text[], condition text, session_key text, after text[], max_rows integer
)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when session_key is null then format(
    'select array[%s], row_to_json(t)::text from %s t where %s %s order by %s',
    (select string_agg(format('t.%I::text', key), ', ' order by n) from unnest(keys) with ordinality as k (key, n)),
    source, condition,
    case when after is not null then format('and (%s) > (%s)', columns.list, (
      select string_agg(quote_nullable(value), ', ' order by n) from unnest(after) with ordinality as a (value, n)
    )) end,
    columns.list
  ) else format(
    'select array[s.id::text, t.%2$I::text], row_to_json(t)::text
     from (select c.id from public.chat_sessions c where c.user_id = $1 %4$s order by c.id) s
     cross join lateral (
       select r.* from %1$s r where r.session_id = s.id and r.user_id = $1 %5$s order by r.%2$I limit %3$s
     ) t
     order by s.id, t.%2$I',
    source, keys[2], max_rows,
    case when after is not null then format('and c.id >= %L', after[1]) end,
    case when after is not null then format(
      'and r.%I > case when s.id = %L then %L else %L end::%s', keys[2], after[1], after[2],
      case session_key when 'integer' then '0' else '00000000-0000-0000-0000-000000000000' end, session_key
    ) end
  ) end
  from (
    select string_agg(format('t.%I', key), ', ' order by n) as list from unnest(keys) with ordinality as k (key, n)
  ) columns
$$;
comment on function private.export_query(text, text[], text, text, text[], integer) is
  'The query of a section without its limit: keys as text, and the row as JSON. Only after comes from the caller, and '
  'it is quoted.';
grant execute on function private.export_query(text, text[], text, text, text[], integer) to authenticated;

create function private.read_export_page(section text, after text[])
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  max_rows constant integer := 1000;
  max_bytes constant integer := 1000000;
  me uuid := private.current_profile_id();
  query text := (
    select private.export_query(s.source, s.keys, s.condition, s.session_key, after, max_rows)
    from private.export_sections() s
    where s.section = read_export_page.section
      and (after is null or cardinality(after) = cardinality(s.keys))
  );
  bodies text[] := array[]::text[];
  bytes integer := 0;
  last_keys text[];
  body text;
begin
  -- Refuses an account that was deleted during its export, so that the rest is not exported as empty.
  if me is null then
    perform private.refuse(401, 'unknown_user', 'This login no longer exists. Sign in again or create a new account.');
  end if;
  if query is null then
    perform private.refuse(
      400, 'invalid_cursor',
      'The cursor of the export does not fit its section. Send the cursor of the previous page, or none.'
    );
  end if;

  for last_keys, body in execute query || ' limit ' || max_rows using me
  loop
    bodies := array_append(bodies, body);
    bytes := bytes + octet_length(body);
    exit when bytes >= max_bytes;
  end loop;
  return format('{"next":%s,"rows":[%s]}',
    case when cardinality(bodies) = max_rows or bytes >= max_bytes then to_json(last_keys)::text else 'null' end,
    array_to_string(bodies, ',')
  )::json;
end
$$;
comment on function private.read_export_page(text, text[]) is
  'One page of a section, with the caller''s rows as the running role sees them: 1000 rows at most, or about a '
  'megabyte.';
grant execute on function private.read_export_page(text, text[]) to authenticated;

create function private.read_hidden_export_page(section text, after text[])
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.read_export_page(section, after);
end
$$;
comment on function private.read_hidden_export_page(text, text[]) is
  'As read_export_page. Definer: the user owns rows in tables that clients cannot read; the caller is taken from the '
  'token.';
grant execute on function private.read_hidden_export_page(text, text[]) to authenticated;

create function private.export_account(section text, after text[])
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  is_hidden boolean := (select s.is_hidden from private.export_sections() s where s.section = export_account.section);
begin
  if is_hidden is null then
    perform private.refuse(
      404, 'unknown_section',
      'An export has no section with this name. Use one of the section names of AccountExport in types/api.ts.'
    );
  end if;
  if is_hidden then
    return private.read_hidden_export_page(section, after);
  end if;
  return private.read_export_page(section, after);
end
$$;
comment on function private.export_account(text, text[]) is
  'One page of a section. Tables that clients can read are read under the caller''s own row-level security.';
grant execute on function private.export_account(text, text[]) to authenticated;

create function public.export_account(section text, after text[] default null)
returns json
language sql
stable
security invoker
set search_path = ''
as $$
  select private.export_account(section, after)
$$;
comment on function public.export_account(text, text[]) is
  'Client RPC behind GET /account/export: { next, rows } of one section, such as chat_messages. next is the after of '
  'the next page, null on the last page.';
grant execute on function public.export_account(text, text[]) to authenticated;
