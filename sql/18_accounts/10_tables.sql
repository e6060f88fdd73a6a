-- Accounts that are being deleted, and what becomes of every row of theirs.

-- What becomes of every row that belongs to a user when the account goes:
--   profiles                 stays, anonymized (private.anonymize_profile); auth_id goes with the login
--   auth.users, its sessions go: sessions at once, the login last
--   chat_sessions            go, and with them chat_messages, chat_turns, chat_files, vector_stores; by the outbox
--                            what they have at OpenAI and in Storage
--   storage.objects          go by the outbox, all in the profile's folder
--   custom_instructions, user_activity, admin_notes (about the user), bridge_tokens, sync_logs, usage_counters,
--   private.rate_counters    go
--   lookouts                 go at once, and with them lookout_runs (trigger profiles_drop_lookouts)
--   organizations            go with their last member; otherwise ownership is to be passed on before (API), or passes
--                            on by itself (login deleted directly)
--   organization_invitations go: those that the user sent, and those to the user's address
--   stripe_customers         stay for the rows that name them, without name, address and metadata, also those that were
--                            made for the profile and never linked; the customer at Stripe goes by the outbox, and ends
--                            its subscriptions
--   subscriptions, payments, private.credit_grants, usage_metrics, audit_logs
--                            stay: they are the books; payments keep what an invoice must say
--   admin_notes (by the user, about others)
--                            stay, and name the anonymized profile

create table private.account_deletions (
  profile_id uuid primary key,
  requested_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  constraint account_deletions_profile_id_fkey foreign key (profile_id) references public.profiles (id) on delete cascade
);

comment on table private.account_deletions is
  'Accounts that are being deleted. A row stays for 15 minutes at least: what was under way when the account was closed may still write.';
comment on column private.account_deletions.due_at is
  'When the schedule may go on with it; later while a function is at it.';

alter table private.account_deletions enable row level security;

-- What the schedule goes on with.
create index account_deletions_due_at_idx on private.account_deletions (due_at);
-- Customers that were made for a profile and never linked, when its account goes.
create index stripe_customers_unlinked_profile_id_idx on public.stripe_customers ((metadata ->> 'profile_id'))
  where user_id is null;
-- Invitations to an address, when its account goes.
create index organization_invitations_email_idx on public.organization_invitations (email);
