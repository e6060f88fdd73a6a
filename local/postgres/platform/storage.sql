-- The parts of the schema of Supabase Storage that policies and migrations need. Run by supabase_admin at every start;
-- idempotent. Source: https://github.com/supabase/storage/tree/master/migrations/tenant

create table if not exists storage.buckets (
  id text primary key,
  name text not null,
  owner uuid,
  owner_id text,
  public boolean default false,
  avif_autodetection boolean default false,
  file_size_limit bigint,
  allowed_mime_types text[],
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  constraint bname unique (name)
);

create table if not exists storage.objects (
  id uuid primary key default gen_random_uuid(),
  bucket_id text references storage.buckets (id),
  name text,
  owner uuid,
  owner_id text,
  path_tokens text[] generated always as (string_to_array(name, '/')) stored,
  version text,
  metadata jsonb,
  user_metadata jsonb,
  created_at timestamptz default now(),
  updated_at timestamptz default now(),
  last_accessed_at timestamptz default now(),
  constraint bucketid_objname unique (bucket_id, name)
);

comment on column storage.objects.owner is 'Deprecated by Supabase: use owner_id.';
comment on column storage.objects.owner_id is
  'Id of the user in auth.users who uploaded the object; null for the secret key.';

create or replace function storage.foldername(name text)
returns text[]
language sql
immutable
set search_path = ''
as $$
  select (string_to_array(name, '/'))[:array_length(string_to_array(name, '/'), 1) - 1]
$$;

create or replace function storage.filename(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select split_part(name, '/', -1)
$$;

create or replace function storage.extension(name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select split_part(split_part(name, '/', -1), '.', -1)
$$;

create or replace function storage.operation()
returns text
language sql
stable
set search_path = ''
as $$
  select current_setting('storage.operation', true)
$$;

create or replace function storage.update_updated_at_column()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;

create or replace trigger update_objects_updated_at
  before update on storage.objects
  for each row execute function storage.update_updated_at_column();

alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
