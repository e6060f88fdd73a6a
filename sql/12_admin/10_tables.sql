-- Tables of activity, notes, the audit log and rate counters, and the policies for reading.

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

-- Has no foreign keys, because a row outlives the profiles that it names.
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
  'Actions of users. Triggers log sign-ins, turns, uploads and the like; apps add others with log_activity. A user '
  'with a row of today counts as active today.';
comment on table public.admin_notes is 'Notes of admins about a user. The user cannot see them.';
comment on table public.audit_logs is
  'Everything that admins read and changed. Nobody can change a row, and only retention deletes rows. '
  'admin_list_audit reads the log.';
comment on column public.audit_logs.admin_id is 'Profile of the admin; null for npm run db:setup-admin.';
comment on column public.audit_logs.user_id is
  'Profile that the action was about; null for an action about many users.';
comment on column public.audit_logs.before is 'The changed values as they were before.';
comment on column public.audit_logs.details is
  'Parameters of the call, such as the filters of a list or the flagged note.';
comment on column public.audit_logs.ip_address is
  'First hop of x-forwarded-for; null if the header is missing or is not an address.';
comment on column private.rate_counters.minute is 'When the minute, hour or day begins.';
comment on table private.rate_counters is
  'Calls in the current period, one row for each limit (bucket) and subject. The next period overwrites the '
  'row.';

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

-- Serves a user's activity, newest first, its counts, and the foreign key.
create index user_activity_user_id_created_at_idx on public.user_activity (user_id, created_at desc);

-- Serves the count of users who were active today, and retention.
create index user_activity_created_at_user_id_idx on public.user_activity (created_at, user_id);

-- Serve the notes about a user, the foreign keys, and the list of flagged notes.
create index admin_notes_user_id_idx on public.admin_notes (user_id, created_at desc);
create index admin_notes_admin_id_idx on public.admin_notes (admin_id);
create index admin_notes_is_flagged_idx on public.admin_notes (created_at desc) where is_flagged;

-- Serve the audit log as a whole, about one user, and of one admin.
create index audit_logs_created_at_idx on public.audit_logs (created_at desc, id);
create index audit_logs_user_id_idx on public.audit_logs (user_id, created_at desc);
create index audit_logs_admin_id_idx on public.audit_logs (admin_id, created_at desc);

-- Serve admin_list_users sorted by date (also within a plan or role) and by name. profiles_email_key serves the order
-- by address.
create index profiles_created_at_idx on public.profiles (created_at, id) include (subscription_plan, role)
  where not is_deleted;
create index profiles_user_name_idx on public.profiles (lower(user_name), id) where not is_deleted;

-- Serves admin_list_users by role, and the check that an admin is left. The default role user is left out.
create index profiles_role_idx on public.profiles (role) where role <> 'user';

-- Serve a search in admin_list_users: text anywhere in address or name.
create index profiles_email_trgm_idx on public.profiles using gin (lower(email) extensions.gin_trgm_ops);
create index profiles_user_name_trgm_idx on public.profiles using gin (lower(user_name) extensions.gin_trgm_ops);
