-- The bridge: a signed-in app signs its user in to another app, such as a desktop app, with a code that works once.

create table public.bridge_tokens (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  auth_session_id uuid not null,
  token_hash bytea not null,
  session_data jsonb not null default '{}',
  client_ip inet,
  user_agent text,
  expires_at timestamptz not null default now() + interval '5 minutes',
  redeemed_at timestamptz,
  created_at timestamptz not null default now(),
  constraint bridge_tokens_token_hash_key unique (token_hash),
  constraint bridge_tokens_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint bridge_tokens_session_data_check
    check (jsonb_typeof(session_data) = 'object' and octet_length(session_data::text) <= 4096)
);

create table public.sync_logs (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  event_type text not null,
  event_source text not null,
  data jsonb not null default '{}',
  client_ip inet,
  user_agent text,
  success boolean not null,
  error_message text,
  created_at timestamptz not null default now(),
  constraint sync_logs_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint sync_logs_error_message_check check (success = (error_message is null))
);

comment on table public.bridge_tokens is
  'Issued codes, used or not, until retention deletes them. Clients cannot read the table.';
comment on column public.bridge_tokens.token_hash is
  'SHA-256 of the code. issue_bridge_token returns the code only once.';
comment on column public.bridge_tokens.auth_session_id is
  'The session of Auth that asked for the code. A sign-out ends the session, and the code with it.';
comment on column public.bridge_tokens.session_data is 'Data that the issuing app passes to the redeeming app.';
comment on table public.sync_logs is
  'Codes that were issued and codes that were used up, so the rows of a code are bounded. An attempt that uses no code '
  'up writes no row: anybody may make such attempts. The request log names them. Clients cannot read the table.';
comment on column public.sync_logs.event_type is
  'bridge_issue, bridge_redeem, or bridge_session if Auth gave no session for a valid code.';
comment on column public.sync_logs.error_message is
  'Why a code that was used up gave no session: the error code of the refusal.';

