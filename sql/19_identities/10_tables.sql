-- What is remembered of an address whose account is gone, and the plan of logins without an address.

create table private.identities (
  hash bytea primary key,
  messages integer not null default 0,
  period_start timestamptz not null default now(),
  day date not null default '-infinity',
  messages_today integer not null default 0,
  month date not null default '-infinity',
  searches integer not null default 0,
  spent numeric(14, 6) not null default 0,
  trial_used_at timestamptz,
  constraint identities_hash_check check (octet_length(hash) = 32),
  constraint identities_amounts_check check (least(messages, messages_today, searches, spent) >= 0)
);

create table private.identity_peppers (
  is_only boolean primary key default true,
  pepper text not null default encode(extensions.gen_random_bytes(32), 'hex'),
  constraint identity_peppers_is_only_check check (is_only),
  constraint identity_peppers_pepper_check check (char_length(pepper) >= 32)
);

comment on table private.identities is
  'Usage of the current periods and a used trial, by a keyed hash of an address or a phone number. A row is written '
  'when an account is deleted, changes its address or subscribes. Retention deletes it.';
comment on column private.identities.hash is
  'HMAC-SHA256 of the address or phone number, keyed with the pepper. Names no profile.';
comment on column private.identities.messages is 'Messages used in the month that begins at period_start.';
comment on column private.identities.messages_today is 'Messages used on the UTC day in day.';
comment on column private.identities.searches is 'Searches used in the UTC month in month.';
comment on column private.identities.spent is 'US dollars that OpenAI cost in the UTC month in month.';
comment on column private.identities.trial_used_at is
  'When an account of this address last was known to have subscribed. Such an address gets no trial.';
comment on table private.identity_peppers is
  'The key of the hashes, where Supabase Vault is missing or a restored database brought its own. Otherwise the table '
  'is empty, and the key is the secret parley_identity_pepper of Vault.';

alter table private.identities enable row level security;
alter table private.identity_peppers enable row level security;

insert into public.plans
  (slug, name, rank, monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes,
    max_session_files, max_files, max_bytes, max_sessions, max_lookouts)
values
  ('anonymous', 'Anonymous', -10, 10, 10, 0, 10, 52428800, 0, 0, 0, 100, 0);
