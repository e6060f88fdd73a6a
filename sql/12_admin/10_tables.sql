-- Activity, notes, the audit log and rate counters; who may read them.

create extension if not exists pg_trgm with schema extensions;

create table public.user_activity (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  action text not null,
  data jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint user_activity_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint user_activity_action_check check (action ~ '^[a-z][a-z0-9_.:-]{0,63}$'),
  constraint user_activity_data_check check (jsonb_typeof(data) = 'object' and octet_length(data::text) <= 4096)
);

create table public.admin_notes (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  admin_id uuid,
  note text not null,
  is_flagged boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint admin_notes_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint admin_notes_admin_id_fkey foreign key (admin_id) references public.profiles (id) on delete set null,
  constraint admin_notes_note_check check (char_length(note) between 1 and 5000)
);

-- Without foreign keys: a row outlives whom it names.
create table public.audit_logs (
  id uuid primary key default gen_random_uuid(),
  admin_id uuid,
  user_id uuid,
  action text not null,
  before jsonb,
  after jsonb,
  details jsonb not null default '{}',
  ip_address inet,
  created_at timestamptz not null default now()
);

create table private.rate_counters (
  bucket text not null,
  subject text not null,
  minute timestamptz not null,
  count integer not null,
  primary key (bucket, subject)
);

comment on table public.user_activity is
  'What a user did: sign-ins, turns and the like by themselves, the rest by log_activity. Who has a row today was active today.';
comment on table public.admin_notes is 'What admins noted about a user, who does not see it.';
comment on table public.audit_logs is
  'What admins read and changed. Rows cannot be changed; only retention deletes them. Read by admin_list_audit.';
comment on column public.audit_logs.admin_id is 'Profile of who acted; null for npm run db:setup-admin.';
comment on column public.audit_logs.user_id is 'Profile that it was about; null when it was about many.';
comment on column public.audit_logs.before is 'What a write changed, as it was.';
comment on column public.audit_logs.details is 'What was asked for: filters of a list, the note that was flagged.';
comment on column public.audit_logs.ip_address is 'First hop of x-forwarded-for; null when there is none that is an address.';
comment on table private.rate_counters is
  'Calls in the current minute, by what is limited and whom: one row each, which the next minute overwrites.';

create trigger admin_notes_touch
  before update on public.admin_notes
  for each row execute function private.touch_updated_at();

alter table public.user_activity enable row level security;
alter table public.admin_notes enable row level security;
alter table public.audit_logs enable row level security;
alter table private.rate_counters enable row level security;

grant select on public.user_activity to authenticated;
grant select, insert, update, delete on public.user_activity, public.admin_notes to service_role;
grant select, insert on public.audit_logs to service_role;

create policy user_activity_select_own on public.user_activity
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- A user's activity, newest first; counts and foreign key, too.
create index user_activity_user_id_created_at_idx on public.user_activity (user_id, created_at desc);

-- Who was active today; retention.
create index user_activity_created_at_user_id_idx on public.user_activity (created_at, user_id);

-- Notes about a user; foreign keys; what is flagged.
create index admin_notes_user_id_idx on public.admin_notes (user_id, created_at desc);
create index admin_notes_admin_id_idx on public.admin_notes (admin_id);
create index admin_notes_is_flagged_idx on public.admin_notes (created_at desc) where is_flagged;

-- The audit log: all of it, about a user, of an admin.
create index audit_logs_created_at_idx on public.audit_logs (created_at desc, id);
create index audit_logs_user_id_idx on public.audit_logs (user_id, created_at desc);
create index audit_logs_admin_id_idx on public.audit_logs (admin_id, created_at desc);

-- admin_list_users by date (of a plan or role, too) and by name; by address serves profiles_email_key.
create index profiles_created_at_idx on public.profiles (created_at, id) include (subscription_plan, role)
  where not is_deleted;
create index profiles_user_name_idx on public.profiles (lower(user_name), id) where not is_deleted;

-- admin_list_users by role, and whether an admin is left: most users are neither.
create index profiles_role_idx on public.profiles (role) where role <> 'user';

-- admin_list_users with a search: text anywhere in address or name.
create index profiles_email_trgm_idx on public.profiles using gin (lower(email) extensions.gin_trgm_ops);
create index profiles_user_name_trgm_idx on public.profiles using gin (lower(user_name) extensions.gin_trgm_ops);
