-- Corrects the tables that @supabase/lite makes in auth and storage. Run by supabase_admin at every start; idempotent.

-- The sign-in method of each session, for the claim amr of its tokens.
create table if not exists auth.mfa_amr_claims (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null references auth.sessions (id) on delete cascade,
  authentication_method text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint mfa_amr_claims_session_id_authentication_method_pkey
    unique (session_id, authentication_method)
);

do $$
declare
  made record;
begin
  for made in
    select n.nspname as schema_name, c.relname as table_name
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('auth', 'storage')
      and c.relkind = 'r'
  loop
    execute format(
      'alter table %I.%I owner to %I', made.schema_name, made.table_name,
      case
        when made.schema_name = 'auth' then 'supabase_auth_admin'
        when made.table_name in ('buckets', 'objects') then 'supabase_storage_admin'
        else 'supabase_admin'
      end
    );
  end loop;
end
$$;

-- Only an owner can run `create policy on storage.objects`. On Supabase, an extension gives postgres this right, and
-- postgres is no member of the role. Its rights on the tables are the same here and there.
grant supabase_storage_admin to postgres;
grant all on all tables in schema auth to postgres, supabase_auth_admin;
revoke all on all tables in schema auth from anon, authenticated, service_role;
grant all on storage.buckets, storage.objects to postgres, anon, authenticated, service_role;
grant select on storage.buckets_vectors, storage.vector_indexes to anon, authenticated, service_role;
grant execute on all functions in schema auth, storage to anon, authenticated, service_role, postgres;

-- Replaces lite's own function, which returns null.
create or replace function auth.email()
returns text
language sql
stable
as $$
  select coalesce(
    nullif(current_setting('request.jwt.claim.email', true), ''),
    nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
  )
$$;

alter table auth.users
  add column if not exists instance_id uuid,
  add column if not exists is_super_admin boolean,
  add column if not exists recovery_sent_at timestamptz;
