-- Tables of lookouts, which are prompts that run on a schedule, and of their runs, and the policies for reading.

create table public.lookouts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  title text not null,
  prompt text not null,
  assistant_slug text not null,
  frequency text not null,
  cron_schedule text not null,
  timezone text not null,
  next_run_at timestamptz,
  status text not null default 'active',
  last_run_at timestamptz,
  last_run_session_id uuid,
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint lookouts_id_user_id_key unique (id, user_id),
  constraint lookouts_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint lookouts_assistant_slug_fkey foreign key (assistant_slug)
    references public.assistants (slug) on update cascade,
  constraint lookouts_last_run_session_id_fkey foreign key (last_run_session_id, user_id)
    references public.chat_sessions (id, user_id) on delete set null (last_run_session_id),
  constraint lookouts_title_check check (char_length(title) between 1 and 200),
  constraint lookouts_prompt_check check (char_length(prompt) between 1 and 32000),
  constraint lookouts_frequency_check check (frequency in ('once', 'daily', 'weekly', 'monthly', 'yearly', 'cron')),
  constraint lookouts_cron_schedule_check check (char_length(cron_schedule) between 1 and 100),
  constraint lookouts_timezone_check check (char_length(timezone) between 1 and 64),
  constraint lookouts_status_check check (status in ('active', 'paused', 'archived', 'running')),
  constraint lookouts_next_run_at_check check ((status in ('paused', 'archived')) = (next_run_at is null))
);

create table public.lookout_runs (
  id uuid primary key default gen_random_uuid(),
  lookout_id uuid not null,
  user_id uuid not null,
  scheduled_at timestamptz not null,
  status text not null default 'running',
  session_id uuid,
  error jsonb,
  attempts integer not null default 1,
  next_run_at timestamptz,
  started_at timestamptz not null default now(),
  turn_started_at timestamptz,
  finished_at timestamptz,
  -- One index serves the foreign key and the runs of a lookout by time, and allows one run for each scheduled time.
  constraint lookout_runs_lookout_id_user_id_scheduled_at_key unique (lookout_id, user_id, scheduled_at),
  constraint lookout_runs_lookout_id_user_id_fkey foreign key (lookout_id, user_id)
    references public.lookouts (id, user_id) on delete cascade,
  constraint lookout_runs_session_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete set null (session_id),
  constraint lookout_runs_status_check check (status in ('running', 'complete', 'failed', 'skipped')),
  constraint lookout_runs_error_check check ((status in ('failed', 'skipped')) = (error is not null)),
  constraint lookout_runs_attempts_check check (attempts >= 0),
  constraint lookout_runs_finished_at_check check ((status = 'running') = (finished_at is null))
);

comment on table public.lookouts is
  'Prompts that run on a schedule. Only the lookouts function writes them, because it computes next_run_at.';
comment on column public.lookouts.cron_schedule is
  'Five fields, in the timezone. With frequency once: the local time as YYYY-MM-DDTHH:MM:SS, or an instant with Z.';
comment on column public.lookouts.timezone is 'IANA name of the timezone.';
comment on column public.lookouts.next_run_at is
  'While a scheduled run is running, the time that the run is for. Null while paused or archived.';
comment on column public.lookouts.status is
  'running during a run. A lookout that is paused or archived during a run keeps that status.';
comment on column public.lookouts.last_run_at is 'When the last run ended, not counting skipped runs.';
comment on column public.lookouts.lease_until is
  'During a run: when another caller may take the run over. Once OpenAI writes the reply, the end of the turn ends the '
  'run, and the lease only covers an end that was missed.';
comment on table public.lookout_runs is 'The last 100 runs of each lookout, one for each scheduled time.';
comment on column public.lookout_runs.scheduled_at is 'When the run was due, or when the user asked for it.';
comment on column public.lookout_runs.error is 'Why a run was skipped or failed: code and message.';
comment on column public.lookout_runs.attempts is
  'How often the run was claimed. Waiting for a limit or for a reply does not count.';
comment on column public.lookout_runs.next_run_at is
  'The next time of the lookout after this run. The function that starts the run computes it.';
comment on column public.lookout_runs.turn_started_at is
  'Set together with the session, in the transaction that charges the message. From then on the run is never started '
  'again.';

create trigger lookouts_touch
  before update of title, prompt, assistant_slug, frequency, cron_schedule, timezone, status on public.lookouts
  for each row execute function private.touch_updated_at();

alter table public.lookouts enable row level security;
alter table public.lookout_runs enable row level security;

grant select on public.lookouts, public.lookout_runs to authenticated;
grant select, insert, update, delete on public.lookouts, public.lookout_runs to service_role;

create policy lookouts_select_own on public.lookouts
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy lookout_runs_select_own on public.lookout_runs
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Each run changes its lookout several times.
alter table public.lookouts set (autovacuum_vacuum_scale_factor = 0.01);

-- Serves the list of a user's lookouts, and the order by age.
create index lookouts_user_id_created_at_idx on public.lookouts (user_id, created_at, id);

-- Serve the claim of due lookouts and of interrupted runs.
create index lookouts_active_next_run_at_idx on public.lookouts (next_run_at) where status = 'active';
create index lookouts_lease_until_idx on public.lookouts (lease_until) where lease_until is not null;
create index lookouts_leased_user_id_idx on public.lookouts (user_id) where lease_until is not null;

-- Allows a lookout one running run at most.
create unique index lookout_runs_running_lookout_id_key on public.lookout_runs (lookout_id) where status = 'running';

-- Serve the foreign keys.
create index lookouts_assistant_slug_idx on public.lookouts (assistant_slug);
create index lookouts_last_run_session_id_idx on public.lookouts (last_run_session_id, user_id);
create index lookout_runs_session_id_idx on public.lookout_runs (session_id, user_id);
