-- The private schema, closed default privileges, and the helpers that every later file uses: among them, the check of
-- a sign-in.

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

-- An access token works until it expires, also after a sign-out. Supabase documents this comparison as the way to
-- notice it: https://supabase.com/docs/guides/auth/signout
create function private.current_sign_in()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select s.id
    from auth.sessions s
    where s.id = (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id')::uuid
      and s.user_id = auth.uid()
      and (s.not_after is null or s.not_after > now())
  );
end
$$;
comment on function private.current_sign_in() is
  'Returns the session of Auth that the caller''s token belongs to; null if it has ended, as after a sign-out. '
  'Definer: the table belongs to the Auth service.';
grant execute on function private.current_sign_in() to authenticated;

create function private.require_signed_in()
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A tool runs for its user without a token. Clients cannot set this: PostgREST sets only request.* from a request.
  if (current_setting('parley.tool_user', true) = auth.uid()::text) is not true
    and private.current_sign_in() is null
  then
    perform private.refuse(401, 'session_ended', 'This sign-in has ended. Sign in again.');
  end if;
  return true;
end
$$;
comment on function private.require_signed_in() is
  'Returns true, or refuses with 401 a token whose sign-in has ended, as after a sign-out. Called by policies of '
  'every write. A tool that acts for the user needs no sign-in.';
grant execute on function private.require_signed_in() to authenticated;

create function private.require_named_sign_in(auth_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  sign_in text := nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-parley-sign-in';
begin
  if sign_in is not null and not exists (
    select from auth.sessions s
    where s.user_id = auth_user_id and s.id::text = sign_in and (s.not_after is null or s.not_after > now())
  ) then
    perform private.refuse(401, 'session_ended', 'This sign-in has ended. Sign in again.');
  end if;
end
$$;
comment on function private.require_named_sign_in(uuid) is
  'Refuses with 401 a call of an edge function for a token whose sign-in has ended. Such a call has the secret key, so '
  'the function names the session of the token in the header x-parley-sign-in. Schedules and webhooks send no such '
  'header. Source: https://docs.postgrest.org/en/stable/references/transactions.html#request-headers-cookies-and-jwt-claims';