create function private.log_sync(
  user_id uuid, event_type text, client_ip text, user_agent text, refusal text default null, data jsonb default '{}'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.sync_logs (user_id, event_type, event_source, data, client_ip, user_agent, success, error_message)
  values ($1, $2, 'bridge', $6, private.parse_address($3), left($4, 500), $5 is null, $5)
$$;
comment on function private.log_sync(uuid, text, text, text, text, jsonb) is 'Logs what became of a code.';
grant execute on function private.log_sync(uuid, text, text, text, text, jsonb) to service_role;

create function private.login_email(profile_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
  select nullif(u.email::text, '')
  from public.profiles p
  join auth.users u on u.id = p.auth_id
  where p.id = profile_id
    and u.email_confirmed_at is not null
$$;
comment on function private.login_email(uuid) is
  'The confirmed address of a profile''s login, or null. Only a confirmed address: the sign-in works like a mailed '
  'link and would confirm it.';

create function private.issue_bridge_token(session_data jsonb, client_ip text, user_agent text)
returns table (code text, expires_at timestamptz)
language plpgsql
security definer
set search_path = ''
as $$
declare
  me uuid := private.current_profile_id();
  clear_code text := private.random_token();
begin
  perform private.require_can_act();
  if private.login_email(me) is null then
    perform private.refuse(
      409, 'email_required',
      'The bridge needs a login with a confirmed email address. Add an email address to the login and confirm it.'
    );
  end if;
  perform private.require_small_object(session_data);
  perform private.require_rate('bridge_issue', me, (private.limits()).bridge_codes_per_minute);
  perform private.require_daily_rate('bridge_issue_day', me, (private.limits()).bridge_codes_per_day);

  perform private.log_sync(me, 'bridge_issue', client_ip, user_agent);
  return query
  insert into public.bridge_tokens as t (user_id, auth_session_id, token_hash, session_data, client_ip, user_agent)
  values (me, private.current_sign_in(), private.hash_token(clear_code), issue_bridge_token.session_data,
    private.parse_address(issue_bridge_token.client_ip), left(issue_bridge_token.user_agent, 500))
  returning clear_code, t.expires_at;
end
$$;
comment on function private.issue_bridge_token(jsonb, text, text) is
  'Issues a code that signs the caller in once within five minutes. Definer: clients cannot write codes; the caller '
  'is taken from the token.';
grant execute on function private.issue_bridge_token(jsonb, text, text) to authenticated;

create function public.issue_bridge_token(
  session_data jsonb default '{}', client_ip text default null, user_agent text default null
)
returns table (code text, expires_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select * from private.issue_bridge_token(session_data, client_ip, user_agent)
$$;
comment on function public.issue_bridge_token(jsonb, text, text) is
  'Client RPC behind POST /bridge: issues a code, 10 a minute and 100 a day at most. The code is returned only '
  'here. client_ip and user_agent are what the caller says.';
grant execute on function public.issue_bridge_token(jsonb, text, text) to authenticated;

create function private.use_bridge_token(code text)
returns table (token_id uuid, user_id uuid, session_data jsonb, refusal text)
language plpgsql
set search_path = ''
as $$
declare
  wanted bytea := private.hash_token(code);
  token public.bridge_tokens;
begin
  update public.bridge_tokens t
  set redeemed_at = now()
  where t.token_hash = wanted
    and t.redeemed_at is null
    and t.expires_at > now()
  returning * into token;
  if not found then
    select * into token from public.bridge_tokens t where t.token_hash = wanted;
    return query select token.id, token.user_id, null::jsonb,
      case when token.id is null then 'code_not_found' else 'code_expired' end;
    return;
  end if;
  return query select token.id, token.user_id, token.session_data, case
    when not private.can_act(token.user_id) then 'account_blocked'
    when not exists (
      select from auth.sessions s
      where s.id = token.auth_session_id and (s.not_after is null or s.not_after > now())
    ) then 'session_ended'
    when private.login_email(token.user_id) is null then 'email_required'
  end;
end
$$;
comment on function private.use_bridge_token(text) is
  'Uses a code up; of several concurrent calls, one succeeds. refusal says why the code was not accepted. Unknown and '
  'expired codes take the same work.';

create function private.redeem_bridge_token(code text, client_ip text, user_agent text)
returns table (refusal text, auth_user_id uuid, email text, session_data jsonb)
language plpgsql
security definer
set search_path = ''
as $$
declare
  subject text := private.network_bucket(private.parse_address(client_ip));
  used record;
begin
  if not private.within_rate('bridge_redeem', subject, 30) then
    return query select 'rate_limited', null::uuid, null::text, null::jsonb;
    return;
  end if;
  select * into used from private.use_bridge_token(code);
  -- These refusals use no code up. Logged, anybody could fill the table.
  if used.refusal is null or used.refusal not in ('code_not_found', 'code_expired') then
    perform private.log_sync(
      used.user_id, 'bridge_redeem', client_ip, user_agent, used.refusal,
      jsonb_build_object('token_id', used.token_id)
    );
  end if;
  if used.refusal is not null then
    return query select used.refusal, null::uuid, null::text, null::jsonb;
    return;
  end if;
  return query
  select null::text, p.auth_id, private.login_email(p.id), used.session_data
  from public.profiles p
  where p.id = used.user_id;
end
$$;
comment on function private.redeem_bridge_token(text, text, text) is
  'Redeems a code, and logs that it was used up. Definer: the login''s address is in auth.users.';
grant execute on function private.redeem_bridge_token(text, text, text) to service_role;

create function public.redeem_bridge_token(code text, client_ip text default null, user_agent text default null)
returns table (refusal text, auth_user_id uuid, email text, session_data jsonb)
language sql
security invoker
set search_path = ''
as $$
  select * from private.redeem_bridge_token(code, client_ip, user_agent)
$$;
comment on function public.redeem_bridge_token(text, text, text) is
  'Service RPC of the bridge function: the login that a code signs in, or a refusal: code_not_found, code_expired (or '
  'used), account_blocked, session_ended, email_required, rate_limited. The limit is 30 a minute for one address, or '
  'for all callers whose address is unknown. The function never raises these, so that a '
  'code stays used up and an attempt stays counted.';
grant execute on function public.redeem_bridge_token(text, text, text) to service_role;

create function public.log_bridge_failure(auth_user_id uuid, client_ip text, user_agent text, refusal text)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.log_sync(
    (select p.id from public.profiles p where p.auth_id = auth_user_id and not p.is_deleted),
    'bridge_session', client_ip, user_agent, refusal
  )
$$;
comment on function public.log_bridge_failure(uuid, text, text, text) is
  'Service RPC of the bridge function: logs that Auth gave no session for a code that was used up.';
grant execute on function public.log_bridge_failure(uuid, text, text, text) to service_role;

alter table public.bridge_tokens enable row level security;
alter table public.sync_logs enable row level security;

grant select, insert, update, delete on public.bridge_tokens, public.sync_logs to service_role;

-- Serve the foreign keys, and the attempts of a user, newest first.
create index bridge_tokens_user_id_idx on public.bridge_tokens (user_id);
create index sync_logs_user_id_idx on public.sync_logs (user_id, created_at desc);

-- Serve retention.
create index bridge_tokens_expires_at_idx on public.bridge_tokens (expires_at);
create index sync_logs_created_at_idx on public.sync_logs (created_at);
