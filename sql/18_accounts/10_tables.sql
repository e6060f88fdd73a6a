-- The list of accounts that are being deleted, and what happens to each row of an account.

-- What happens to each row of a user when the account is deleted:
--   profiles                 stays, anonymized by private.anonymize_profile; auth_id is cleared with the login
--   auth.sessions            deleted at once
--   auth.users               deleted last
--   chat_sessions            deleted with chat_messages, chat_turns, chat_files and vector_stores; the outbox deletes
--                            their objects at OpenAI and in Storage
--   storage.objects          deleted by the outbox: all objects in the profile's folder
--   custom_instructions, user_activity, admin_notes (about the user), bridge_tokens, sync_logs, usage_counters,
--   private.rate_counters    deleted
--   private.deleted_turns    deleted by retention after a day
--   lookouts                 deleted at once with lookout_runs, by the trigger profiles_drop_lookouts
--   organizations            deleted with the last member. Otherwise the API requires a transfer of ownership first;
--                            if the login is deleted directly, the ownership passes on by itself
--   organization_invitations deleted: invitations that the user sent, and invitations to the user's address
--   stripe_customers         stay for the rows that refer to them, without name, address and metadata, also customers
--                            that were created for the profile and never linked. The outbox deletes the customer at
--                            Stripe, which ends its subscriptions
--   subscriptions with their items, payments, private.credit_grants, usage_metrics, monthly_costs, audit_logs
--                            stay, because they are the books; payments keep what an invoice must say. Subscriptions
--                            lose what the user wrote: answers to the checkout, and why they canceled
--   private.identities       get a row for the hash of the address: used messages and trial, see 19_identities
--   admin_notes (by the user, about others)
--                            stay and name the anonymized profile

create table private.account_deletions (
  profile_id uuid primary key,
  requested_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  constraint account_deletions_profile_id_fkey foreign key (profile_id)
    references public.profiles (id) on delete cascade
);

comment on table private.account_deletions is
  'Accounts that are being deleted. A row stays for at least 15 minutes, because requests that were running when the '
  'account was closed may still write.';
comment on column private.account_deletions.due_at is
  'When the schedule may continue the deletion; later while a function works on it.';

alter table private.account_deletions enable row level security;

-- Serves the schedule: the deletions that are due.
create index account_deletions_due_at_idx on private.account_deletions (due_at);
-- Serves the deletion of an account: customers that were created for its profile and never linked.
create index stripe_customers_unlinked_profile_id_idx on public.stripe_customers ((metadata ->> 'profile_id'))
  where user_id is null;
-- Serves the deletion of an account: invitations to its address.
create index organization_invitations_email_idx on public.organization_invitations (email);
