-- The private schema, closed default privileges, and the helpers that every later file uses.

create schema if not exists private;
comment on schema private is
  'The API never exposes this schema. It holds secrets, and security definer functions that thin public functions '
  'call.';

-- Revoke everything first; later files grant by name. Older projects grant everything to the API roles by default.
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, service_role;

alter default privileges for role postgres in schema public
  revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke all on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke all on functions from anon, authenticated, service_role;
alter default privileges for role postgres
  revoke execute on functions from public;

-- Parley does not use GraphQL, and GraphQL's introspection shows every table.
drop extension if exists pg_graphql;

create function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is
  'Trigger: sets updated_at to now. Runs before every update of a table that has this column.';

create function private.refuse(http_status integer, code text, hint text, detail jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if coalesce(btrim(hint), '') = '' then
    raise exception 'The refusal % has no hint.', code;
  end if;
  raise exception using
    errcode = 'PT' || http_status,
    message = code,
    detail = coalesce(detail::text, ''),
    hint = hint;
end
$$;
comment on function private.refuse(integer, text, text, jsonb) is
  'Raises a refusal that PostgREST returns with this HTTP status: a stable code, a hint that tells people what to '
  'do, and an optional detail.';
grant execute on function private.refuse(integer, text, text, jsonb) to authenticated, service_role;

create function private.schema_version()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select max(m.version) from supabase_migrations.schema_migrations m);
end
$$;
comment on function private.schema_version() is
  'Returns the version of the newest migration. Definer: only postgres may read the history of migrations.';
grant execute on function private.schema_version() to service_role;

create function public.schema_version()
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select private.schema_version()
$$;
comment on function public.schema_version() is
  'Service RPC of the health function: the version of the newest migration.';
grant execute on function public.schema_version() to service_role;

create function private.release()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0.1.0'
$$;
comment on function private.release() is
  'The release of Parley in this database. npm run check compares it with package.json and the functions.';
grant execute on function private.release() to service_role;

create function public.release()
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select private.release()
$$;
comment on function public.release() is
  'Service RPC: the release of Parley in this database. Used by the health function, and by functions that miss '
  'something in the database.';
grant execute on function public.release() to service_role;
