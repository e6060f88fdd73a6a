-- Creates the roles and schemas that a Supabase project has before the first migration and that Parley needs. Run by
-- the bootstrap superuser supabase_admin at every start; idempotent. The caller replaces `:password` by a literal.

do $$
declare
  login constant text := 'login password ' || :password;
  wanted record;
begin
  for wanted in
    select *
    from (values
      ('anon', 'nologin noinherit'),
      ('authenticated', 'nologin noinherit'),
      ('service_role', 'nologin noinherit bypassrls'),
      ('authenticator', 'noinherit ' || login),
      ('supabase_auth_admin', 'noinherit createrole ' || login),
      ('supabase_storage_admin', 'noinherit createrole ' || login),
      ('postgres', 'createdb createrole replication bypassrls ' || login)
    ) as roles (name, options)
  loop
    if not exists (select from pg_roles where rolname = wanted.name) then
      execute format('create role %I %s', wanted.name, wanted.options);
    end if;
  end loop;
end
$$;

grant anon, authenticated, service_role to authenticator;
grant anon, authenticated, service_role, authenticator to postgres with admin option;
grant pg_monitor, pg_signal_backend, pg_read_all_data to postgres;

alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '8s';

create schema if not exists extensions;
create extension if not exists pgcrypto with schema extensions;
create extension if not exists "uuid-ossp" with schema extensions;
grant create on schema extensions to postgres;

do $$
begin
  execute format('alter database %I owner to postgres', current_database());
  execute format('alter database %I set search_path to "$user", public, extensions', current_database());
end
$$;
alter schema public owner to pg_database_owner;

-- Owned by supabase_admin, because `supabase db reset` would drop them otherwise.
create schema if not exists auth authorization supabase_admin;
create schema if not exists storage authorization supabase_admin;
grant usage on schema public, extensions, auth, storage
  to anon, authenticated, service_role, postgres, supabase_auth_admin, supabase_storage_admin;

do $$
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    create publication supabase_realtime;
  end if;
end
$$;
alter publication supabase_realtime owner to postgres;

-- PostgREST and the local REST app reload their schema caches on this notification.
create or replace function extensions.notify_schema_change()
returns event_trigger
language plpgsql
as $$
begin
  perform pg_notify('pgrst', 'reload schema');
end
$$;
drop event trigger if exists notify_schema_change;
create event trigger notify_schema_change
  on ddl_command_end execute function extensions.notify_schema_change();
drop event trigger if exists notify_schema_drop;
create event trigger notify_schema_drop
  on sql_drop execute function extensions.notify_schema_change();
