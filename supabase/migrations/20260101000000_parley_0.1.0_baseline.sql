-- Parley 0.1.0, written from sql/ by `npm run db:baseline`. Edit the files of sql/ instead.

-- From sql/00_foundation.sql

-- The private schema, closed default privileges, and the helpers that every later file uses: among them, the check of
-- a sign-in.

create schema if not exists private;
comment on schema private is
  'The API never exposes this schema. It holds secrets, and security definer functions that thin public functions '
  'call.';

-- Revoke everything first; later files grant by name. Older projects grant everything to the API roles by default.
revoke all on schema private from public;
grant usage on schema private to anon, authenticated, service_role;

alter default privileges for role postgres in schema public
  revoke all on tables from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke all on sequences from anon, authenticated, service_role;
alter default privileges for role postgres in schema public
  revoke all on functions from anon, authenticated, service_role;
alter default privileges for role postgres
  revoke execute on functions from public;

-- Parley does not use GraphQL, and GraphQL's introspection shows every table.
drop extension if exists pg_graphql;

create function private.touch_updated_at()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end
$$;
comment on function private.touch_updated_at() is
  'Trigger: sets updated_at to now. Runs before every update of a table that has this column.';

create function private.refuse(http_status integer, code text, hint text, detail jsonb default null)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if coalesce(btrim(hint), '') = '' then
    raise exception 'The refusal % has no hint.', code;
  end if;
  raise exception using
    errcode = 'PT' || http_status,
    message = code,
    detail = coalesce(detail::text, ''),
    hint = hint;
end
$$;
comment on function private.refuse(integer, text, text, jsonb) is
  'Raises a refusal that PostgREST returns with this HTTP status: a stable code, a hint that tells people what to '
  'do, and an optional detail.';
grant execute on function private.refuse(integer, text, text, jsonb) to authenticated, service_role;

create function private.schema_version()
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select max(m.version) from supabase_migrations.schema_migrations m);
end
$$;
comment on function private.schema_version() is
  'Returns the version of the newest migration. Definer: only postgres may read the history of migrations.';
grant execute on function private.schema_version() to service_role;

create function public.schema_version()
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select private.schema_version()
$$;
comment on function public.schema_version() is
  'Service RPC of the health function: the version of the newest migration.';
grant execute on function public.schema_version() to service_role;

create function private.release()
returns text
language sql
immutable
set search_path = ''
as $$
  select '0.1.0'
$$;
comment on function private.release() is
  'The release of Parley in this database. npm run check compares it with package.json and the functions.';
grant execute on function private.release() to service_role;

create function public.release()
returns text
language sql
immutable
security invoker
set search_path = ''
as $$
  select private.release()
$$;
comment on function public.release() is
  'Service RPC: the release of Parley in this database. Used by the health function, and by functions that miss '
  'something in the database.';
grant execute on function public.release() to service_role;

-- An access token works until it expires, also after a sign-out. Supabase documents this comparison as the way to
-- notice it: https://supabase.com/docs/guides/auth/signout
create function private.current_sign_in()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select s.id
    from auth.sessions s
    where s.id = (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'session_id')::uuid
      and s.user_id = auth.uid()
      and (s.not_after is null or s.not_after > now())
  );
end
$$;
comment on function private.current_sign_in() is
  'Returns the session of Auth that the caller''s token belongs to; null if it has ended, as after a sign-out. '
  'Definer: the table belongs to the Auth service.';
grant execute on function private.current_sign_in() to authenticated;

create function private.require_signed_in()
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  -- A tool runs for its user without a token. Clients cannot set this: PostgREST sets only request.* from a request.
  if (current_setting('parley.tool_user', true) = auth.uid()::text) is not true
    and private.current_sign_in() is null
  then
    perform private.refuse(401, 'session_ended', 'This sign-in has ended. Sign in again.');
  end if;
  return true;
end
$$;
comment on function private.require_signed_in() is
  'Returns true, or refuses with 401 a token whose sign-in has ended, as after a sign-out. Called by policies of '
  'every write. A tool that acts for the user needs no sign-in.';
grant execute on function private.require_signed_in() to authenticated;

create function private.require_named_sign_in(auth_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  sign_in text := nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-parley-sign-in';
begin
  if sign_in is not null and not exists (
    select from auth.sessions s
    where s.user_id = auth_user_id and s.id::text = sign_in and (s.not_after is null or s.not_after > now())
  ) then
    perform private.refuse(401, 'session_ended', 'This sign-in has ended. Sign in again.');
  end if;
end
$$;
comment on function private.require_named_sign_in(uuid) is
  'Refuses with 401 a call of an edge function for a token whose sign-in has ended. Such a call has the secret key, so '
  'the function names the session of the token in the header x-parley-sign-in. Schedules and webhooks send no such '
  'header. Source: https://docs.postgrest.org/en/stable/references/transactions.html#request-headers-cookies-and-jwt-claims';

-- From sql/01_users.sql

-- Profiles: the users of the product. Triggers keep them in step with auth.users.

create type public.user_role as enum ('user', 'premium', 'admin', 'banned');
create type public.membership_status as enum ('active', 'inactive', 'canceled', 'past_due');

create table public.profiles (
  id uuid primary key default gen_random_uuid(),
  auth_id uuid,
  email text,
  user_name text,
  organization_name text,
  avatar_url text,
  role public.user_role not null default 'user',
  membership_status public.membership_status not null default 'active',
  organization_id uuid,
  organization_role text,
  stripe_customer_id text,
  stripe_subscription_id text,
  stripe_product_id text,
  subscription_plan text not null default 'free',
  subscription_quota integer,
  subscription_usage integer not null default 0,
  quota_last_reset timestamptz not null default now(),
  tokens integer not null default 0,
  tokens_expires_at timestamptz,
  is_active boolean not null default true,
  email_confirmed boolean not null default false,
  auth_provider text not null default 'email',
  is_anonymous boolean not null default false,
  is_deleted boolean not null default false,
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint profiles_auth_id_key unique (auth_id),
  constraint profiles_auth_id_fkey foreign key (auth_id) references auth.users (id) on delete set null,
  constraint profiles_stripe_customer_id_key unique (stripe_customer_id),
  constraint profiles_user_name_check check (char_length(user_name) <= 200),
  constraint profiles_organization_name_check check (char_length(organization_name) <= 200),
  constraint profiles_avatar_url_check check (avatar_url ~ '^https?://' and char_length(avatar_url) <= 2048),
  constraint profiles_organization_role_check check (organization_role in ('owner', 'admin', 'member')),
  constraint profiles_subscription_quota_check check (subscription_quota >= 0),
  constraint profiles_subscription_usage_check check (subscription_usage >= 0),
  constraint profiles_tokens_check check (tokens >= 0),
  constraint profiles_deleted_at_check check (is_deleted = (deleted_at is not null))
);

comment on table public.profiles is
  'One row per user of the product. The row is anonymized when the account is deleted; it is never deleted.';
comment on column public.profiles.auth_id is
  'The login in auth.users. Becomes null once the login is deleted, which happens after is_deleted is set.';
comment on column public.profiles.email is 'Follows auth.users. Null for phone and anonymous sign-ins.';
comment on column public.profiles.membership_status is 'Describes the state of billing. It blocks nothing by itself.';
comment on column public.profiles.subscription_quota is
  'Messages per period, copied from the plan. Null means unlimited.';
comment on column public.profiles.subscription_usage is 'Messages used since quota_last_reset.';
comment on column public.profiles.tokens is 'Credits. One credit pays for one message beyond the quota.';
comment on column public.profiles.is_anonymous is
  'Follows auth.users: the login has neither an address nor a phone. Without another plan, it has the plan anonymous.';
comment on column public.profiles.is_active is 'An administrator sets this to false to suspend the account.';

create function private.metadata_text(metadata jsonb, keys text[], max_length integer)
returns text
language sql
immutable
set search_path = ''
as $$
  select left(metadata ->> k.key, max_length)
  from unnest(keys) with ordinality as k (key, position)
  where nullif(btrim(metadata ->> k.key), '') is not null
  order by k.position
  limit 1
$$;
comment on function private.metadata_text(jsonb, text[], integer) is
  'Returns the first non-empty value of the named keys in the sign-up metadata, cut to max_length. Clients and '
  'providers send the metadata, so it is not trusted.';

create function private.create_profile(auth_user auth.users)
returns void
language plpgsql
set search_path = ''
as $$
declare
  metadata jsonb := coalesce(auth_user.raw_user_meta_data::jsonb, '{}');
  picture text := private.metadata_text(metadata, array['avatar_url', 'picture'], 2048);
  fresh public.profiles;
begin
  fresh.auth_id := auth_user.id;
  fresh.email := nullif(auth_user.email::text, '');
  fresh.user_name := private.metadata_text(metadata, array['user_name', 'full_name', 'name'], 200);
  fresh.avatar_url := case when picture ~ '^https?://' then picture end;
  fresh.email_confirmed := auth_user.email_confirmed_at is not null;
  fresh.auth_provider := coalesce(auth_user.raw_app_meta_data::jsonb ->> 'provider', 'email');
  fresh.is_anonymous := coalesce(auth_user.is_anonymous, false);
  fresh.subscription_usage := 0;
  fresh.quota_last_reset := now();
  -- A new account of a known address goes on where the deleted one stopped.
  fresh := private.with_known_usage(fresh, private.login_hashes(auth_user));

  insert into public.profiles (auth_id, email, user_name, avatar_url, email_confirmed, auth_provider, is_anonymous,
    subscription_plan, subscription_usage, quota_last_reset)
  select fresh.auth_id, fresh.email, fresh.user_name, fresh.avatar_url, fresh.email_confirmed, fresh.auth_provider,
    fresh.is_anonymous, private.base_plan(fresh.is_anonymous), fresh.subscription_usage, fresh.quota_last_reset
  on conflict do nothing;

  -- With single sign-on, two logins may have the same email address. The second profile is created without the address.
  insert into public.profiles (auth_id, email, user_name, avatar_url, email_confirmed, auth_provider,
    subscription_usage, quota_last_reset)
  select fresh.auth_id, null, fresh.user_name, fresh.avatar_url, false, fresh.auth_provider,
    fresh.subscription_usage, fresh.quota_last_reset
  where not exists (select from public.profiles p where p.auth_id = fresh.auth_id)
  on conflict do nothing;

  perform private.recall_counters(p.id, private.login_hashes(auth_user))
  from public.profiles p
  where p.auth_id = fresh.auth_id;
end
$$;
comment on function private.create_profile(auth.users) is
  'Creates the profile of a login unless it has one. Called by the sign-up trigger and by ensure_profile.';

create function private.handle_auth_user_created()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.create_profile(new);
  return new;
exception when others then
  raise warning 'profile for auth user % was not created: %', new.id, sqlerrm;
  return new;
end
$$;
comment on function private.handle_auth_user_created() is
  'Trigger on auth.users: creates the profile. A failure never makes the sign-up fail; ensure_profile repairs it '
  'later. Definer: the Auth service has no rights on profiles.';

create function private.handle_auth_user_updated()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  taken boolean := exists (
    select from public.profiles p
    where lower(p.email) = lower(new.email) and p.auth_id is distinct from new.id
  );
  profile public.profiles;
begin
  select * into profile from public.profiles p where p.auth_id = new.id and not p.is_deleted for no key update;
  profile := private.follow_identities(profile, private.login_hashes(old), private.login_hashes(new));
  -- With single sign-on, another login may already have the new address. The profile then keeps its address and
  -- confirmation, but the provider is copied.
  update public.profiles p
  set email = case when taken then p.email else nullif(new.email::text, '') end,
      email_confirmed = case when taken then p.email_confirmed else new.email_confirmed_at is not null end,
      auth_provider = coalesce(new.raw_app_meta_data::jsonb ->> 'provider', p.auth_provider),
      is_anonymous = coalesce(new.is_anonymous, false),
      subscription_usage = profile.subscription_usage,
      quota_last_reset = profile.quota_last_reset
  where p.id = profile.id;
  return new;
exception when others then
  raise warning 'profile of auth user % does not follow: %', new.id, sqlerrm;
  return new;
end
$$;
comment on function private.handle_auth_user_updated() is
  'Trigger on auth.users: copies a changed email address, confirmation or provider to the profile. A login that gets '
  'an address leaves the plan anonymous and keeps its usage. Definer: the Auth service has no rights on profiles.';

create function private.anonymize_profile(profile_id uuid)
returns void
language sql
set search_path = ''
as $$
  update public.profiles
  set email = null, user_name = null, organization_name = null, avatar_url = null,
      is_active = false, email_confirmed = false, is_deleted = true, deleted_at = now()
  where id = profile_id
    and not is_deleted
$$;
comment on function private.anonymize_profile(uuid) is
  'Removes all personal data from a profile and marks it as deleted. The row stays for records that must be kept. '
  'auth_id stays until the login is deleted, so its remaining access tokens cannot create another profile.';

-- plpgsql caches its query plan for the connection. A function in SQL would be planned again at every statement.
create function private.current_profile_id()
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (select p.id from public.profiles p where p.auth_id = auth.uid() and not p.is_deleted);
end
$$;
comment on function private.current_profile_id() is
  'Returns the id of the caller''s profile. Every owner policy calls it, once per statement. Definer: the policy on '
  'profiles itself compares with this id, so it cannot read profiles under that policy.';
grant execute on function private.current_profile_id() to authenticated, service_role;

create function private.can_act(profile_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.profiles p
    where p.id = profile_id
      and p.role <> 'banned'
      and p.is_active
      and not p.is_deleted
  );
end
$$;
comment on function private.can_act(uuid) is
  'The one rule for who may start anything: a profile that is not banned, is active and is not deleted.';

create function private.require_active(profile_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_act(profile_id) then
    perform private.refuse(
      403, 'account_blocked',
      'This account is suspended. Ask an administrator of this service to lift the suspension.'
    );
  end if;
end
$$;
comment on function private.require_active(uuid) is 'Refuses with 403 a profile that may not start anything.';

create function private.may_act()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.can_act(private.current_profile_id()) and private.current_sign_in() is not null;
end
$$;
comment on function private.may_act() is
  'Tells whether the caller may start anything. Called by policies of Storage, which cannot pass on Parley''s '
  'refusals. Definer: private.can_act is not granted.';
grant execute on function private.may_act() to authenticated;

create function private.require_can_act()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_active(private.current_profile_id());
  return private.require_signed_in();
end
$$;
comment on function private.require_can_act() is
  'Returns true, or refuses with 403 account_blocked, or with 401 session_ended a token whose sign-in has ended. '
  'Whatever outlives a token starts here: chats, share links, invitations, bridge codes. Called by insert policies. '
  'Definer: private.require_active is not granted.';
grant execute on function private.require_can_act() to authenticated;

create function private.ensure_profile(auth_user_id uuid)
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  found_profile public.profiles;
begin
  select * into found_profile from public.profiles p where p.auth_id = auth_user_id;
  if found_profile.id is null then
    perform private.create_profile(u) from auth.users u where u.id = auth_user_id;
    select * into found_profile from public.profiles p where p.auth_id = auth_user_id;
  end if;
  if found_profile.id is null or found_profile.is_deleted then
    perform private.refuse(401, 'unknown_user', 'This login no longer exists. Sign in again or create a new account.');
  end if;
  perform private.require_named_sign_in(auth_user_id);
  return found_profile;
end
$$;
comment on function private.ensure_profile(uuid) is
  'Returns the profile of a login and creates it if the sign-up trigger could not. Refuses with 401 when the login '
  'is gone, its account is being deleted, or the sign-in that an edge function names has ended.';

create function private.lock_profile(auth_user_id uuid, must_act boolean default true)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
begin
  perform from public.profiles p where p.id = profile.id for no key update;
  if must_act then
    perform private.require_active(profile.id);
  end if;
  return profile.id;
end
$$;
comment on function private.lock_profile(uuid, boolean) is
  'Locks the profile of a login, so that its counts cannot change meanwhile, and returns its id. With must_act, '
  'refuses with 403 a profile that may not act. The lock order is the same everywhere: profile, session, rows of the '
  'session.';

create function private.ensure_my_profile()
returns public.profiles
language sql
security definer
set search_path = ''
as $$
  select private.ensure_profile(auth.uid())
$$;
comment on function private.ensure_my_profile() is
  'Returns the caller''s own profile and creates it if it is missing. Definer: clients may not insert profiles. The '
  'caller is read from the access token only.';
grant execute on function private.ensure_my_profile() to authenticated;

create function public.ensure_profile()
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.ensure_my_profile()
$$;
comment on function public.ensure_profile() is
  'Client RPC: returns the caller''s profile and creates it if sign-up could not.';
grant execute on function public.ensure_profile() to authenticated;

create trigger profiles_touch
  before update on public.profiles
  for each row execute function private.touch_updated_at();

alter table public.profiles enable row level security;

grant select on public.profiles to authenticated;
grant update (user_name, organization_name, avatar_url) on public.profiles to authenticated;
grant select, insert, update, delete on public.profiles to service_role;

create policy profiles_select_own on public.profiles
  for select to authenticated
  using (id = (select private.current_profile_id()));

-- Other members of the organization see the name and the picture.
create policy profiles_update_own on public.profiles
  for update to authenticated
  using (id = (select private.current_profile_id()))
  with check ((select private.require_can_act()) and id = (select private.current_profile_id()));

-- From sql/02_chat_sessions.sql

-- The catalogue of assistants, and chat sessions with them.

create table public.assistants (
  slug text primary key,
  name text not null,
  description text not null,
  model text not null,
  capabilities text[] not null default '{}',
  temperature numeric(3, 2),
  reasoning_effort text,
  max_output_tokens integer,
  max_tool_calls integer,
  web_with_tools text[],
  max_files integer not null default 100,
  starters text[] not null default '{}',
  required_plan text,
  is_active boolean not null default true,
  sort_order integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint assistants_slug_check check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  constraint assistants_temperature_check check (temperature between 0 and 2),
  constraint assistants_max_output_tokens_check check (max_output_tokens >= 16),
  constraint assistants_max_tool_calls_check check (max_tool_calls > 0),
  constraint assistants_max_files_check check (max_files between 0 and 1000),
  constraint assistants_reasoning_effort_check
    check (reasoning_effort in ('none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'))
);

create table private.assistant_instructions (
  slug text primary key,
  instructions text not null,
  constraint assistant_instructions_slug_fkey foreign key (slug)
    references public.assistants (slug) on update cascade on delete cascade
);

create table public.chat_sessions (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default private.current_profile_id(),
  assistant_slug text not null,
  thread_id text,
  title text,
  title_origin text,
  visibility text not null default 'private',
  share_token text,
  archived_at timestamptz,
  message_count integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint chat_sessions_id_user_id_key unique (id, user_id),
  constraint chat_sessions_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint chat_sessions_assistant_slug_fkey foreign key (assistant_slug)
    references public.assistants (slug) on update cascade,
  constraint chat_sessions_thread_id_key unique (thread_id),
  constraint chat_sessions_share_token_key unique (share_token),
  constraint chat_sessions_title_check check (char_length(title) between 1 and 200),
  constraint chat_sessions_title_origin_check check (title_origin in ('question', 'model', 'user')),
  constraint chat_sessions_title_origin_title_check check ((title is null) = (title_origin is null)),
  constraint chat_sessions_visibility_check check (visibility in ('private', 'public')),
  constraint chat_sessions_share_token_check check ((visibility = 'public') = (share_token is not null)),
  constraint chat_sessions_message_count_check check (message_count >= 0)
);

comment on table public.assistants is
  'The catalogue of assistants, addressed by slug. Their instructions stay in private.assistant_instructions.';
comment on column public.assistants.capabilities is
  'What the assistant can do: the types of OpenAI''s tools, such as web_search, and the slugs of other tools. Follows '
  'assistant_tools.';
comment on column public.assistants.temperature is
  'Sent to OpenAI only when set. Refused if the model in public.models does not take it.';
comment on column public.assistants.reasoning_effort is
  'Sent to OpenAI only when set. Refused if the model in public.models does not take it.';
comment on column public.assistants.max_output_tokens is
  'Most tokens of a reply, reasoning included. Null: turn_policy decides. The plan and the model may allow less.';
comment on column public.assistants.max_tool_calls is
  'Most calls of tools for a reply: of OpenAI''s own in each response, and of the others in all. Null: turn_policy '
  'decides.';
comment on column public.assistants.web_with_tools is
  'The domains that may be searched when the assistant has tools of kind function, http or mcp; {} allows all. Null: '
  'web search is off then, because a web page could make the model call them.';
comment on column public.assistants.max_files is
  'Most files of the assistant itself. Every turn with it reads their names, so there are at most 1000.';
comment on column public.assistants.starters is 'Suggestions for a first message.';
comment on column public.assistants.required_plan is
  'The lowest plan that may use the assistant. Null means every plan.';
comment on table private.assistant_instructions is
  'The instructions of each assistant. No client may read them; start_turn hands them to the chat function.';
comment on table public.chat_sessions is 'One chat of a profile with an assistant.';
comment on column public.chat_sessions.thread_id is
  'The conversation at OpenAI, while it matches our messages. If null, the next turn builds a new conversation from '
  'our messages.';
comment on column public.chat_sessions.title_origin is
  'Who named the chat: question (its first words, until there is something better), model, or user. The model never '
  'replaces a title of the user.';
comment on column public.chat_sessions.share_token is
  'Set while the session is public. Anyone who has the token can read the chat. A chat that is shared again gets a '
  'new token.';
comment on column public.chat_sessions.updated_at is
  'Time of the last activity. New messages update it, and the list of chats is sorted by it.';

create function private.random_token()
returns text
language sql
set search_path = ''
as $$
  select translate(encode(extensions.gen_random_bytes(24), 'base64'), '+/', '-_')
$$;
comment on function private.random_token() is
  'Returns 192 random bits as 32 characters that need no escaping in a URL.';

create function private.refuse_unknown_session()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    404, 'session_not_found',
    'This chat does not exist or belongs to another user. Open another chat or start a new one.'
  );
end
$$;
comment on function private.refuse_unknown_session() is
  'Refuses with 404 a session that does not exist or belongs to another user. Both get the same refusal.';

create function private.set_chat_visibility(session_id uuid, visibility text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  share_token text;
begin
  if visibility is null or visibility not in ('private', 'public') then
    perform private.refuse(400, 'invalid_visibility', 'A chat cannot have this visibility. Choose private or public.');
  end if;
  -- A suspended user may still make a chat private again.
  if visibility = 'public' then
    perform private.require_can_act();
  else
    perform private.require_signed_in();
  end if;

  update public.chat_sessions s
  set visibility = set_chat_visibility.visibility,
      share_token = case
        when set_chat_visibility.visibility = 'public' then coalesce(s.share_token, private.random_token())
      end
  where s.id = session_id
    and s.user_id = private.current_profile_id()
  returning s.share_token into share_token;
  if not found then
    perform private.refuse_unknown_session();
  end if;
  return share_token;
end
$$;
comment on function private.set_chat_visibility(uuid, text) is
  'Shares a session of the caller or makes it private again. Definer: clients may write neither visibility nor '
  'token. The function checks that the session is the caller''s.';
grant execute on function private.set_chat_visibility(uuid, text) to authenticated;

create function public.set_chat_visibility(session_id uuid, visibility text)
returns text
language sql
security invoker
set search_path = ''
as $$
  select private.set_chat_visibility(session_id, visibility)
$$;
comment on function public.set_chat_visibility(uuid, text) is
  'Client RPC: shares a chat or makes it private. public returns the token of the share link, which stays the same '
  'while the chat is public. private disables the link at once and returns null.';
grant execute on function public.set_chat_visibility(uuid, text) to authenticated;

create function private.shared_part(part jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_strip_nulls(case
    when part ->> 'type' = 'text' then jsonb_build_object('type', 'text', 'text', part -> 'text')
    when part ->> 'type' = 'source-url' and part ->> 'url' ~* '^https?://' then
      jsonb_build_object('type', 'source-url', 'url', part -> 'url', 'title', part -> 'title')
    when part ->> 'type' in ('file', 'source-document') then jsonb_build_object(
      'type', part -> 'type',
      'filename', left(regexp_replace(
        coalesce(part ->> 'filename', part #>> '{providerMetadata,parley,filename}'), '^.*[/\\]', ''
      ), 255),
      'mediaType', left(part ->> 'mediaType', 255)
    )
  end)
$$;
comment on function private.shared_part(jsonb) is
  'Returns what strangers may see of a message part: only named fields of named types. Null for all other parts, '
  'such as tool calls and reasoning.';

-- In plpgsql, because the next file creates the table of messages: SQL functions are checked when they are created.
create function private.shared_messages(session_id uuid, user_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce((
    select jsonb_agg(jsonb_build_object('sender', m.sender, 'parts', shared.parts) order by m.seq)
    from public.chat_messages m
    cross join lateral (
      select coalesce(jsonb_agg(private.shared_part(p.part) order by p.position), '[]') as parts
      from jsonb_array_elements(m.parts) with ordinality as p (part, position)
      where private.shared_part(p.part) is not null
    ) shared
    where m.session_id = shared_messages.session_id
      and m.user_id = shared_messages.user_id
      and m.sender in ('user', 'assistant')
      and m.status in ('complete', 'stopped')
  ), '[]');
end
$$;
comment on function private.shared_messages(uuid, uuid) is
  'Returns the finished messages of a session, as strangers may see them.';

create function private.get_shared_chat(token text)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'title', s.title,
      'assistant', jsonb_build_object('slug', a.slug, 'name', a.name),
      'messages', private.shared_messages(s.id, s.user_id)
    )
    from public.chat_sessions s
    join public.assistants a on a.slug = s.assistant_slug
    where s.share_token = token
      and private.can_act(s.user_id)
  );
end
$$;
comment on function private.get_shared_chat(text) is
  'Returns what anyone with the token of a shared session may read. Null for an unknown token, or when the owner may '
  'not act. Definer: anon may read no table.';
grant execute on function private.get_shared_chat(text) to anon, authenticated;

create function public.get_shared_chat(token text)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.get_shared_chat(token)
$$;
comment on function public.get_shared_chat(text) is
  'Client RPC, also without sign-in: returns title, assistant and finished messages of a shared chat. Returns null '
  'if no chat has this token.';
grant execute on function public.get_shared_chat(text) to anon, authenticated;

create function private.set_title_origin()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.title is null then
    new.title_origin := null;
  elsif tg_op = 'INSERT' then
    new.title_origin := coalesce(new.title_origin, 'user');
  elsif new.title is distinct from old.title and new.title_origin is not distinct from old.title_origin then
    new.title_origin := 'user';
  end if;
  return new;
end
$$;
comment on function private.set_title_origin() is
  'Trigger: records the user as the origin of a title, unless the statement names another origin. Clients cannot write '
  'the origin.';

create trigger chat_sessions_title_origin
  before insert or update of title, title_origin on public.chat_sessions
  for each row execute function private.set_title_origin();

create trigger assistants_touch
  before update on public.assistants
  for each row execute function private.touch_updated_at();

alter table public.assistants enable row level security;
alter table private.assistant_instructions enable row level security;
alter table public.chat_sessions enable row level security;

grant select on public.assistants to authenticated;
grant select, insert, update, delete on public.assistants to service_role;
grant select, delete on public.chat_sessions to authenticated;
grant insert (id, assistant_slug, title), update (title, archived_at) on public.chat_sessions to authenticated;
grant select, insert, update, delete on public.chat_sessions to service_role;

create policy assistants_select_all on public.assistants
  for select to authenticated
  using (true);

create policy chat_sessions_select_own on public.chat_sessions
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy chat_sessions_insert_own on public.chat_sessions
  for insert to authenticated
  -- The check whether the caller may act comes first. A deleted account has no profile to compare with, and this check
  -- refuses it like a banned one.
  with check ((select private.require_can_act()) and user_id = (select private.current_profile_id()));

create policy chat_sessions_update_own on public.chat_sessions
  for update to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()))
  with check (user_id = (select private.current_profile_id()));

create policy chat_sessions_delete_own on public.chat_sessions
  for delete to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()));

-- Reference data: `db push` does not run seeds, so the catalogue is part of the schema.
insert into public.assistants (slug, name, description, model, starters, sort_order)
values
  ('coach', 'Coach', 'Turns a goal into the next small step, and asks how the last one went.', 'gpt-5.4-mini',
    array['Help me plan my week', 'I keep putting one task off'], 10),
  ('carousel', 'Carousel', 'Writes carousel posts: a hook, one idea a slide, a call to action.', 'gpt-5.4-mini',
    array['A carousel about morning routines', 'Turn these notes into five slides'], 20),
  ('storyteller', 'Storyteller', 'Finds the story in what happened and tells it so that people stay.', 'gpt-5.4-mini',
    array['Tell the story of our first customer', 'Make this case study human'], 30),
  ('editor', 'Editor', 'Makes a text shorter and clearer and says what it changed.', 'gpt-5.4-mini',
    array['Shorten this announcement', 'What is unclear in this paragraph?'], 40),
  ('researcher', 'Researcher', 'Answers from the files of the conversation and names its sources.', 'gpt-5.4-mini',
    array['What does this document say about refunds?', 'Compare these two reports'], 50);

insert into private.assistant_instructions (slug, instructions)
values
  ('coach',
    'You are a patient coach. Find out what the user wants and what stands in the way, then agree on one step that '
    'fits into today. Ask one question at a time. Never lecture, and never diagnose: for anything medical, legal or '
    'dangerous, say plainly which professional to see.'),
  ('carousel',
    'You write carousel posts. Ask for audience and goal if they are missing. Answer with numbered slides: the '
    'first is a hook of at most ten words, each further slide holds one idea in at most thirty words, the last asks '
    'for one action. Offer two alternative hooks at the end.'),
  ('storyteller',
    'You are a storyteller. Look for a person, a want, an obstacle and a change in what the user tells you, and ask '
    'for whichever is missing. Write in plain words and scenes, in the past tense, without morals. Keep to facts '
    'that the user gave.'),
  ('editor',
    'You are an editor. Return the improved text first, then a short list of what you changed and why. Keep the '
    'author''s voice, facts and language. Cut before you add.'),
  ('researcher',
    'You answer from the files and sources at hand. Cite what you use. Where the sources do not answer, say so '
    'before you add anything from general knowledge, and mark it as such.');

-- From sql/03_chat_messages.sql

-- Messages of a session, and the turn that generates each reply.

create table public.chat_messages (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  user_id uuid not null,
  seq integer not null,
  client_id text,
  sender text not null,
  content text not null default '',
  parts jsonb not null default '[]',
  attachments jsonb generated always as (jsonb_path_query_array(parts, '$[*] ? (@.type == "file")')) stored,
  has_files boolean not null generated always as (jsonb_path_exists(parts, '$[*] ? (@.type == "file")')) stored,
  model text,
  input_tokens integer,
  cached_input_tokens integer,
  output_tokens integer,
  total_tokens integer generated always as (input_tokens + output_tokens) stored,
  usage_estimated boolean not null default false,
  completion_time real,
  status text not null default 'complete',
  response_id text,
  error jsonb,
  feedback smallint,
  created_at timestamptz not null default now(),
  -- One index serves the foreign key, row-level security and the order of the history.
  constraint chat_messages_session_id_user_id_seq_key unique (session_id, user_id, seq),
  constraint chat_messages_session_id_client_id_key unique (session_id, client_id),
  constraint chat_messages_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_messages_seq_check check (seq > 0),
  constraint chat_messages_client_id_check check (char_length(client_id) between 1 and 128),
  constraint chat_messages_sender_check check (sender in ('user', 'assistant', 'system', 'tool')),
  constraint chat_messages_parts_check check (jsonb_typeof(parts) = 'array'),
  constraint chat_messages_tokens_check
    check (input_tokens >= 0 and output_tokens >= 0 and cached_input_tokens between 0 and input_tokens),
  constraint chat_messages_status_check check (status in ('streaming', 'complete', 'stopped', 'failed')),
  constraint chat_messages_feedback_check check (feedback in (-1, 1))
);

create table public.chat_turns (
  id uuid primary key default gen_random_uuid(),
  session_id uuid not null,
  user_id uuid not null,
  user_message_id uuid not null,
  assistant_message_id uuid not null,
  response_id text,
  status text not null default 'active',
  stop_requested_at timestamptz,
  progressed_at timestamptz not null default now(),
  reservation jsonb,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint chat_turns_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_turns_user_message_id_fkey foreign key (user_message_id)
    references public.chat_messages (id) on delete cascade,
  constraint chat_turns_assistant_message_id_fkey foreign key (assistant_message_id)
    references public.chat_messages (id) on delete cascade,
  constraint chat_turns_status_check check (status in ('active', 'waiting', 'complete', 'stopped', 'failed')),
  constraint chat_turns_finished_at_check check ((status in ('active', 'waiting')) = (finished_at is null))
)
-- Progress rewrites rows of running turns. Free space lets it do so without touching an index (HOT).
with (fillfactor = 70);

comment on table public.chat_messages is
  'The messages of a session, ordered by seq. Only the turn functions write them.';
comment on column public.chat_messages.seq is
  'Position in the session, from 1. Assigned under the session''s row lock.';
comment on column public.chat_messages.client_id is
  'The id that the client gave the message. It makes sending idempotent.';
comment on column public.chat_messages.content is 'The text of the parts, for search and lists.';
comment on column public.chat_messages.parts is 'Exactly UIMessage.parts of the AI SDK.';
comment on column public.chat_messages.attachments is 'The file parts, derived from parts.';
comment on column public.chat_messages.cached_input_tokens is
  'The part of input_tokens that OpenAI served from its cache.';
comment on column public.chat_messages.usage_estimated is 'True when OpenAI gave no token counts.';
comment on column public.chat_messages.completion_time is 'Seconds from the request to the end of the reply.';
comment on column public.chat_messages.feedback is 'The user''s opinion of a reply: 1 is good, -1 is bad.';
comment on column public.chat_messages.response_id is 'The response at OpenAI that holds the reply.';
comment on column public.chat_messages.error is 'Why a reply failed, as the client saw it: code and message.';
comment on table public.chat_turns is
  'One turn: a user''s message and all the work to reply to it. Resume, stop and recovery act on this row. A session '
  'has at most one active turn.';
comment on column public.chat_turns.progressed_at is
  'When OpenAI last sent an event of the reply, or said that it still writes it. Recovery takes a turn after 60 '
  'seconds without progress.';
comment on column public.chat_turns.reservation is
  'Where the message was charged (source and period), so that a refund goes back there, and what was reserved of '
  'budgets.';

alter table public.chat_messages enable row level security;
alter table public.chat_turns enable row level security;

grant select on public.chat_messages to authenticated;
grant update (feedback) on public.chat_messages to authenticated;
grant select, insert, update, delete on public.chat_messages to service_role;
grant select on public.chat_turns to authenticated;
grant select, insert, update, delete on public.chat_turns to service_role;

create policy chat_messages_select_own on public.chat_messages
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy chat_messages_update_own on public.chat_messages
  for update to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()))
  with check (user_id = (select private.current_profile_id()));

create policy chat_turns_select_own on public.chat_turns
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- From sql/04_triggers.sql

-- Triggers: from auth.users to profiles, the order of messages, and the activity of sessions.

create trigger parley_auth_user_created
  after insert on auth.users
  for each row execute function private.handle_auth_user_created();

create trigger parley_auth_user_updated
  after update on auth.users
  for each row
  when (
    old.email is distinct from new.email
    or old.email_confirmed_at is distinct from new.email_confirmed_at
    or old.phone is distinct from new.phone
    or old.phone_confirmed_at is distinct from new.phone_confirmed_at
    or old.is_anonymous is distinct from new.is_anonymous
    or old.raw_app_meta_data::text is distinct from new.raw_app_meta_data::text
  )
  execute function private.handle_auth_user_updated();

create function private.assign_message_seq()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform from public.chat_sessions s where s.id = new.session_id for no key update;
  new.seq := coalesce(
    (select max(m.seq) from public.chat_messages m where m.session_id = new.session_id and m.user_id = new.user_id), 0
  ) + 1;
  return new;
end
$$;
comment on function private.assign_message_seq() is
  'Trigger: gives a message the next seq of its session. It holds the session''s row lock, so concurrent writers '
  'queue.';

create trigger chat_messages_assign_seq
  before insert on public.chat_messages
  for each row when (new.seq is null)
  execute function private.assign_message_seq();

create function private.count_inserted_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set message_count = s.message_count + i.messages,
      updated_at = now()
  from (select session_id, count(*) as messages from inserted group by session_id) i
  where s.id = i.session_id;
  return null;
end
$$;
comment on function private.count_inserted_messages() is
  'Trigger: adds new messages to the count of their session and sets updated_at, by which the list of chats is '
  'sorted. Definer: no client may write message_count.';

create function private.count_deleted_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set message_count = s.message_count - d.messages
  from (select session_id, count(*) as messages from deleted group by session_id) d
  where s.id = d.session_id;
  return null;
end
$$;
comment on function private.count_deleted_messages() is
  'Trigger: subtracts deleted messages from the count of their session. Definer: the trigger also runs for the '
  'client that deletes a session.';

create trigger chat_messages_count_inserted
  after insert on public.chat_messages
  referencing new table as inserted
  for each statement execute function private.count_inserted_messages();

create trigger chat_messages_count_deleted
  after delete on public.chat_messages
  referencing old table as deleted
  for each statement execute function private.count_deleted_messages();

-- From sql/05_indexes.sql

-- Indexes for the tables of files 01 to 03, each with the query that it serves.

-- No two profiles have the same address. Look-ups by address ignore case.
create unique index profiles_email_key on public.profiles (lower(email));

-- The list of chats: the caller's sessions, last activity first.
create index chat_sessions_user_id_updated_at_idx on public.chat_sessions (user_id, updated_at desc);
-- The planner does not know which user a policy selects, so it plans for the average user. If users have a dozen
-- sessions on average, it fetches and sorts all sessions of a user instead of reading one page of this index. This
-- statistic says that users have a hundred sessions, so the planner reads the page.
alter table public.chat_sessions alter column user_id set (n_distinct = -0.01);

-- The catalogue's foreign key: renaming or deleting an assistant must find its sessions.
create index chat_sessions_assistant_slug_idx on public.chat_sessions (assistant_slug);

-- At most one turn is active in a session. Stop, resume and recovery find it by this index. Recovery reads all of it,
-- because an index of progressed_at would make every report of progress write that index.
create unique index chat_turns_active_session_id_key on public.chat_turns (session_id) where status = 'active';

-- Foreign keys of chat_turns: deleting a session or a message must find its turns.
create index chat_turns_session_id_user_id_idx on public.chat_turns (session_id, user_id);
create index chat_turns_user_message_id_idx on public.chat_turns (user_message_id);
create index chat_turns_assistant_message_id_idx on public.chat_turns (assistant_message_id);

-- By default, autovacuum waits until a fifth of a table is dead. In a table of 100 million rows, that is weeks of
-- bloat, and then one run of hours. These tables change with every message, so autovacuum visits them often and
-- briefly.
alter table public.profiles set (autovacuum_vacuum_scale_factor = 0.01);
alter table public.chat_sessions set (autovacuum_vacuum_scale_factor = 0.01);
alter table public.chat_turns set (autovacuum_vacuum_scale_factor = 0.01);
-- Messages are hardly changed, but new pages must be marked as visible for index-only scans, and planned with.
alter table public.chat_messages set (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);

-- From sql/06_chat_files/10_tables.sql

-- Files of sessions and assistants: the table, and who may read it.

create table public.chat_files (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  session_id uuid,
  assistant_slug text,
  message_id uuid,
  file_name text not null,
  file_size bigint,
  file_type text not null,
  storage_path text not null,
  uploaded_as text,
  sha256 text,
  openai_file_id text,
  vector_store_id uuid,
  origin text not null default 'user',
  status text not null default 'pending',
  error jsonb,
  indexing_since timestamptz not null default now(),
  retry_at timestamptz default now() + interval '10 minutes',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint chat_files_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_files_message_id_fkey foreign key (message_id)
    references public.chat_messages (id) on delete set null,
  constraint chat_files_storage_path_key unique (storage_path),
  constraint chat_files_openai_file_id_key unique (openai_file_id),
  constraint chat_files_collection_check check (num_nonnulls(session_id, assistant_slug) = 1),
  -- Without it, the foreign key would not check a session that has no user here.
  constraint chat_files_user_id_check check ((user_id is null) = (session_id is null)),
  constraint chat_files_file_name_check check (char_length(file_name) between 1 and 255),
  constraint chat_files_file_type_check check (char_length(file_type) <= 255),
  constraint chat_files_file_size_check check (file_size > 0),
  constraint chat_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint chat_files_origin_check check (origin in ('user', 'assistant')),
  constraint chat_files_status_check check (status in ('pending', 'indexing', 'ready', 'failed')),
  constraint chat_files_stored_check check (status in ('pending', 'failed') or num_nulls(sha256, file_size) = 0)
);

comment on table public.chat_files is
  'The files of sessions and assistants: uploads of users and admins, and files that the model made. Only functions '
  'write them.';
comment on column public.chat_files.user_id is 'The user of the session. Null for a file of an assistant.';
comment on column public.chat_files.session_id is 'The session of the file. Null for a file of an assistant.';
comment on column public.chat_files.assistant_slug is
  'The assistant whose file it is: an admin uploaded it, and every turn with the assistant can search it. Null for a '
  'file of a session.';
comment on column public.chat_files.message_id is
  'The first message that named the file, or the reply in which the model made it.';
comment on column public.chat_files.origin is
  'user: an upload. assistant: the model made it, as an image or with the code interpreter.';
comment on column public.chat_files.file_name is 'The name that the user knows. It is never part of a path.';
comment on column public.chat_files.file_type is
  'Media type, detected from the content. The model sees files of type image/*; all other files are searched.';
comment on column public.chat_files.storage_path is 'The name of the object in the bucket chat-files.';
comment on column public.chat_files.uploaded_as is
  'The name of the object that the user put into Storage and registered. Its registration moved it to storage_path. '
  'Null for other files.';
comment on column public.chat_files.sha256 is 'Hash of the bytes. Null until all bytes are stored.';
comment on column public.chat_files.vector_store_id is
  'The vector store of the session or assistant, once the file is attached to it.';
comment on column public.chat_files.status is
  'pending: the bytes are being uploaded. indexing: stored, but not searchable yet. ready: usable in turns; a file of '
  'the assistant without openai_file_id can only be downloaded. failed: error says why. The stored bytes stay.';
comment on column public.chat_files.error is
  'Why the file failed, why its last attempt while indexing failed, or why the model cannot use a ready file of the '
  'assistant: code and message.';
comment on column public.chat_files.indexing_since is
  'When indexing began. A file that OpenAI has not read an hour later fails.';
comment on column public.chat_files.retry_at is
  'pending or indexing: when the clean-up may continue the upload or the indexing. A claim moves it into the future; '
  'that is the lease.';

create trigger chat_files_touch
  before update on public.chat_files
  for each row execute function private.touch_updated_at();

alter table public.chat_files enable row level security;

grant select on public.chat_files to authenticated;
grant select, insert, update, delete on public.chat_files to service_role;

create policy chat_files_select_own on public.chat_files
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- A session or assistant holds the same bytes only once. Bytes of a failed upload may be uploaded again.
create unique index chat_files_session_id_sha256_key on public.chat_files (session_id, sha256) where status <> 'failed';
create unique index chat_files_assistant_slug_sha256_key on public.chat_files (assistant_slug, sha256)
  where status <> 'failed';

-- Foreign keys, and the list of the files of a session or assistant.
create index chat_files_session_id_user_id_idx on public.chat_files (session_id, user_id);
create index chat_files_assistant_slug_idx on public.chat_files (assistant_slug);
create index chat_files_message_id_idx on public.chat_files (message_id);

-- Limits by user, and an object that is registered again.
create index chat_files_user_id_idx on public.chat_files (user_id);
create index chat_files_uploaded_as_idx on public.chat_files (uploaded_as) where uploaded_as is not null;

-- The clean-up: abandoned uploads, and files whose next attempt is due.
create index chat_files_unfinished_retry_at_idx on public.chat_files (retry_at)
  where status in ('pending', 'indexing');

-- From sql/06_chat_files/20_checks.sql

-- Checks of an upload: size, count, name and owner of the object.

create function private.max_file_bytes(profile_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Storage itself does not check the size of a body that was sent without a length.
  return least(
    case when profile_id is not null then (private.plan_of(profile_id)).max_file_bytes end,
    (select b.file_size_limit from storage.buckets b where b.id = 'chat-files')
  );
end
$$;
comment on function private.max_file_bytes(uuid) is
  'The largest size of a file: the limit of the plan or of the bucket. Null when neither has one. A file of an '
  'assistant has no profile, so only the bucket limits it.';
grant execute on function private.max_file_bytes(uuid) to service_role;

create function private.check_file_size(profile_id uuid, file_size bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_bytes bigint := private.max_file_bytes(profile_id);
begin
  if file_size > max_bytes then
    perform private.refuse(
      413, 'file_too_large',
      'The file is larger than your plan allows. Choose a smaller file or upgrade the plan.',
      jsonb_build_object('max_bytes', max_bytes)
    );
  end if;
end
$$;
comment on function private.check_file_size(uuid, bigint) is
  'Refuses with 413 a file that is larger than the plan or the bucket allows.';
grant execute on function private.check_file_size(uuid, bigint) to service_role;

create function private.holds_object(file public.chat_files)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select file.status <> 'failed' or file.sha256 is not null
$$;
comment on function private.holds_object(public.chat_files) is
  'True if the object in Storage belongs to the file. The object of an upload that failed is deleted.';
grant execute on function private.holds_object(public.chat_files) to service_role;

create function private.check_file_count(profile_id uuid, session_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_files integer := (private.plan_of(profile_id)).max_session_files;
begin
  if (
    select count(*)
    from public.chat_files f
    where f.session_id = check_file_count.session_id
      and f.user_id = profile_id
      -- The bytes of a failed file stay in Storage until its row is deleted.
      and private.holds_object(f)
  ) >= max_files then
    perform private.refuse(
      402, 'file_limit_reached',
      'This chat already has as many files as your plan allows. Delete a file of this chat or upgrade the plan.',
      jsonb_build_object('max_files', max_files)
    );
  end if;
end
$$;
comment on function private.check_file_count(uuid, uuid) is
  'Refuses with 402 when the session already has as many files as the plan allows. Called under the session''s row '
  'lock.';
grant execute on function private.check_file_count(uuid, uuid) to service_role;

create function private.check_storage(profile_id uuid, added_files integer, added_bytes bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  plan record;
  files bigint;
  bytes numeric;
begin
  -- Files of all chats count, so the profile is locked, and before its sessions.
  perform from public.profiles p where p.id = profile_id for no key update;
  select l.max_files, l.max_bytes into plan from private.plan_of(profile_id) as l;
  if num_nonnulls(plan.max_files, plan.max_bytes) = 0 then
    return;
  end if;
  select count(*), coalesce(sum(f.file_size), 0) into files, bytes
  from public.chat_files f
  where f.user_id = profile_id and private.holds_object(f);
  if files + added_files > plan.max_files or bytes + added_bytes > plan.max_bytes then
    perform private.refuse(
      402, 'storage_full',
      'Your files take as much room as your plan allows. Delete files or chats, or upgrade the plan.',
      jsonb_build_object('max_files', plan.max_files, 'max_bytes', plan.max_bytes, 'files', files, 'bytes', bytes)
    );
  end if;
end
$$;
comment on function private.check_storage(uuid, integer, bigint) is
  'Refuses with 402 files that the plan has no room for, in all chats of the user together. Locks the profile until '
  'the transaction ends.';
grant execute on function private.check_storage(uuid, integer, bigint) to service_role;

create function private.is_image(file public.chat_files)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select file.file_type like 'image/%'
$$;
comment on function private.is_image(public.chat_files) is
  'Tells whether a file is an image. The model sees images; file search reads all other files.';

create function private.is_safe_object_name(name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select bool_and(
    -- URL parsers drop white space at the ends and some control characters, so `a/.. ` also ends in `..`. Some servers
    -- cut a segment at `;`, so `..;` also counts as `..`.
    form !~ '(^|/)\s*\.{0,2}\s*(;[^/]*)?(/|$)' and form !~ '[?#%\\[:cntrl:]\u0080-\u009f]'
  )
  -- Some systems compose or simplify characters, so the full-width dots in `．．` may become `..`.
  from unnest(array[name, normalize(name, nfkc)]) as form
$$;
comment on function private.is_safe_object_name(text) is
  'Tells whether a URL that contains the object''s name leads to that object. Refuses empty, `.` and `..` segments, '
  '`?`, `#`, `%`, backslashes and control characters, also in the simplified form of the name (NFKC).';
grant execute on function private.is_safe_object_name(text) to authenticated;

create function private.require_own_object(profile_id uuid, storage_path text, assistant_slug text default null)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  size bigint := (
    select (o.metadata ->> 'size')::bigint
    from storage.objects o
    where o.bucket_id = 'chat-files' and o.name = require_own_object.storage_path
  );
begin
  if private.is_safe_object_name(storage_path) is not true then
    perform private.refuse(
      404, 'object_not_found',
      'This name has an empty, blank or dotted segment, or a forbidden character. Use another name.'
    );
  end if;
  if size is null or not starts_with(storage_path, profile_id || '/') then
    perform private.refuse(
      404, 'object_not_found',
      'This object does not exist in your folder of the bucket chat-files. Upload the object there first.'
    );
  end if;
  perform private.check_file_size(case when assistant_slug is null then profile_id end, size);
end
$$;
comment on function private.require_own_object(uuid, text, text) is
  'Refuses an object with 404 if it does not exist, is not in the profile''s folder, or has an unsafe name. Refuses '
  'with 413 an object that is too large. The plan of an admin does not limit a file of an assistant.';

create function private.message_for_file(session_id uuid, message_id text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  found_id uuid;
begin
  select m.id into found_id
  from public.chat_messages m
  where m.session_id = message_for_file.session_id
    and message_for_file.message_id in (m.client_id, m.id::text);
  if found_id is null and message_id is not null then
    perform private.refuse(
      404, 'message_not_found',
      'This message does not exist in this chat. Reload the chat and choose one of your own messages.'
    );
  end if;
  return found_id;
end
$$;
comment on function private.message_for_file(uuid, text) is
  'Returns the id of a message of the session, found by its own id or by the client''s id. Refuses with 404 when '
  'there is no such message.';

-- From sql/06_chat_files/25_assistant_files.sql

-- Files of assistants: admins add, retry and delete them, and every user of the assistant searches them.

create function private.is_active_admin(profile public.profiles)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select profile.role = 'admin' and profile.is_active and not profile.is_deleted
$$;
comment on function private.is_active_admin(public.profiles) is 'True for an admin who may act.';

create function private.require_assistant(slug text, profile public.profiles)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if private.is_active_admin(profile) is not true then
    perform private.refuse(403, 'not_allowed', 'Only admins of this service can do this. Ask an admin to do it.');
  end if;
  -- The lock lets one transaction at a time count the files of an assistant.
  perform from public.assistants a where a.slug = require_assistant.slug for no key update;
  if not found then
    perform private.refuse(
      404, 'assistant_not_found',
      'This assistant does not exist. Check its slug in the list of assistants.'
    );
  end if;
end
$$;
comment on function private.require_assistant(text, public.profiles) is
  'Locks an assistant whose files are changed. Refuses with 403 a profile that is not an admin''s, and with 404 an '
  'assistant that does not exist. An assistant that is switched off can have files.';

create function private.check_assistant_file(slug text, file_type text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_files integer := (select a.max_files from public.assistants a where a.slug = check_assistant_file.slug);
begin
  if file_type like 'image/%' then
    perform private.refuse(
      415, 'image_not_searched',
      'The files of an assistant are searched, and an image cannot be searched. Upload a document or a text.'
    );
  end if;
  if (
    select count(*) from public.chat_files f where f.assistant_slug = slug and private.holds_object(f)
  ) >= max_files then
    perform private.refuse(
      409, 'assistant_file_limit_reached',
      'This assistant has as many files as its max_files allows. Delete one of its files, or raise max_files.',
      jsonb_build_object('max_files', max_files)
    );
  end if;
end
$$;
comment on function private.check_assistant_file(text, text) is
  'Refuses with 415 an image, and with 409 a file when the assistant has as many as it may. Called under the '
  'assistant''s row lock.';

create function private.audit_file(profile public.profiles, action text, file public.chat_files)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The files function calls it for the admin, so the address of the request is not the admin's.
  insert into public.audit_logs (admin_id, action, details)
  select profile.id, audit_file.action,
    jsonb_build_object('assistant_slug', file.assistant_slug, 'file_id', file.id, 'file_name', file.file_name)
  where file.assistant_slug is not null;
end
$$;
comment on function private.audit_file(public.profiles, text, public.chat_files) is
  'Writes a change of an assistant''s file into the audit log. Does nothing for a file of a session.';

create function private.file_of_caller(profile public.profiles, file_id uuid)
returns public.chat_files
language plpgsql
set search_path = ''
as $$
declare
  file public.chat_files;
begin
  select * into file
  from public.chat_files f
  where f.id = file_id
    and (f.user_id = profile.id or (f.assistant_slug is not null and private.is_active_admin(profile)))
  for update;
  if file.id is null then
    perform private.refuse(
      404, 'file_not_found',
      'This file does not exist or belongs to another user. Reload the list of files.'
    );
  end if;
  return file;
end
$$;
comment on function private.file_of_caller(public.profiles, uuid) is
  'Locks a file that the profile may change: one of its own, or for an admin also one of an assistant. Refuses any '
  'other file with 404.';

-- A foreign key would make the table a second relationship between chats and assistants. Then a client could not embed
-- the assistant of a chat without naming the relationship.
create function private.follow_assistant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from public.chat_files f where f.assistant_slug = old.slug;
    delete from public.vector_stores v where v.assistant_slug = old.slug;
  else
    update public.chat_files f set assistant_slug = new.slug where f.assistant_slug = old.slug;
    update public.vector_stores v set assistant_slug = new.slug where v.assistant_slug = old.slug;
  end if;
  return null;
end
$$;
comment on function private.follow_assistant() is
  'Trigger: deletes the files and the store of an assistant with it, and keeps them when its slug changes. Definer: '
  'an operator who may change assistants may not write files.';

create trigger assistants_follow_on_delete
  after delete on public.assistants
  for each row execute function private.follow_assistant();
create trigger assistants_follow_on_rename
  after update of slug on public.assistants
  for each row when (old.slug is distinct from new.slug)
  execute function private.follow_assistant();

-- From sql/06_chat_files/30_uploads.sql

-- The steps of an upload, each a service RPC.

create function private.registered_file(profile_id uuid, session_id uuid, assistant_slug text, uploaded_as text)
returns public.chat_files
language plpgsql
stable
set search_path = ''
as $$
declare
  file public.chat_files;
begin
  select * into file
  from public.chat_files f
  where f.uploaded_as = registered_file.uploaded_as
    -- Only the user puts objects into this folder. A file of an assistant does not name its admin.
    and starts_with(f.uploaded_as, profile_id || '/')
  order by f.created_at desc
  limit 1;
  -- Registration moves the object. An object that is there again is a new upload.
  if file.id is null or file.status <> 'pending' and exists (
    select from storage.objects o where o.bucket_id = 'chat-files' and o.name = registered_file.uploaded_as
  ) then
    return null;
  end if;
  if file.session_id is distinct from registered_file.session_id
    or file.assistant_slug is distinct from registered_file.assistant_slug then
    perform private.refuse(
      409, 'object_in_use',
      'This object is already a file of another chat or assistant. Upload the file again for this one.'
    );
  end if;
  return file;
end
$$;
comment on function private.registered_file(uuid, uuid, text, text) is
  'The file that an object of the user has become, or is becoming. Null if it was not registered. Refuses with 409 '
  'a file of another session or assistant.';

create function private.open_upload(auth_user_id uuid, session_id uuid, storage_path text, assistant_slug text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  file public.chat_files;
begin
  perform private.require_active(profile.id);
  if assistant_slug is not null then
    perform private.require_assistant(assistant_slug, profile);
  end if;
  if storage_path is not null then
    file := private.registered_file(profile.id, session_id, assistant_slug, storage_path);
    if file.id is null then
      perform private.require_own_object(profile.id, storage_path, assistant_slug);
    end if;
  end if;
  return jsonb_build_object(
    'profile_id', profile.id,
    'folder', case when assistant_slug is null then profile.id::text else 'assistants' end,
    'max_bytes', private.max_file_bytes(case when assistant_slug is null then profile.id end),
    'file', case when file.id is not null then to_jsonb(file) end
  );
end
$$;
comment on function private.open_upload(uuid, uuid, text, text) is
  'Returns the folder of an upload and its size limit. Refuses an object that may not be registered. Definer: '
  'private.ensure_profile is not granted.';
grant execute on function private.open_upload(uuid, uuid, text, text) to service_role;

create function public.open_upload(auth_user_id uuid, session_id uuid default null, storage_path text default null,
  assistant_slug text default null)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.open_upload(auth_user_id, session_id, storage_path, assistant_slug)
$$;
comment on function public.open_upload(uuid, uuid, text, text) is
  'Service RPC of the files function: {profile_id, folder, max_bytes, file}. Refuses with 403 an account that may not '
  'act. With assistant_slug, refuses with 403 who is not an admin, and with 404 an assistant that does not exist. '
  'With storage_path, refuses with 404 or 413 an object that may not be registered, before the function reads it. '
  'file is the row if the object was registered before, else null.';
grant execute on function public.open_upload(uuid, uuid, text, text) to service_role;

create function private.create_file(auth_user_id uuid, file_id uuid, file_name text, file_type text,
  storage_path text, session_id uuid, assistant_slug text, message_id text, is_stored boolean, uploaded_as text)
returns public.chat_files
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  session public.chat_sessions;
  file public.chat_files;
begin
  if assistant_slug is not null then
    perform private.require_active(profile.id);
    perform private.require_assistant(assistant_slug, profile);
  else
    -- A full account is told so before its bytes arrive. It locks the profile, so it comes before the session.
    perform private.check_storage(profile.id, 1, 1);
    session := private.session_for_turn(session_id, profile.id);
  end if;
  if uploaded_as is not null then
    file := private.registered_file(profile.id, session.id, assistant_slug, uploaded_as);
    if file.id is not null then
      return file;
    end if;
    perform private.require_own_object(profile.id, uploaded_as, assistant_slug);
  elsif is_stored then
    perform private.require_own_object(profile.id, storage_path);
  end if;
  if assistant_slug is not null then
    perform private.check_assistant_file(assistant_slug, file_type);
  else
    perform private.check_file_count(profile.id, session.id);
    perform private.require_daily_rate('upload', profile.id, (private.limits()).uploads_per_day);
  end if;

  insert into public.chat_files
    (id, user_id, session_id, assistant_slug, message_id, file_name, file_type, storage_path, uploaded_as)
  values (file_id, session.user_id, session.id, create_file.assistant_slug,
    private.message_for_file(session.id, create_file.message_id), create_file.file_name, create_file.file_type,
    create_file.storage_path, create_file.uploaded_as)
  returning * into file;
  perform private.audit_file(profile, 'admin_add_file', file);
  return file;
end
$$;
comment on function
  private.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text) is
  'Creates the row of a file before its bytes are stored, after they are (is_stored), or of an object that the user '
  'has put into Storage (uploaded_as). Definer: private.session_for_turn is not granted.';
grant execute on function private.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text)
  to service_role;

create function public.create_file(auth_user_id uuid, file_id uuid, file_name text, file_type text, storage_path text,
  session_id uuid default null, assistant_slug text default null, message_id text default null,
  is_stored boolean default false, uploaded_as text default null)
returns public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select private.create_file(auth_user_id, file_id, file_name, file_type, storage_path, session_id, assistant_slug,
    message_id, is_stored, uploaded_as)
$$;
comment on function public.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text) is
  'Service RPC of the files function: checks the upload and creates a pending row. The file belongs to the session or, '
  'if an admin adds it, to the assistant. With uploaded_as, the caller then moves that object to storage_path. If the '
  'object is already registered there, returns the existing row.';
grant execute on function public.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text)
  to service_role;

create function public.store_file(file_id uuid, file_size bigint, sha256 text)
returns public.chat_files
language plpgsql
security invoker
set search_path = ''
as $$
declare
  file public.chat_files;
begin
  select * into file from public.chat_files f where f.id = file_id and f.status = 'pending';
  if file.id is null then
    perform private.refuse(404, 'file_not_found', 'The file was deleted during its upload. Upload the file again.');
  end if;
  perform private.check_file_size(file.user_id, store_file.file_size);
  if file.user_id is not null then
    -- The pending row counts as a file already, and has no size yet.
    perform private.check_storage(file.user_id, 0, store_file.file_size);
  end if;

  update public.chat_files f
  set status = 'indexing', file_size = store_file.file_size, sha256 = store_file.sha256,
      indexing_since = now(), retry_at = now() + interval '10 minutes'
  where f.id = file_id
  returning * into file;
  return file;
exception when unique_violation then
  -- The collection already has the same bytes, or received them at the same time. Deleting this row also puts its
  -- object into the outbox. A file that the model makes again belongs to the newer reply, which may replace the older.
  delete from public.chat_files f where f.id = file_id returning * into file;
  update public.chat_files f
  set message_id = case when file.origin = 'assistant' and f.origin = 'assistant' then file.message_id
    else f.message_id end
  where (f.session_id = file.session_id or f.assistant_slug = file.assistant_slug)
    and f.sha256 = store_file.sha256 and f.status <> 'failed'
  returning * into file;
  if file.id is null then
    perform private.refuse(404, 'file_not_found', 'The file was deleted during its upload. Upload the file again.');
  end if;
  return file;
end
$$;
comment on function public.store_file(uuid, bigint, text) is
  'Service RPC of the files function: records that all bytes of a file are stored, and returns its row, now '
  'indexing. If the session or assistant already has the same bytes, returns that file''s row instead. Refuses with '
  '413 a file that is too large.';
grant execute on function public.store_file(uuid, bigint, text) to service_role;

create function public.settle_file(file_id uuid, vector_store_id uuid default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set status = 'ready', error = null, retry_at = null,
      vector_store_id = coalesce(settle_file.vector_store_id, f.vector_store_id)
  where f.id = file_id and f.status = 'indexing'
$$;
comment on function public.settle_file(uuid, uuid) is
  'Service RPC: OpenAI has processed the file, so turns may use it.';
grant execute on function public.settle_file(uuid, uuid) to service_role;

create function public.fail_file(file_id uuid, error jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set error = fail_file.error, openai_file_id = null, vector_store_id = null, retry_at = null,
      -- The user has no other copy of a file that the model made, so a stored one stays.
      status = case
        when f.origin = 'assistant' and f.status <> 'pending' and fail_file.error ->> 'code' <> 'file_changed'
          then 'ready'
        else 'failed'
      end
  where f.id = file_id
    -- A ready file fails only while its store is made again: if OpenAI cannot read the file any more, or has lost it
    -- and Storage now holds different bytes. An attempt that ended late does not fail it.
    and (
      f.status in ('pending', 'indexing')
      or f.status = 'ready' and fail_file.error ->> 'code' not in ('upload_interrupted', 'indexing_timeout')
    )
$$;
comment on function public.fail_file(uuid, jsonb) is
  'Service RPC: marks a file as failed, with the reason {code, message}. Its copies at OpenAI go to the outbox for '
  'deletion, and the bytes in Storage stay. A stored file that the model made becomes ready instead, without a copy '
  'at OpenAI.';
grant execute on function public.fail_file(uuid, jsonb) to service_role;

create function public.delay_file(file_id uuid, claimed_until timestamptz, seconds double precision,
  error jsonb default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set retry_at = now() + make_interval(secs => seconds), error = coalesce(delay_file.error, f.error)
  where f.id = file_id and f.status = 'indexing' and f.retry_at = claimed_until
$$;
comment on function public.delay_file(uuid, timestamptz, double precision, jsonb) is
  'Service RPC: ends an attempt to index a file, and schedules the next one. claimed_until is the retry_at of the '
  'claim; without that claim, nothing changes. error {code, message} says why the attempt failed.';
grant execute on function public.delay_file(uuid, timestamptz, double precision, jsonb) to service_role;

create function public.reindex_file(file_id uuid, error jsonb default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set status = 'indexing', error = reindex_file.error, vector_store_id = null, indexing_since = now(),
      retry_at = now() + interval '5 seconds'
  where f.id = file_id and f.status = 'ready'
$$;
comment on function public.reindex_file(uuid, jsonb) is
  'Service RPC: OpenAI does not search this ready file in a new store, because it still reads the file, or has failed '
  '(error). The clean-up continues.';
grant execute on function public.reindex_file(uuid, jsonb) to service_role;

create function public.claim_stale_files(max_count integer)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set retry_at = now() + interval '10 minutes'
  where f.id in (
    select s.id
    from public.chat_files s
    where s.status in ('pending', 'indexing') and s.retry_at <= now()
    order by s.retry_at
    limit max_count
    for update skip locked
  )
  returning f.*
$$;
comment on function public.claim_stale_files(integer) is
  'Service RPC of the clean-up: claims files whose next attempt is due, or whose function has died, for ten minutes. '
  'Each file goes to one caller.';
grant execute on function public.claim_stale_files(integer) to service_role;

create function public.claim_file(file_id uuid)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set retry_at = now() + interval '10 minutes'
  where f.id = file_id and f.status = 'indexing' and f.retry_at <= now()
  returning f.*
$$;
comment on function public.claim_file(uuid) is
  'Service RPC: claims a file for its next attempt, for ten minutes. Returns no row if the attempt is not due, or '
  'another caller has it.';
grant execute on function public.claim_file(uuid) to service_role;

-- From sql/06_chat_files/33_retry_and_delete.sql

-- Changes of files that exist: indexing again, and deletion.

create function private.retry_file(auth_user_id uuid, file_id uuid)
returns public.chat_files
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  file public.chat_files;
begin
  perform private.require_active(profile.id);
  file := private.file_of_caller(profile, file_id);
  if file.status in ('pending', 'indexing') or file.error is null then
    perform private.refuse(
      409, 'file_not_failed',
      'This file has not failed, so there is nothing to try again. Reload the list of files.'
    );
  elsif file.sha256 is null then
    perform private.refuse(
      409, 'file_not_stored',
      'The upload of this file did not reach its end. Upload the file again.'
    );
  end if;
  perform private.require_daily_rate('upload', profile.id, (private.limits()).uploads_per_day);
  update public.chat_files f
  set status = 'indexing', error = null, indexing_since = now(), retry_at = now() + interval '10 minutes'
  where f.id = file_id
  returning * into file;
  perform private.audit_file(profile, 'admin_retry_file', file);
  return file;
exception when unique_violation then
  perform private.refuse(
    409, 'file_exists',
    'This chat or assistant has another file with the same content. Use that file, and delete this one.'
  );
  return null;
end
$$;
comment on function private.retry_file(uuid, uuid) is
  'Starts indexing a failed file again. Definer: private.ensure_profile is not granted.';
grant execute on function private.retry_file(uuid, uuid) to service_role;

create function public.retry_file(auth_user_id uuid, file_id uuid)
returns public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select private.retry_file(auth_user_id, file_id)
$$;
comment on function public.retry_file(uuid, uuid) is
  'Service RPC of the files function: starts indexing a failed file again, from the bytes in Storage. Returns the row, '
  'now indexing. Refuses with 404 a file that is not the user''s, and with 409 a file that has not failed, whose '
  'bytes were never stored, or whose content another file of the session or assistant has.';
grant execute on function public.retry_file(uuid, uuid) to service_role;

create function private.delete_file(auth_user_id uuid, file_id uuid)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles;
  file public.chat_files;
begin
  perform private.require_named_sign_in(auth_user_id);
  select * into profile from public.profiles p where p.auth_id = auth_user_id;
  file := private.file_of_caller(profile, file_id);
  delete from public.chat_files f where f.id = file.id;
  perform private.audit_file(profile, 'admin_delete_file', file);
  return profile.id;
end
$$;
comment on function private.delete_file(uuid, uuid) is
  'Deletes a file. Definer: the audit log is closed to all roles.';
grant execute on function private.delete_file(uuid, uuid) to service_role;

create function public.delete_file(auth_user_id uuid, file_id uuid)
returns uuid
language sql
security invoker
set search_path = ''
as $$
  select private.delete_file(auth_user_id, file_id)
$$;
comment on function public.delete_file(uuid, uuid) is
  'Service RPC of the files function: deletes the row at once; the outbox deletes remote copies. Returns the caller''s '
  'profile id. Refuses with 404 a file that is not the user''s, unless an admin deletes a file of an assistant.';
grant execute on function public.delete_file(uuid, uuid) to service_role;

-- From sql/06_chat_files/35_made_files.sql

-- Files that the model made in a turn.

create function public.create_made_file(turn_id uuid, file_id uuid, file_name text, file_type text, storage_path text,
  file_size bigint default null)
returns public.chat_files
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
  file public.chat_files;
begin
  -- The profile is locked before the session. The turn may have ended until the session is locked.
  select * into turn from public.chat_turns t where t.id = turn_id;
  perform from public.profiles p where p.id = turn.user_id for no key update;
  perform private.lock_session_of(turn_id);
  select * into turn from public.chat_turns t where t.id = turn_id;
  select * into file from public.chat_files f where f.id = file_id and f.session_id = turn.session_id;
  if file.id is not null and file.status <> 'failed' then
    return file;
  end if;
  if turn.status is distinct from 'active' then
    perform private.refuse(
      404, 'file_not_found',
      'The reply has ended or its chat was deleted, so its file is not stored. Reload the chat.'
    );
  end if;
  perform private.check_file_size(turn.user_id, create_made_file.file_size);
  perform private.check_file_count(turn.user_id, turn.session_id);
  perform private.check_storage(turn.user_id, 1, coalesce(create_made_file.file_size, 1));

  insert into public.chat_files as f (id, user_id, session_id, message_id, file_name, file_type, storage_path, origin)
  values (file_id, turn.user_id, turn.session_id, turn.assistant_message_id, create_made_file.file_name,
    create_made_file.file_type, create_made_file.storage_path, 'assistant')
  -- An attempt that the clean-up gave up. Its object goes to the outbox, so the new one has another path.
  on conflict (id) do update
  set status = 'pending', error = null, retry_at = now() + interval '10 minutes',
      storage_path = create_made_file.storage_path
  where f.status = 'failed'
  returning * into file;
  return file;
end
$$;
comment on function public.create_made_file(uuid, uuid, text, text, text, bigint) is
  'Service RPC: creates the pending row of a file that the model made in a turn, before its bytes are stored. '
  'file_size is null while it is not known. Returns the existing row when another process stores the file too. '
  'Refuses as an upload does, and with 404 when the turn has ended.';
grant execute on function public.create_made_file(uuid, uuid, text, text, text, bigint) to service_role;

create function private.delete_made_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.chat_files f
  where f.message_id = old.id
    and f.origin = 'assistant'
    and not exists (
      select from public.chat_messages m
      where m.session_id = old.session_id
        and m.id <> old.id
        and m.has_files
        -- As ids, because a client may write an id in capitals.
        and f.id = any (private.part_file_ids(m.parts))
    );
  return old;
end
$$;
comment on function private.delete_made_files() is
  'Trigger: deletes the files that the model made in a reply with the reply, unless another message names them. '
  'Definer: the user who deletes a chat may not delete files.';

create trigger chat_messages_delete_made_files
  before delete on public.chat_messages
  for each row when (old.sender = 'assistant')
  execute function private.delete_made_files();

-- From sql/06_chat_files/40_bucket.sql

-- The private bucket that holds the bytes of files, and its policies.

-- The types of the files that Parley accepts, and what browsers and storage-js call them. SVG and XML are missing,
-- because a browser would run their scripts on the origin of the API. Storage serves HTML as text. Storage compares
-- types exactly, with their parameters: https://github.com/supabase/storage/blob/master/src/storage/uploader.ts
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('chat-files', 'chat-files', false, 52428800, array[
  'application/csv', 'application/javascript', 'application/json', 'application/msword', 'application/octet-stream',
  'application/pdf', 'application/rtf', 'application/typescript', 'application/vnd.ms-excel',
  'application/vnd.oasis.opendocument.spreadsheet', 'application/vnd.oasis.opendocument.text',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/x-httpd-php',
  'application/x-javascript', 'application/x-php', 'application/x-ruby', 'application/x-sh',
  'application/x-shellscript', 'application/x-tex', 'application/x-zip-compressed', 'application/zip', 'image/gif',
  'image/jpeg', 'image/png', 'image/webp', 'text/css', 'text/csv', 'text/html', 'text/javascript', 'text/markdown',
  'text/plain', 'text/plain; charset=utf-8', 'text/plain;charset=UTF-8', 'text/plain;charset=utf-8', 'text/rtf',
  'text/tab-separated-values', 'text/x-c', 'text/x-c++', 'text/x-c++src', 'text/x-csharp', 'text/x-csrc',
  'text/x-golang', 'text/x-java', 'text/x-markdown', 'text/x-php', 'text/x-python', 'text/x-python-script',
  'text/x-ruby', 'text/x-sh', 'text/x-tex', 'video/mp2t'
])
on conflict (id) do update
set public = excluded.public, file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

-- Users may neither update nor delete objects, and an object stays equal to its row: the outbox deletes it. A signed
-- upload address can replace an object that came after the address was made, so there must be none for the name of a
-- file. Names of files are random, and users may not upload to the name of a row.
create policy chat_files_select_own_folder on storage.objects
  for select to authenticated
  using (
    bucket_id = 'chat-files'
    -- A signed address outlives the token that asked for it.
    and (select private.current_sign_in()) is not null
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
  );

create policy chat_files_insert_own_folder on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'chat-files'
    and (select private.may_act())
    -- A copy may name any type, which Storage does not compare with the types of the bucket.
    and coalesce((select current_setting('storage.operation', true)), '') not like '%.copy'
    and (select private.is_safe_object_name(name))
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
    and not exists (select from public.chat_files f where f.storage_path = objects.name)
  );

-- From sql/06_chat_files/50_unregistered_objects.sql

-- The limit of objects that a user puts into the bucket and does not register as files.

create function private.unregistered_objects(profile_id uuid, out objects bigint, out bytes numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  select count(*), coalesce(sum((o.metadata ->> 'size')::bigint), 0) into objects, bytes
  from storage.objects o
  where o.bucket_id = 'chat-files'
    -- The character after `/` is `0`. Storage has an index with this collation.
    and o.name collate "C" >= profile_id || '/'
    and o.name collate "C" < profile_id || '0'
    and not exists (select from public.chat_files f where f.storage_path = o.name)
    and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name);
end
$$;
comment on function private.unregistered_objects(uuid) is
  'Counts the objects in the folder of a profile that no file has and that no deletion waits for, and their bytes.';

create function private.check_unregistered_objects(profile_id uuid, added_bytes bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  plan record;
  max_objects integer := (private.limits()).max_unregistered_objects;
  present record;
begin
  -- With the lock, parallel uploads count one after the other.
  perform from public.profiles p where p.id = profile_id for no key update;
  select l.max_files, l.max_bytes into plan from private.plan_of(profile_id) as l;
  max_objects := least(max_objects, plan.max_files);
  select * into present from private.unregistered_objects(profile_id);
  if present.objects >= max_objects or present.bytes + added_bytes > plan.max_bytes then
    perform private.refuse(
      403, 'too_many_unregistered_objects',
      'Too many uploads are not registered as files. Register them, or wait a day until they are deleted.',
      jsonb_build_object('max_files', max_objects, 'max_bytes', plan.max_bytes)
    );
  end if;
end
$$;
comment on function private.check_unregistered_objects(uuid, bigint) is
  'Refuses with 403 an object that would be one too many without a file. Together these objects may have as many '
  'bytes as the plan allows for files.';

create function private.limit_unregistered_objects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := (
    select p.id from public.profiles p
    where p.id = substring(new.name from '^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/')::uuid
  );
  advice text;
begin
  -- A function creates the row of a file before it stores the bytes.
  if profile_id is not null and not exists (select from public.chat_files f where f.storage_path = new.name) then
    perform private.check_unregistered_objects(profile_id, coalesce((new.metadata ->> 'size')::bigint, 0));
  end if;
  if new.user_metadata is not null then
    perform private.require_small_object(new.user_metadata);
  end if;
  return new;
exception when others then
  if sqlstate not like 'PT%' then
    raise;
  end if;
  get stacked diagnostics advice = pg_exception_hint;
  raise exception using errcode = '42501', message = sqlerrm || ': ' || advice;
end
$$;
-- Source: https://github.com/supabase/storage/blob/master/src/storage/database/knex.ts, DBError.fromDBError.
-- Triggers are allowed here: https://github.com/orgs/supabase/discussions/34270
comment on function private.limit_unregistered_objects() is
  'Trigger on storage.objects: limits what a user uploads without registering it, and its metadata. A policy cannot '
  'do this exactly: Storage asks policies before the bytes arrive, and writes the row later without them. Storage '
  'answers an SQLSTATE of 42501 with 403 and the message, and any other with 500. Definer: Storage has no rights on '
  'these tables.';

create trigger chat_files_limit_unregistered
  before insert on storage.objects
  for each row when (new.bucket_id = 'chat-files')
  execute function private.limit_unregistered_objects();

-- From sql/07_vector_stores.sql

-- The vector stores of sessions and assistants. A store is made on first use, and again when it is needed after OpenAI
-- has expired it.

create table public.vector_stores (
  id uuid primary key default gen_random_uuid(),
  store_id text,
  user_id uuid,
  session_id uuid,
  assistant_slug text,
  name text not null,
  file_count integer not null default 0,
  expires_at timestamptz,
  status text not null default 'recreating',
  expired_at timestamptz,
  error text,
  openai_metadata jsonb not null default '{}',
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint vector_stores_collection_key unique nulls not distinct (session_id, assistant_slug),
  constraint vector_stores_store_id_key unique (store_id),
  constraint vector_stores_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint vector_stores_collection_check check (num_nonnulls(session_id, assistant_slug) = 1),
  -- Without it, the foreign key would not check a session that has no user here.
  constraint vector_stores_user_id_check check ((user_id is null) = (session_id is null)),
  constraint vector_stores_status_check check (status in ('active', 'expired', 'recreating', 'failed')),
  constraint vector_stores_active_check check (status <> 'active' or num_nulls(store_id, expires_at) = 0),
  constraint vector_stores_lease_until_check check (status <> 'recreating' or lease_until is not null),
  constraint vector_stores_file_count_check check (file_count >= 0)
);

comment on table public.vector_stores is
  'The vector store that file search of a session or assistant reads; at most one each. The row outlives the store at '
  'OpenAI.';
comment on column public.vector_stores.user_id is 'The user of the session. Null for the store of an assistant.';
comment on column public.vector_stores.session_id is 'The session of the store. Null for the store of an assistant.';
comment on column public.vector_stores.assistant_slug is
  'The assistant whose files the store has, for all its sessions. Null for the store of a session.';
comment on column public.vector_stores.store_id is 'The store''s id at OpenAI. Null while no store exists.';
comment on column public.vector_stores.expires_at is 'When OpenAI expires the store, unless it is used before.';
comment on column public.vector_stores.status is
  'recreating: a caller is making the store, until lease_until. failed: making it may be tried again after '
  'lease_until.';
comment on column public.vector_stores.error is 'Why the store could not be made, for operators.';
comment on column public.vector_stores.openai_metadata is 'metadata and expires_after, as the store was created.';

alter table public.chat_files
  add constraint chat_files_vector_store_id_fkey foreign key (vector_store_id)
    references public.vector_stores (id) on delete set null;
create index chat_files_vector_store_id_idx on public.chat_files (vector_store_id);

create function private.can_build(store public.vector_stores)
returns boolean
language sql
stable
set search_path = ''
as $$
  select store.status = 'expired'
    or (store.status = 'active' and store.expires_at <= now())
    or (store.status in ('recreating', 'failed') and store.lease_until <= now())
$$;
comment on function private.can_build(public.vector_stores) is
  'True for a store that the next caller builds: it has expired, its builder died, or a failed attempt is long ago.';
grant execute on function private.can_build(public.vector_stores) to service_role;

create function public.claim_vector_store(session_id uuid default null, assistant_slug text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  store public.vector_stores;
begin
  -- A single statement, so only one of several concurrent callers makes the store.
  insert into public.vector_stores as v (session_id, user_id, assistant_slug, name, lease_until)
  select c.session_id, c.user_id, c.slug, c.name, clock_timestamp() + interval '2 minutes'
  from (
    select s.id, s.user_id, null, 'Chat ' || s.id
    from public.chat_sessions s
    where s.id = claim_vector_store.session_id
    union all
    select null, null, a.slug, 'Assistant ' || a.slug
    from public.assistants a
    where a.slug = claim_vector_store.assistant_slug
  ) as c (session_id, user_id, slug, name)
  -- Callers that find a store, or wait for one, do not write. Many users may ask for the store of an assistant at once.
  where not exists (
    select from public.vector_stores b
    where (b.session_id = c.session_id or b.assistant_slug = c.slug) and not private.can_build(b)
  )
  on conflict on constraint vector_stores_collection_key do update
  set status = 'recreating', lease_until = excluded.lease_until, expired_at = coalesce(v.expired_at, now())
  where private.can_build(v)
  returning * into store;

  if store.id is not null then
    -- The store may not outlive its assistant; see private.follow_assistant.
    perform from public.assistants a where a.slug = store.assistant_slug for key share;
    if not found and store.assistant_slug is not null then
      perform private.refuse(
        404, 'assistant_not_found',
        'This assistant does not exist. Check its slug in the list of assistants.'
      );
    end if;
    return jsonb_build_object('kind', 'build', 'id', store.id, 'lease_until', store.lease_until, 'name', store.name);
  end if;
  select * into store
  from public.vector_stores v
  where v.session_id = claim_vector_store.session_id or v.assistant_slug = claim_vector_store.assistant_slug;
  return case store.status
    when 'active' then jsonb_build_object('kind', 'ready', 'id', store.id, 'store_id', store.store_id)
    when 'recreating' then jsonb_build_object('kind', 'wait')
    else jsonb_build_object('kind', 'failed', 'error', store.error,
      'retry_after', extract(epoch from store.lease_until - clock_timestamp()))
  end;
end
$$;
comment on function public.claim_vector_store(uuid, text) is
  'Service RPC: returns the store of a session or assistant, or claims the work of making it. kind: ready (with '
  'store_id), build (the caller makes it, under a lease), wait (another caller is making it) or failed (it could not '
  'be made, with error and the seconds retry_after; or the session or assistant is gone).';
grant execute on function public.claim_vector_store(uuid, text) to service_role;

create function private.settle_vector_store(claimed_id uuid, claimed_until timestamptz, store_id text,
  expires_at timestamptz, openai_metadata jsonb, file_ids text[])
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The trigger on store_id puts the replaced store into the outbox, in this transaction.
  update public.vector_stores v
  set status = 'active', store_id = settle_vector_store.store_id, expires_at = settle_vector_store.expires_at,
      openai_metadata = settle_vector_store.openai_metadata, expired_at = null, lease_until = null, error = null
  where v.id = claimed_id and v.status = 'recreating' and v.lease_until = claimed_until;
  if not found then
    perform private.enqueue_deletion('vector_store', settle_vector_store.store_id);
    return false;
  end if;
  update public.chat_files f
  set vector_store_id = case when f.openai_file_id = any (file_ids) then claimed_id end
  from public.vector_stores v
  where v.id = claimed_id
    and (f.session_id = v.session_id or f.assistant_slug = v.assistant_slug)
    and coalesce(f.openai_file_id = any (file_ids), false) <> (f.vector_store_id is not null);
  return true;
end
$$;
comment on function private.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[]) is
  'Records a store that the caller has made, and the files that OpenAI searches in it. If the lease has expired '
  'meanwhile, the store goes to the outbox. Definer: private.enqueue_deletion is not granted.';
grant execute on function private.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[])
  to service_role;

create function public.settle_vector_store(claimed_id uuid, claimed_until timestamptz, store_id text,
  expires_at timestamptz, openai_metadata jsonb, file_ids text[])
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.settle_vector_store(claimed_id, claimed_until, store_id, expires_at, openai_metadata, file_ids)
$$;
comment on function public.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[]) is
  'Service RPC: settles a claim of claim_vector_store with a store. file_ids are the ids at OpenAI of the files that '
  'it searches. Returns false when the lease was lost.';
grant execute on function public.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[])
  to service_role;

create function public.fail_vector_store(claimed_id uuid, claimed_until timestamptz, error text,
  retry_after double precision default 60)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set status = 'failed', error = fail_vector_store.error, lease_until = now() + make_interval(secs => retry_after)
  where v.id = claimed_id and v.status = 'recreating' and v.lease_until = claimed_until
$$;
comment on function public.fail_vector_store(uuid, timestamptz, text, double precision) is
  'Service RPC: settles a claim of claim_vector_store without a store. After retry_after seconds, making the store may '
  'be tried again.';
grant execute on function public.fail_vector_store(uuid, timestamptz, text, double precision) to service_role;

create function public.expire_vector_store(store_id text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set status = 'expired', expired_at = now()
  where v.store_id = expire_vector_store.store_id and v.status = 'active'
$$;
comment on function public.expire_vector_store(text) is
  'Service RPC: OpenAI reports that the store has expired or is gone.';
grant execute on function public.expire_vector_store(text) to service_role;

create function public.touch_vector_store(store_id text, expires_at timestamptz)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set expires_at = touch_vector_store.expires_at, lease_until = null
  where v.store_id = touch_vector_store.store_id and v.status = 'active'
$$;
comment on function public.touch_vector_store(text, timestamptz) is
  'Service RPC: stores the time at which OpenAI will expire the store.';
grant execute on function public.touch_vector_store(text, timestamptz) to service_role;

create function private.count_store_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.vector_stores v
  set file_count = (select count(*) from public.chat_files f where f.vector_store_id = v.id)
  where v.id in (old.vector_store_id, new.vector_store_id);
  return null;
end
$$;
comment on function private.count_store_files() is
  'Trigger: keeps vector_stores.file_count equal to the number of attached files. Definer: the trigger also runs for '
  'the client that deletes a session.';

create trigger chat_files_count_attached
  after update of vector_store_id on public.chat_files
  for each row when (old.vector_store_id is distinct from new.vector_store_id)
  execute function private.count_store_files();
create trigger chat_files_count_deleted
  after delete on public.chat_files
  for each row when (old.vector_store_id is not null)
  execute function private.count_store_files();

create trigger vector_stores_touch
  before update on public.vector_stores
  for each row execute function private.touch_updated_at();

alter table public.vector_stores enable row level security;

grant select on public.vector_stores to authenticated;
grant select, insert, update, delete on public.vector_stores to service_role;

create policy vector_stores_select_own on public.vector_stores
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Foreign keys.
create index vector_stores_session_id_user_id_idx on public.vector_stores (session_id, user_id);
create index vector_stores_assistant_slug_idx on public.vector_stores (assistant_slug);

-- The clean-up: active stores near their expiry, expired stores, and abandoned attempts to make a store.
create index vector_stores_active_expires_at_idx on public.vector_stores (expires_at) where status = 'active';
create index vector_stores_expired_at_idx on public.vector_stores (expired_at)
  where status = 'expired' and store_id is not null;
create index vector_stores_recreating_lease_until_idx on public.vector_stores (lease_until) where status = 'recreating';

-- From sql/08_plans_and_usage/10_tables.sql

-- Plans, models, prices, counters and metrics: tables, reference data, and who may read them.

create table public.plans (
  slug text primary key,
  name text not null,
  rank integer not null,
  monthly_messages integer,
  daily_messages integer,
  monthly_searches integer,
  turns_per_minute integer,
  max_file_bytes bigint,
  max_session_files integer,
  max_files integer,
  max_bytes bigint,
  max_sessions integer not null default 1000,
  max_lookouts integer,
  max_output_tokens integer,
  monthly_budget numeric(12, 6),
  constraint plans_rank_key unique (rank),
  constraint plans_limits_check check (
    least(monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes, max_session_files,
      max_files, max_bytes, max_lookouts) >= 0
  ),
  constraint plans_max_sessions_check check (max_sessions between 0 and 10000),
  constraint plans_monthly_budget_check check (monthly_budget >= 0)
);

create table public.models (
  model text primary key,
  context_window integer,
  max_output_tokens integer,
  efforts text[],
  default_effort text,
  accepts_temperature boolean,
  accepts_images boolean,
  compacts boolean,
  input_price numeric(12, 6),
  cached_input_price numeric(12, 6),
  cache_write_price numeric(12, 6),
  output_price numeric(12, 6),
  long_input_tokens integer,
  constraint models_tokens_check check (least(context_window, max_output_tokens, long_input_tokens) > 0),
  constraint models_efforts_check
    check (efforts <@ array['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']),
  constraint models_default_effort_check check (default_effort is null or default_effort = any (efforts)),
  constraint models_prices_check check (least(input_price, cached_input_price, cache_write_price, output_price) >= 0)
);

create table public.tool_prices (
  tool text primary key,
  price numeric(12, 6) not null,
  unit text not null,
  constraint tool_prices_price_check check (price >= 0)
);

create table public.usage_counters (
  user_id uuid not null,
  feature text not null,
  period_start timestamptz not null,
  count integer not null default 0,
  reset_at timestamptz not null,
  primary key (user_id, feature, period_start),
  constraint usage_counters_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint usage_counters_feature_check check (feature in ('turns', 'messages', 'searches', 'attaches')),
  constraint usage_counters_count_check check (count >= 0)
);

create table public.usage_metrics (
  user_id uuid not null,
  day date not null,
  feature_type text not null,
  model text not null,
  request_count integer not null default 0,
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  total_tokens bigint not null generated always as (input_tokens + output_tokens) stored,
  web_searches integer not null default 0,
  file_searches integer not null default 0,
  code_runs integer not null default 0,
  images integer not null default 0,
  total_cost numeric(12, 6) not null default 0,
  primary key (user_id, day, feature_type, model),
  constraint usage_metrics_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade
);

create table public.monthly_costs (
  user_id uuid not null,
  month date not null,
  spent numeric(14, 6) not null default 0,
  reserved numeric(14, 6) not null default 0,
  carried numeric(14, 6) not null default 0,
  primary key (user_id, month),
  constraint monthly_costs_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint monthly_costs_month_check check (extract(day from month) = 1),
  constraint monthly_costs_amounts_check check (least(spent, reserved, carried) >= 0)
);

create table private.usage_policy (
  is_only boolean primary key default true,
  project_monthly_budget numeric(14, 6),
  reserved_output_tokens integer not null default 4096,
  constraint usage_policy_is_only_check check (is_only),
  constraint usage_policy_check check (project_monthly_budget >= 0 and reserved_output_tokens > 0)
);
insert into private.usage_policy default values;

create table private.project_costs (
  is_only boolean primary key default true,
  month date not null default '-infinity',
  total numeric(18, 6) not null default 0,
  refreshed_at timestamptz not null default '-infinity',
  constraint project_costs_is_only_check check (is_only)
);
insert into private.project_costs default values;

comment on table public.plans is 'What a profile may use. Null means unlimited.';
comment on column public.plans.rank is
  'Order of the plans. An assistant with a required plan is open to that plan and to every plan of a higher rank.';
comment on column public.plans.monthly_messages is 'Messages per billing period. Credits pay for messages beyond it.';
comment on column public.plans.daily_messages is 'Messages per UTC day.';
comment on column public.plans.monthly_searches is 'Messages with web search per UTC month.';
comment on column public.plans.turns_per_minute is 'Turns that one user may start within a minute.';
comment on column public.plans.max_file_bytes is 'Largest size of one file, in bytes.';
comment on column public.plans.max_session_files is 'Largest number of files in one chat.';
comment on column public.plans.max_files is 'Largest number of files in all chats of a user.';
comment on column public.plans.max_bytes is 'Largest size of all files of a user together, in bytes.';
comment on column public.plans.max_sessions is
  'Largest number of chats of a user, archived ones included. At most 10,000 and never unlimited.';
comment on column public.plans.max_lookouts is
  'Largest number of lookouts that are not archived. private.limit_policy limits all lookouts.';
comment on column public.plans.max_output_tokens is 'Most tokens of one reply, reasoning included.';
comment on column public.plans.monthly_budget is
  'US dollars that OpenAI may cost for one user in a UTC month.';
comment on table public.models is
  'What OpenAI documents about its models. Null means that a fact is not known. A dated model name has the facts of '
  'the longest model name that it starts with.';
comment on column public.models.context_window is 'Tokens of input and output together.';
comment on column public.models.max_output_tokens is 'Most tokens of one reply, reasoning included.';
comment on column public.models.efforts is
  'The values of reasoning_effort that the model takes. Empty for a model that does not reason.';
comment on column public.models.default_effort is 'The effort of a request that names none.';
comment on column public.models.accepts_temperature is
  'Whether the model takes a temperature. A model that can reason takes one only with the effort none.';
comment on column public.models.compacts is 'Whether the model can shorten a long conversation by itself.';
comment on column public.models.input_price is 'US dollars per million tokens, like the other prices.';
comment on column public.models.cached_input_price is 'If null, cached input costs as much as other input.';
comment on column public.models.cache_write_price is
  'For input that OpenAI writes to its cache for 30 minutes. If null, it costs as much as other input.';
comment on column public.models.long_input_tokens is
  'A request with more input tokens costs 2 times as much for its input and 1.5 times for its output. Null means '
  'never.';
comment on table public.tool_prices is
  'What OpenAI charges for its own tools, in US dollars. Tokens that a tool adds are counted as tokens.';
comment on column public.tool_prices.tool is 'The type of the tool in the Responses API.';
comment on column public.tool_prices.unit is 'What is counted.';
comment on table public.usage_counters is
  'Counts against limits with a fixed period: turns and attaches per minute, messages per UTC day, searches per UTC '
  'month.';
comment on table public.usage_metrics is 'Usage and its cost, by UTC day, feature and model.';
comment on column public.usage_metrics.code_runs is 'Containers of the code interpreter.';
comment on column public.usage_metrics.images is 'Generated images.';
comment on column public.usage_metrics.total_cost is 'US dollars, for tokens and tools.';

comment on table public.monthly_costs is
  'What OpenAI costs for a user in a UTC month, in US dollars. Budgets are checked against it.';
comment on column public.monthly_costs.month is 'The first day of the month.';
comment on column public.monthly_costs.spent is 'The sum of total_cost in usage_metrics.';
comment on column public.monthly_costs.reserved is
  'Estimates of the turns that are running. A turn reserves only while its user or the project has a budget.';
comment on column public.monthly_costs.carried is
  'What a deleted account of the same address had spent in the month. It counts against the budget of the user only.';
comment on table private.usage_policy is
  'One row: the budget of the whole project, and how much a turn reserves of a budget.';
comment on column private.usage_policy.project_monthly_budget is
  'US dollars that OpenAI may cost for all users together in a UTC month. Null means unlimited; 0 stops all turns.';
comment on column private.usage_policy.reserved_output_tokens is
  'Output tokens that a turn reserves at most. A longer reply may pass the budget by what it costs beyond them.';
comment on table private.project_costs is
  'One row: the sum of monthly_costs in the current month. Starts of turns refresh it at most every 10 seconds.';

-- Reference data: `db push` does not run seeds, so the plans, models and prices are part of the schema.
insert into public.plans
  (slug, name, rank, monthly_messages, daily_messages, monthly_searches, turns_per_minute, max_file_bytes,
    max_session_files, max_files, max_bytes, max_sessions, max_lookouts)
values
  ('free', 'Free', 0, 200, 50, 10, 30, 52428800, 20, 100, 1073741824, 1000, 1),
  ('pro', 'Pro', 10, 3000, 300, 200, 60, 52428800, 50, 1000, 10737418240, 5000, 10),
  ('enterprise', 'Enterprise', 20, null, null, 1000, 120, 52428800, 200, 10000, 107374182400, 10000, 50);

-- Sources, read in November 2026:
-- Windows, longest replies, images, efforts and prices of gpt-6: the page of each model, such as
--   https://developers.openai.com/api/docs/models/gpt-6.2-sol. The prices are those of standard processing and of a
--   cache of 30 minutes.
-- Efforts of gpt-5: https://developers.openai.com/api/docs/guides/reasoning. The default is none, and medium from
--   gpt-5.5 on.
-- Temperature: https://developers.openai.com/api/docs/guides/latest-model, "parameter compatibility". Sources
--   disagree about gpt-5.5 with the effort none.
-- Compaction: https://developers.openai.com/api/docs/guides/compaction.
-- Prices of gpt-5: https://developers.openai.com/api/docs/pricing, standard processing.
-- The pro models are listed because their prices differ from those of the shorter names.
insert into public.models
  (model, context_window, max_output_tokens, efforts, default_effort, accepts_temperature, accepts_images, compacts,
    input_price, cached_input_price, cache_write_price, output_price, long_input_tokens)
values
  ('gpt-6.2-astra', 1050000, 128000, '{low,medium,high,xhigh,max}', null, null, true, null,
    8.00, null, null, 40.00, 272000),
  ('gpt-6.2-sol', 1050000, 128000, '{low,medium,high,xhigh,max}', null, null, true, null,
    2.00, 0.10, 2.50, 10.00, 272000),
  ('gpt-6.1-terra', 1050000, 128000, '{none,low,medium,high,xhigh,max}', null, null, true, null,
    1.00, 0.05, 1.25, 5.00, 272000),
  ('gpt-6-sol', 1050000, 128000, '{none,low,medium,high,xhigh,max}', 'medium', null, true, null,
    2.00, 0.20, 2.50, 10.00, 272000),
  ('gpt-6-luna', 1050000, 128000, '{none,low,medium,high,xhigh,max}', 'medium', null, true, null,
    0.10, 0.01, 0.125, 0.50, 272000),
  ('gpt-5.5', 1050000, 128000, '{none,low,medium,high,xhigh}', 'medium', null, true, true,
    5.00, 0.50, null, 30.00, 272000),
  ('gpt-5.5-pro', 1050000, 128000, null, null, null, true, true,
    30.00, null, null, 180.00, 272000),
  ('gpt-5.4', 1050000, 128000, '{none,low,medium,high,xhigh}', 'none', true, true, true,
    2.50, 0.25, null, 15.00, 272000),
  ('gpt-5.4-pro', 1050000, 128000, null, null, null, true, true,
    30.00, null, null, 180.00, 272000),
  ('gpt-5.4-mini', 400000, 128000, '{none,low,medium,high,xhigh}', 'none', true, true, true,
    0.75, 0.075, null, 4.50, null),
  ('gpt-5.4-nano', 400000, 128000, '{none,low,medium,high,xhigh}', 'none', true, true, true,
    0.20, 0.02, null, 1.25, null);

-- Source: https://developers.openai.com/api/docs/pricing, 2026. A container has 1 GB by default and lasts 20 minutes.
-- OpenAI bills images by tokens, and a response does not report them. This is the price of one image of 1024 x 1024
-- pixels in high quality by gpt-image-1, the tool's default model:
-- https://developers.openai.com/api/docs/guides/image-generation
insert into public.tool_prices (tool, price, unit)
values
  ('web_search', 0.01, 'call'),
  ('file_search', 0.0025, 'call'),
  ('code_interpreter', 0.03, 'container'),
  ('image_generation', 0.167, 'image');

alter table public.profiles
  add constraint profiles_subscription_plan_fkey foreign key (subscription_plan) references public.plans (slug);
-- Also serves the batches in which a changed quota reaches the profiles of a plan.
create index profiles_subscription_plan_idx on public.profiles (subscription_plan, id);
alter table public.assistants
  add constraint assistants_required_plan_fkey foreign key (required_plan) references public.plans (slug);
create index assistants_required_plan_idx on public.assistants (required_plan);

alter table public.plans enable row level security;
alter table public.models enable row level security;
alter table public.tool_prices enable row level security;
alter table public.usage_counters enable row level security;
alter table public.usage_metrics enable row level security;
alter table public.monthly_costs enable row level security;
alter table private.usage_policy enable row level security;
alter table private.project_costs enable row level security;

grant select on public.plans, public.models, public.tool_prices, public.usage_counters, public.usage_metrics,
  public.monthly_costs to authenticated;
grant select, insert, update, delete on public.plans, public.models, public.tool_prices, public.usage_counters,
  public.usage_metrics, public.monthly_costs to service_role;

create policy plans_select_all on public.plans
  for select to authenticated
  using (true);

create policy models_select_all on public.models
  for select to authenticated
  using (true);

create policy tool_prices_select_all on public.tool_prices
  for select to authenticated
  using (true);

create policy usage_counters_select_own on public.usage_counters
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy usage_metrics_select_own on public.usage_metrics
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy monthly_costs_select_own on public.monthly_costs
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Serves the sum of a month. The month of a row never changes, so a booking does not write this index.
create index monthly_costs_month_idx on public.monthly_costs (month);

-- From sql/08_plans_and_usage/15_models.sql

-- What is known about a model, and the settings that an assistant may have with it.

create function private.model_of(model text)
returns public.models
language plpgsql
stable
set search_path = ''
as $$
declare
  known public.models;
begin
  select m.* into known
  from public.models m
  where starts_with(model_of.model, m.model)
  order by length(m.model) desc
  limit 1;
  return known;
end
$$;
comment on function private.model_of(text) is
  'Returns what is known about a model, under the longest name that its name starts with. All columns are null for an '
  'unknown model.';
grant execute on function private.model_of(text) to service_role;

create function private.check_assistant_settings()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  known public.models := private.model_of(new.model);
  effort text := coalesce(new.reasoning_effort, known.default_effort);
begin
  if new.reasoning_effort is not null and new.reasoning_effort <> all (known.efforts) then
    perform private.refuse(
      400, 'assistant_setting_unsupported',
      'The assistant''s model does not take this reasoning_effort. Use one that details.efforts lists, or null.',
      jsonb_build_object('setting', 'reasoning_effort', 'model', new.model, 'efforts', known.efforts)
    );
  end if;
  if new.temperature is not null and not known.accepts_temperature then
    perform private.refuse(
      400, 'assistant_setting_unsupported',
      'The assistant''s model does not take a temperature. Set temperature to null, or choose another model.',
      jsonb_build_object('setting', 'temperature', 'model', new.model)
    );
  end if;
  if new.temperature is not null and known.efforts is not null and effort <> 'none' then
    perform private.refuse(
      400, 'assistant_setting_unsupported',
      'A model that reasons does not take a temperature. Set temperature to null, or reasoning_effort to none.',
      jsonb_build_object('setting', 'temperature', 'model', new.model, 'reasoning_effort', effort)
    );
  end if;
  return new;
end
$$;
comment on function private.check_assistant_settings() is
  'Trigger: refuses an assistant with a setting that its model does not take, because OpenAI would refuse every '
  'request. Facts that are not known refuse nothing.';

create trigger assistants_check_settings
  before insert or update of model, temperature, reasoning_effort on public.assistants
  for each row execute function private.check_assistant_settings();

-- From sql/08_plans_and_usage/20_counters.sql

-- Quotas from plans, and counts against limits with a fixed period.

create function private.copy_plan_quota()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.subscription_quota := (select p.monthly_messages from public.plans p where p.slug = new.subscription_plan);
  return new;
end
$$;
comment on function private.copy_plan_quota() is
  'Trigger: copies the quota of the plan to the profile when the profile gets a plan.';

create trigger profiles_copy_plan_quota_on_insert
  before insert on public.profiles
  for each row execute function private.copy_plan_quota();
create trigger profiles_copy_plan_quota_on_update
  before update of subscription_plan on public.profiles
  for each row when (old.subscription_plan is distinct from new.subscription_plan)
  execute function private.copy_plan_quota();

create function private.spread_plan_quota()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_entitlement_change('plan', new.slug);
  return null;
end
$$;
comment on function private.spread_plan_quota() is
  'Trigger: lets the schedule copy the changed quota of a plan to the profiles with that plan, in batches. '
  'Definer: the list of changes is private.';

create trigger plans_spread_quota
  after update of monthly_messages on public.plans
  for each row when (old.monthly_messages is distinct from new.monthly_messages)
  execute function private.spread_plan_quota();

create function private.plan_of(profile_id uuid)
returns public.plans
language plpgsql
stable
set search_path = ''
as $$
declare
  plan public.plans;
begin
  select l.* into plan
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  where p.id = plan_of.profile_id;
  return plan;
end
$$;
comment on function private.plan_of(uuid) is 'Returns the plan whose limits a profile has.';
grant execute on function private.plan_of(uuid) to service_role;

create function private.count_usage(profile_id uuid, feature text, unit text, max_count integer)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  starts_at timestamptz := date_trunc(unit, now(), 'UTC');
begin
  -- A single statement, so concurrent calls cannot exceed the limit.
  insert into public.usage_counters as c (user_id, feature, period_start, count, reset_at)
  select profile_id, count_usage.feature, starts_at, 1, starts_at + ('1 ' || unit)::interval
  where max_count is null or max_count > 0
  on conflict on constraint usage_counters_pkey do update
  set count = c.count + 1
  where max_count is null or c.count < max_count;
  return found;
end
$$;
comment on function private.count_usage(uuid, text, text, integer) is
  'Counts one use in the current minute, day or month (UTC). Returns false when the limit is reached. A null limit '
  'means unlimited.';

create function private.decrement_usage(profile_id uuid, feature text, unit text, period_start timestamptz)
returns void
language sql
set search_path = ''
as $$
  update public.usage_counters c
  set count = c.count - 1
  where c.user_id = profile_id
    and c.feature = decrement_usage.feature
    and c.period_start = decrement_usage.period_start
    and c.period_start = date_trunc(unit, now(), 'UTC')
    and c.count > 0
$$;
comment on function private.decrement_usage(uuid, text, text, timestamptz) is
  'Subtracts one use, if its period is still the current one.';

create function private.limit_detail(unit text, max_count integer)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object('limit', max_count, 'reset_at', date_trunc(unit, now(), 'UTC') + ('1 ' || unit)::interval)
$$;
comment on function private.limit_detail(text, integer) is
  'Returns the detail of a refusal: the limit, and when the next period begins.';

create function private.quota_period_start(last_reset timestamptz)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return last_reset + make_interval(months => greatest(
    0, (extract(year from age(now(), last_reset)) * 12 + extract(month from age(now(), last_reset)))::integer
  ));
end
$$;
comment on function private.quota_period_start(timestamptz) is
  'Returns the start of the quota''s current period. Periods are months that count from the last reset. No job ends '
  'them: the next message moves quota_last_reset.';

-- From sql/08_plans_and_usage/30_reservation.sql

-- Reservation of a message before its turn, and its refund.

create function private.spend_message(profile_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  update public.profiles p
  set subscription_usage = 0, quota_last_reset = private.quota_period_start(p.quota_last_reset)
  where p.id = profile_id
    and private.quota_period_start(p.quota_last_reset) > p.quota_last_reset;

  update public.profiles p
  set subscription_usage = p.subscription_usage + 1
  where p.id = profile_id
    and (p.subscription_quota is null or p.subscription_usage < p.subscription_quota)
  returning * into profile;
  if found then
    return jsonb_build_object('source', 'quota', 'period_start', profile.quota_last_reset);
  end if;

  update public.profiles p
  set tokens = p.tokens - 1
  where p.id = profile_id
    and p.tokens > 0
    and (p.tokens_expires_at is null or p.tokens_expires_at > now())
  returning * into profile;
  if found then
    return jsonb_build_object('source', 'credits', 'expires_at', profile.tokens_expires_at);
  end if;

  select * into profile from public.profiles p where p.id = profile_id;
  perform private.refuse(
    402, 'quota_exceeded',
    'All messages of this period are used. Upgrade the plan, buy credits, or wait for the next period.',
    jsonb_build_object('limit', profile.subscription_quota, 'reset_at', profile.quota_last_reset + interval '1 month')
  );
  return null;
end
$$;
comment on function private.spend_message(uuid) is
  'Takes one message from the monthly quota, or else one unexpired credit, or else refuses with 402. Returns where '
  'the message was charged.';

create function private.reserve_usage(profile_id uuid, with_search boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  plan public.plans;
  reservation jsonb;
begin
  perform private.require_active(profile_id);
  -- All turns of a profile queue here, in whatever session. Counts and quota are read under this lock.
  select l.* into plan
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  where p.id = profile_id
  for no key update of p;

  if not private.count_usage(profile_id, 'turns', 'minute', plan.turns_per_minute) then
    perform private.refuse(
      429, 'rate_limited',
      'You sent too many messages within a minute. Wait a minute and try again.',
      private.limit_detail('minute', plan.turns_per_minute)
    );
  end if;
  if not private.count_usage(profile_id, 'messages', 'day', plan.daily_messages) then
    perform private.refuse(
      429, 'daily_limit_reached',
      'All messages of today are used. Wait until tomorrow or upgrade the plan.',
      private.limit_detail('day', plan.daily_messages)
    );
  end if;
  reservation := private.spend_message(profile_id);
  if with_search and not private.count_usage(profile_id, 'searches', 'month', plan.monthly_searches) then
    perform private.refuse(
      402, 'search_quota_exceeded',
      'All web searches of this month are used. Send the message without search, or upgrade the plan.',
      private.limit_detail('month', plan.monthly_searches)
    );
  end if;
  return reservation || jsonb_build_object(
    'day', date_trunc('day', now(), 'UTC'),
    'search_month', case when with_search then date_trunc('month', now(), 'UTC') end
  );
end
$$;
comment on function private.reserve_usage(uuid, boolean) is
  'Reserves one message (and one search) before a turn, or refuses. A refusal rolls everything back. Called by '
  'start_turn.';

create function private.refund_usage(profile_id uuid, reservation jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.profiles p
  set subscription_usage = p.subscription_usage - 1
  where p.id = profile_id
    and reservation ->> 'source' = 'quota'
    and p.quota_last_reset = (reservation ->> 'period_start')::timestamptz
    and p.subscription_usage > 0;

  update public.profiles p
  set tokens = p.tokens + 1
  where p.id = profile_id
    and reservation ->> 'source' = 'credits'
    and ((reservation ->> 'expires_at') is null or (reservation ->> 'expires_at')::timestamptz > now());

  perform private.decrement_usage(profile_id, 'messages', 'day', (reservation ->> 'day')::timestamptz);
  perform private.decrement_usage(profile_id, 'searches', 'month', (reservation ->> 'search_month')::timestamptz);
end
$$;
comment on function private.refund_usage(uuid, jsonb) is
  'Returns a reservation to where it was charged, if that period is still the current one. Called once, when the '
  'turn settles.';

-- From sql/08_plans_and_usage/40_metrics.sql

-- The cost of tokens and tools, the metrics of each day, and the usage that a client sees.

create function private.usage_cost(model text, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
  cache_write_tokens bigint default 0)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
declare
  known public.models := private.model_of(model);
  input_cost numeric := (input_tokens - cached_input_tokens - cache_write_tokens) * known.input_price
    + cached_input_tokens * coalesce(known.cached_input_price, known.input_price)
    + cache_write_tokens * coalesce(known.cache_write_price, known.input_price);
  output_cost numeric := output_tokens * known.output_price;
begin
  if input_tokens > known.long_input_tokens then
    -- The same factors for every model that has them: https://developers.openai.com/api/docs/pricing
    input_cost := input_cost * 2;
    output_cost := output_cost * 1.5;
  end if;
  return coalesce((input_cost + output_cost) / 1000000, 0);
end
$$;
comment on function private.usage_cost(text, bigint, bigint, bigint, bigint) is
  'Returns the US dollars for tokens of a model. The input tokens include those read from the cache and those written '
  'to it, which have their own prices. Returns 0 for a model without a price.';
grant execute on function private.usage_cost(text, bigint, bigint, bigint, bigint) to service_role;

create function private.tool_cost(tools jsonb)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(sum(used.count::integer * p.price), 0)
    from jsonb_each_text(tools) as used (tool, count)
    join public.tool_prices p on p.tool = used.tool
  );
end
$$;
comment on function private.tool_cost(jsonb) is
  'Returns the US dollars for uses of tools, such as {"web_search": 2}. Tools without a price cost 0.';
grant execute on function private.tool_cost(jsonb) to service_role;

create function private.this_month()
returns date
language plpgsql
stable
set search_path = ''
as $$
begin
  return date_trunc('month', now() at time zone 'UTC')::date;
end
$$;
comment on function private.this_month() is 'Returns the first day of the current UTC month.';

create function private.log_near_budget(before numeric, after numeric, budget numeric, scope jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if before < budget * 0.8 and after >= budget * 0.8 then
    raise log 'budget_near_limit %', scope || jsonb_build_object('used', after, 'budget', budget);
  end if;
end
$$;
comment on function private.log_near_budget(numeric, numeric, numeric, jsonb) is
  'Writes a line to the log of Postgres when an amount passes 80 % of a budget, in US dollars.';
grant execute on function private.log_near_budget(numeric, numeric, numeric, jsonb) to service_role;

create function private.book_usage(
  profile_id uuid, feature_type text, model text, input_tokens bigint, cached_input_tokens bigint, output_tokens bigint,
  tools jsonb default '{}', cache_write_tokens bigint default 0
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Rounded once, so that the sum of a month equals the sum of its days.
  cost numeric := round(
    private.usage_cost(book_usage.model, book_usage.input_tokens, book_usage.cached_input_tokens,
      book_usage.output_tokens, book_usage.cache_write_tokens) + private.tool_cost(tools), 6
  );
  spent numeric;
begin
  insert into public.usage_metrics as u
    (user_id, day, feature_type, model, request_count, input_tokens, cached_input_tokens, output_tokens,
      web_searches, file_searches, code_runs, images, total_cost)
  select
    profile_id, (now() at time zone 'UTC')::date, book_usage.feature_type, book_usage.model, 1,
    book_usage.input_tokens, book_usage.cached_input_tokens, book_usage.output_tokens, coalesce(used.web_search, 0),
    coalesce(used.file_search, 0), coalesce(used.code_interpreter, 0), coalesce(used.image_generation, 0), cost
  from jsonb_to_record(tools) as used (
    web_search integer, file_search integer, code_interpreter integer, image_generation integer
  )
  on conflict on constraint usage_metrics_pkey do update
  set request_count = u.request_count + 1,
      input_tokens = u.input_tokens + excluded.input_tokens,
      cached_input_tokens = u.cached_input_tokens + excluded.cached_input_tokens,
      output_tokens = u.output_tokens + excluded.output_tokens,
      web_searches = u.web_searches + excluded.web_searches,
      file_searches = u.file_searches + excluded.file_searches,
      code_runs = u.code_runs + excluded.code_runs,
      images = u.images + excluded.images,
      total_cost = u.total_cost + excluded.total_cost;
  insert into public.monthly_costs as c (user_id, month, spent)
  values (profile_id, private.this_month(), cost)
  on conflict (user_id, month) do update
  set spent = c.spent + excluded.spent
  returning c.spent into spent;
  perform private.log_near_budget(
    spent - cost, spent, (private.plan_of(profile_id)).monthly_budget, jsonb_build_object('profile_id', profile_id)
  );
  perform private.book_organization_cost(profile_id, cost);
end
$$;
comment on function private.book_usage(uuid, text, text, bigint, bigint, bigint, jsonb, bigint) is
  'Adds one request''s tokens, tools and cost to the metrics of the day, and its cost to the month, against which '
  'budgets are checked. tools counts the uses of OpenAI''s tools by type, such as {"web_search": 2}.';
grant execute on function private.this_month(),
  private.book_usage(uuid, text, text, bigint, bigint, bigint, jsonb, bigint)
  to service_role;

create function public.get_my_usage()
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select jsonb_build_object(
    'plan', l.slug,
    'monthly_messages', jsonb_build_object(
      'used', case when q.period_start > p.quota_last_reset then 0 else p.subscription_usage end,
      'limit', p.subscription_quota,
      'reset_at', q.period_start + interval '1 month'
    ),
    'daily_messages', private.limit_detail('day', l.daily_messages) || jsonb_build_object('used', (
      select coalesce(max(c.count), 0) from public.usage_counters c
      where c.user_id = p.id and c.feature = 'messages' and c.period_start = date_trunc('day', now(), 'UTC')
    )),
    'monthly_searches', private.limit_detail('month', l.monthly_searches) || jsonb_build_object('used', (
      select coalesce(max(c.count), 0) from public.usage_counters c
      where c.user_id = p.id and c.feature = 'searches' and c.period_start = date_trunc('month', now(), 'UTC')
    )),
    'monthly_budget', private.limit_detail('month', null) || jsonb_build_object(
      'limit', l.monthly_budget,
      'used', (
        select coalesce(max(c.spent + c.reserved + c.carried), 0) from public.monthly_costs c
        where c.user_id = p.id and c.month = private.this_month()
      )
    ),
    'turns_per_minute', l.turns_per_minute,
    'credits', jsonb_build_object(
      'balance', case when p.tokens_expires_at <= now() then 0 else p.tokens end,
      'expires_at', p.tokens_expires_at
    )
  )
  from public.profiles p
  join public.plans l on l.slug = p.subscription_plan
  cross join lateral (select private.quota_period_start(p.quota_last_reset) as period_start) q
  where p.id = (select private.current_profile_id())
$$;
comment on function public.get_my_usage() is
  'Client RPC: returns what the caller has used and may use. A null limit means unlimited.';
grant execute on function
  public.get_my_usage(), private.limit_detail(text, integer), private.quota_period_start(timestamptz),
  private.this_month() to authenticated;

-- From sql/08_plans_and_usage/50_budgets.sql

-- Budgets in US dollars: a turn reserves an estimate when it starts, and its settlement books the real cost instead.

create function private.project_cost()
returns numeric
language plpgsql
set search_path = ''
as $$
declare
  this_month date := private.this_month();
  cached private.project_costs;
  before numeric;
begin
  select * into cached from private.project_costs;
  if cached.month = this_month and cached.refreshed_at > now() - interval '10 seconds' then
    return cached.total;
  end if;
  -- One start at a time refreshes the sum. The others go on with the old one, so nobody waits for this row.
  select case when c.month = this_month then c.total else 0 end into before
  from private.project_costs c
  for update skip locked;
  if found then
    update private.project_costs
    set month = this_month,
        total = (select coalesce(sum(c.spent + c.reserved), 0) from public.monthly_costs c where c.month = this_month),
        refreshed_at = now()
    returning * into cached;
    perform private.log_near_budget(
      before, cached.total, (select p.project_monthly_budget from private.usage_policy p), '{"scope": "project"}'
    );
  end if;
  return case when cached.month = this_month then cached.total else 0 end;
end
$$;
comment on function private.project_cost() is
  'Returns what all users have spent and reserved this month, as it was up to 10 seconds ago. All turns that start in '
  'these seconds can pass the budget of the project, each by its own cost. A refusal rolls its refresh back.';

create function private.reserve_budget(profile_id uuid, estimate numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  budget numeric := (private.plan_of(profile_id)).monthly_budget;
  project_budget numeric := (select p.project_monthly_budget from private.usage_policy p);
  detail jsonb := private.limit_detail('month', null) - 'limit';
  amount numeric := round(estimate, 6);
begin
  if project_budget is not null and private.project_cost() >= project_budget then
    perform private.refuse(
      402, 'budget_exceeded',
      'This service has used its budget of this month. Wait until the next month, or ask its operator for more.',
      detail || '{"scope": "project"}'
    );
  end if;
  -- A single statement, so concurrent calls cannot reserve more than the budget.
  insert into public.monthly_costs as c (user_id, month, reserved)
  select profile_id, private.this_month(), amount
  where budget is null or (budget > 0 and amount <= budget)
  on conflict (user_id, month) do update
  set reserved = c.reserved + excluded.reserved
  where budget is null
    or (c.spent + c.reserved + c.carried < budget
      and c.spent + c.reserved + c.carried + excluded.reserved <= budget);
  if not found then
    perform private.refuse(
      402, 'budget_exceeded',
      'Your budget of this month does not cover this message. Wait until the next month, or upgrade the plan.',
      detail || '{"scope": "user"}'
    );
  end if;
  return jsonb_build_object('month', private.this_month(), 'amount', amount)
    || private.reserve_organization_budget(profile_id, amount);
end
$$;
comment on function private.reserve_budget(uuid, numeric) is
  'Reserves an estimate of the cost of a turn, in US dollars, and returns the reservation. Refuses with 402 if the '
  'estimate does not fit into what is left of the budget of the user or of the organization that gives the plan, or if '
  'the project''s budget is used.';

create function private.settle_budget(profile_id uuid, reservation jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.monthly_costs c
  set reserved = greatest(0, c.reserved - (reservation ->> 'amount')::numeric)
  where c.user_id = profile_id
    and c.month = (reservation ->> 'month')::date;
  perform private.settle_organization_budget(reservation);
end
$$;
comment on function private.settle_budget(uuid, jsonb) is
  'Takes a reservation of reserve_budget back, in the month in which it was made. Called once for each turn, when it '
  'settles or is deleted. book_usage adds the real cost. Null changes nothing.';

-- In plpgsql, because later files create functions that it calls: SQL functions are checked when they are created.
create function private.estimate_turn(question public.chat_messages, assistant public.assistants, search boolean)
returns numeric
language plpgsql
stable
set search_path = ''
as $$
declare
  known public.models := private.model_of(assistant.model);
  -- The length in bytes is read without the text, and it is closer to tokens for scripts that are not Latin.
  input_bytes bigint := coalesce(octet_length(private.turn_instructions(assistant.slug, question.user_id)), 0) + (
    select coalesce(sum(octet_length(m.content)), 0)
    from public.chat_messages m
    where m.session_id = question.session_id and m.user_id = question.user_id and m.seq <= question.seq
  );
  input_tokens bigint := least(input_bytes / 4, known.context_window);
begin
  return private.usage_cost(
    assistant.model,
    input_tokens,
    0,
    least((select p.reserved_output_tokens from private.usage_policy p), known.max_output_tokens),
    -- Nothing of a new message is in the cache yet, and writing to it may cost more than other input.
    input_tokens
  ) + private.tool_cost(case when search then '{"web_search": 1}'::jsonb else '{}' end);
end
$$;
comment on function private.estimate_turn(public.chat_messages, public.assistants, boolean) is
  'Estimates the US dollars of a turn: instructions, history and message at four bytes a token, '
  'usage_policy.reserved_output_tokens of output, and one web search if the user asked for it. 0 for a model without a '
  'price.';

create function private.reserve_turn(question public.chat_messages, assistant public.assistants, search boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  return (
    select private.reserve_budget(question.user_id, private.estimate_turn(question, assistant, search))
    where (private.plan_of(question.user_id)).monthly_budget is not null
      or exists (select from private.usage_policy p where p.project_monthly_budget is not null)
      or private.budget_organization(question.user_id) is not null
  );
end
$$;
comment on function private.reserve_turn(public.chat_messages, public.assistants, boolean) is
  'Reserves the estimated cost of a turn. Null if neither the user nor the organization nor the project has a budget. '
  'Called by start_turn, which holds the lock of the profile.';

-- From sql/08_plans_and_usage/60_row_limits.sql

-- Limits of rows: the limits that are the same for all plans, and the triggers that refuse a row beyond a limit.

create table private.limit_policy (
  is_only boolean primary key default true,
  max_lookouts integer not null default 200,
  max_unregistered_objects integer not null default 100,
  max_invitations integer not null default 100,
  uploads_per_day integer not null default 2000,
  lookouts_per_day integer not null default 100,
  organizations_per_day integer not null default 10,
  activity_per_minute integer not null default 60,
  activity_per_day integer not null default 1000,
  bridge_codes_per_minute integer not null default 10,
  bridge_codes_per_day integer not null default 100,
  constraint limit_policy_is_only_check check (is_only),
  constraint limit_policy_check check (
    least(max_lookouts, max_unregistered_objects, max_invitations, uploads_per_day, lookouts_per_day,
      organizations_per_day, activity_per_minute, activity_per_day, bridge_codes_per_minute, bridge_codes_per_day) >= 0
  )
);
insert into private.limit_policy default values;

comment on table private.limit_policy is
  'One row: the limits that are the same for all plans. types/limits.ts names the calls that each limit refuses.';
comment on column private.limit_policy.max_lookouts is 'Lookouts of a user, archived ones included.';
comment on column private.limit_policy.max_unregistered_objects is
  'Objects of a user in Storage that are not registered as files. A plan with fewer files allows only so many.';
comment on column private.limit_policy.max_invitations is 'Open invitations of an organization.';
comment on column private.limit_policy.uploads_per_day is
  'Files that a user may upload, register or index again in a UTC day.';
comment on column private.limit_policy.lookouts_per_day is 'Lookouts that a user may create in a UTC day.';
comment on column private.limit_policy.organizations_per_day is 'Organizations that a user may create in a UTC day.';
comment on column private.limit_policy.activity_per_minute is 'Calls of log_activity by a user in a minute.';
comment on column private.limit_policy.activity_per_day is 'Calls of log_activity by a user in a UTC day.';
comment on column private.limit_policy.bridge_codes_per_minute is 'Bridge codes of a user in a minute.';
comment on column private.limit_policy.bridge_codes_per_day is 'Bridge codes of a user in a UTC day.';

create function private.limits()
returns private.limit_policy
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select p from private.limit_policy p);
end
$$;
comment on function private.limits() is 'Returns the limits that are the same for all plans.';

create function private.require_daily_rate(bucket text, profile_id uuid, max_count integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not private.within_rate(bucket, profile_id::text, max_count, 'day') then
    perform private.refuse(
      429, 'too_many_today',
      'You did this as often as one day allows. Try again after the time in details.reset_at.',
      private.limit_detail('day', max_count)
    );
  end if;
end
$$;
comment on function private.require_daily_rate(text, uuid, integer) is
  'Counts one call of a profile in the current UTC day. Refuses with 429 when the limit is reached. The bucket of a '
  'limit per day is not the bucket of a limit per minute.';

create function private.require_session_limit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_sessions integer;
begin
  -- With the lock, parallel inserts count one after the other. The query also sees earlier rows of the same insert.
  perform from public.profiles p where p.id = new.user_id for no key update;
  max_sessions := (private.plan_of(new.user_id)).max_sessions;
  if max_sessions <= (select count(*) from public.chat_sessions s where s.user_id = new.user_id) then
    perform private.refuse(
      402, 'session_limit_reached',
      'You have as many chats as your plan allows. Delete chats or upgrade the plan.',
      jsonb_build_object('limit', max_sessions)
    );
  end if;
  return new;
end
$$;
comment on function private.require_session_limit() is
  'Trigger: refuses with 402 a session that the plan has no room for, whoever creates it. Archived sessions count. '
  'Definer: clients may not lock profiles.';

create function private.require_short_texts()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  texts jsonb := to_jsonb(new);
begin
  for argument in 0 .. tg_nargs - 1 by 2 loop
    if char_length(texts ->> tg_argv[argument]) > tg_argv[argument + 1]::integer then
      perform private.refuse(
        413, 'text_too_long',
        'A text is longer than allowed. Shorten it to the number of characters in details.limit.',
        jsonb_build_object('column', tg_argv[argument], 'limit', tg_argv[argument + 1]::integer)
      );
    end if;
  end loop;
  return new;
end
$$;
comment on function private.require_short_texts() is
  'Trigger: refuses with 413 a text of a client that is too long. Its arguments are pairs of a column and its largest '
  'number of characters. The check constraints of the columns stay the last guard.';

create function private.require_small_metadata()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if octet_length(new.raw_user_meta_data::text) > 16384 then
    perform private.refuse(
      413, 'metadata_too_large',
      'The metadata of a login has at most 16 KiB. Store less in it.', '{"limit": 16384}'
    );
  end if;
  return new;
end
$$;
-- Source: https://github.com/supabase/auth/blob/master/internal/utilities/postgres.go
comment on function private.require_small_metadata() is
  'Trigger on auth.users: refuses metadata of more than 16 KiB, which is part of every access token. Auth answers with '
  'the status of an SQLSTATE of the form PT413, as PostgREST does. Definer: the Auth service has no rights here.';

create trigger chat_sessions_limit
  before insert on public.chat_sessions
  for each row execute function private.require_session_limit();
create trigger chat_sessions_short_texts
  before insert or update of title on public.chat_sessions
  for each row execute function private.require_short_texts('title', '200');
create trigger profiles_short_texts
  before update of user_name, organization_name, avatar_url on public.profiles
  for each row execute function
    private.require_short_texts('user_name', '200', 'organization_name', '200', 'avatar_url', '2048');
create trigger parley_auth_user_metadata_on_insert
  before insert on auth.users
  for each row when (new.raw_user_meta_data is not null)
  execute function private.require_small_metadata();
create trigger parley_auth_user_metadata_on_update
  before update of raw_user_meta_data on auth.users
  for each row when (old.raw_user_meta_data::text is distinct from new.raw_user_meta_data::text)
  execute function private.require_small_metadata();

alter table private.limit_policy enable row level security;

-- From sql/09_turns/10_tables.sql

-- Further columns of turns, and the table of settings that apply to all turns.

alter table public.chat_turns
  add column search boolean not null default false,
  add column steps integer not null default 0,
  add column step_started_at timestamptz not null default now(),
  add column first_part integer not null default 0,
  add column replaces_message_id uuid,
  add constraint chat_turns_replaces_message_id_fkey foreign key (replaces_message_id)
    references public.chat_messages (id) on delete set null;
comment on column public.chat_turns.search is 'Whether the model may search the web in this turn.';
comment on column public.chat_turns.steps is
  'How many responses of OpenAI ended with calls of tools and are stored. The next response continues the reply.';
comment on column public.chat_turns.step_started_at is
  'When the current step began: the turn, a response after calls, or the outputs that the client provided.';
comment on column public.chat_turns.first_part is
  'How many parts the reply had when the client last provided outputs. The client has these parts.';
comment on column public.chat_turns.replaces_message_id is
  'Set when a reply is regenerated: the old reply, which stays until the new one has begun.';
create index chat_turns_replaces_message_id_idx on public.chat_turns (replaces_message_id);

create table private.turn_policy (
  is_only boolean primary key default true,
  title_model text not null default 'gpt-5.4-nano',
  -- OpenAI advises to leave at least 25,000 tokens for reasoning and the reply.
  -- Source: https://developers.openai.com/api/docs/guides/reasoning
  max_output_tokens integer not null default 32000,
  max_tool_calls integer not null default 16,
  max_steps integer not null default 8,
  constraint turn_policy_is_only_check check (is_only),
  constraint turn_policy_limits_check check (max_output_tokens >= 16 and max_tool_calls > 0 and max_steps > 0)
);
insert into private.turn_policy default values;

create table private.deleted_turns (
  turn_id uuid primary key,
  user_id uuid not null,
  deleted_at timestamptz not null default now(),
  constraint deleted_turns_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade
);
create index deleted_turns_user_id_idx on private.deleted_turns (user_id);
comment on table private.turn_policy is
  'One row: the model that names chats, and the limits of a reply for assistants that set none.';
comment on table private.deleted_turns is
  'Turns whose session was deleted while they ran. The function that learns the end of one books its cost and deletes '
  'its row. Retention deletes rows that stay for a day.';
alter table private.turn_policy enable row level security;
alter table private.deleted_turns enable row level security;

-- From sql/09_turns/20_question.sql

-- The user's message of a turn: checks of session and assistant, repeated messages, and the stored row.

create function private.session_for_turn(session_id uuid, profile_id uuid)
returns public.chat_sessions
language plpgsql
set search_path = ''
as $$
declare
  session public.chat_sessions;
begin
  select * into session
  from public.chat_sessions s
  where s.id = session_for_turn.session_id
    and s.user_id = session_for_turn.profile_id
  for no key update;

  if session.id is null then
    perform private.refuse_unknown_session();
  end if;
  perform private.require_active(profile_id);
  return session;
end
$$;
comment on function private.session_for_turn(uuid, uuid) is
  'Locks the caller''s session for a turn and returns it. Refuses with 404 a session that is not the caller''s, and '
  'with 403 a caller who may not act.';

create function private.assistant_for_turn(slug text, profile_id uuid)
returns public.assistants
language plpgsql
stable
set search_path = ''
as $$
declare
  assistant public.assistants;
begin
  select * into assistant from public.assistants a where a.slug = assistant_for_turn.slug and a.is_active;
  if assistant.slug is null then
    perform private.refuse(
      409, 'assistant_unavailable',
      'This assistant is no longer available. Choose another assistant.'
    );
  end if;
  if (select l.rank from public.plans l where l.slug = assistant.required_plan)
    > (private.plan_of(profile_id)).rank then
    perform private.refuse(
      402, 'plan_required',
      'Your plan does not include this assistant. Upgrade the plan or choose another assistant.',
      jsonb_build_object('plan', assistant.required_plan)
    );
  end if;
  return assistant;
end
$$;
comment on function private.assistant_for_turn(text, uuid) is
  'Returns the assistant of a session. Refuses with 409 an assistant that is switched off, and with 402 when it '
  'needs a higher plan than the caller''s.';

create function private.active_turn(session_id uuid)
returns public.chat_turns
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select t from public.chat_turns t where t.session_id = active_turn.session_id and t.status = 'active'
  );
end
$$;
comment on function private.active_turn(uuid) is 'Returns the turn that is running in a session, or null.';

create function private.reply_to(question public.chat_messages)
returns public.chat_messages
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select m
    from public.chat_messages m
    where m.session_id = question.session_id
      and m.user_id = question.user_id
      and m.seq > question.seq
    order by m.seq
    limit 1
  );
end
$$;
comment on function private.reply_to(public.chat_messages) is
  'Returns the message that follows a user''s message, or null.';

create function private.repeated_turn(session_id uuid, client_id text, content text, parts jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  reply public.chat_messages;
  turn public.chat_turns := private.active_turn(session_id);
begin
  select * into question
  from public.chat_messages m
  where m.session_id = repeated_turn.session_id
    and m.client_id = repeated_turn.client_id
    and m.content = repeated_turn.content
    and m.parts = repeated_turn.parts;

  if turn.user_message_id = question.id then
    return jsonb_build_object('kind', 'attached', 'turn_id', turn.id);
  end if;
  reply := private.reply_to(question);
  if reply.status in ('complete', 'stopped') then
    return jsonb_build_object('kind', 'settled', 'message', to_jsonb(reply));
  end if;
  return null;
end
$$;
comment on function private.repeated_turn(uuid, text, text, jsonb) is
  'Finds the running turn or the stored reply for a repeated message. Null if the message needs a new reply.';

create function private.cut_session(question public.chat_messages)
returns void
language sql
set search_path = ''
as $$
  delete from public.chat_messages m
  where m.session_id = question.session_id
    and m.user_id = question.user_id
    and m.seq > question.seq
$$;
comment on function private.cut_session(public.chat_messages) is
  'Deletes all messages after this one from its session.';

create function private.store_question(session public.chat_sessions, client_id text, content text, parts jsonb,
  target_id text)
returns public.chat_messages
language plpgsql
set search_path = ''
as $$
declare
  question public.chat_messages;
begin
  select * into question
  from public.chat_messages m
  where m.session_id = session.id and m.client_id = coalesce(target_id, store_question.client_id);

  if question.id is null and target_id is null then
    insert into public.chat_messages (session_id, user_id, client_id, sender, content, parts)
    values (session.id, session.user_id, store_question.client_id, 'user', store_question.content, store_question.parts)
    returning * into question;
    return question;
  end if;
  if question.id is null or question.sender <> 'user' then
    perform private.refuse(
      404, 'message_not_found',
      'Only your own messages of this chat can be edited. Reload the chat and choose one.'
    );
  end if;

  if question.content = store_question.content and question.parts = store_question.parts then
    -- The message was sent again after a failure. The failed reply is deleted; no other message may follow it.
    if (private.reply_to(private.reply_to(question))).id is not null then
      perform private.refuse(
        409, 'message_id_conflict',
        'Later messages follow this message. Edit it, or send a new message.'
      );
    end if;
  elsif target_id is null then
    perform private.refuse(
      409, 'message_id_conflict',
      'Another message already has this id. Send the message with a new id.'
    );
  end if;
  perform private.cut_session(question);
  update public.chat_messages m
  set content = store_question.content, parts = store_question.parts, client_id = store_question.client_id
  where m.id = question.id
  returning * into question;
  return question;
end
$$;
comment on function private.store_question(public.chat_sessions, text, text, jsonb, text) is
  'Stores the user''s message of a turn. The message is new, repeated after a failed reply, or (with target_id) '
  'edited. After a repeated or edited message, all later messages of the session are deleted.';

create function private.question_to_redo(session public.chat_sessions, target_id text)
returns public.chat_messages
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  reply public.chat_messages;
begin
  select * into question
  from public.chat_messages m
  where m.session_id = session.id and m.user_id = session.user_id and m.sender = 'user'
  order by m.seq desc
  limit 1;
  reply := private.reply_to(question);

  if question.id is null then
    perform private.refuse(409, 'nothing_to_regenerate', 'This chat has no message to reply to. Send a message first.');
  end if;
  if target_id is not null
    and target_id not in (question.id::text, coalesce(question.client_id, ''), coalesce(reply.id::text, '')) then
    perform private.refuse(
      409, 'message_id_conflict',
      'Only the last reply can be regenerated. Reload the chat and regenerate that one.'
    );
  end if;
  return question;
end
$$;
comment on function private.question_to_redo(public.chat_sessions, text) is
  'Returns the user''s last message, whose reply is to be regenerated. target_id may name this message or its reply; '
  'any other id is refused.';

create function private.open_turn(question public.chat_messages, model text, search boolean, reservation jsonb)
returns public.chat_turns
language plpgsql
set search_path = ''
as $$
declare
  replaced public.chat_messages := private.reply_to(question);
  reply_id uuid;
  turn public.chat_turns;
begin
  insert into public.chat_messages (session_id, user_id, sender, model, status)
  values (question.session_id, question.user_id, 'assistant', open_turn.model, 'streaming')
  returning id into reply_id;

  insert into public.chat_turns
    (session_id, user_id, user_message_id, assistant_message_id, replaces_message_id, search, reservation)
  values (question.session_id, question.user_id, question.id, reply_id, replaced.id, open_turn.search,
    open_turn.reservation)
  returning * into turn;
  return turn;
end
$$;
comment on function private.open_turn(public.chat_messages, text, boolean, jsonb) is
  'Stores an empty reply and the row of the turn. When a reply is regenerated, the old one stays until the new one '
  'has begun.';

-- From sql/09_turns/30_request.sql

-- The content of a turn's request to OpenAI: history, instructions, files.
-- What every turn calls is in plpgsql: it keeps its plans, and Postgres would plan a function in SQL at each call.

create function private.part_file_ids(parts jsonb)
returns uuid[]
language plpgsql
immutable
set search_path = ''
as $$
begin
  return (
    select coalesce(array_agg(substr(p.part ->> 'url', 13)::uuid), '{}')
    from jsonb_array_elements(parts) as p (part)
    where p.part ->> 'type' = 'file' and starts_with(p.part ->> 'url', 'parley:file/')
  );
end
$$;
comment on function private.part_file_ids(jsonb) is
  'Returns the ids of the files that the parts of a message name as parley:file/<id>.';

create function private.describe_message(message public.chat_messages)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'sender', message.sender,
    'content', message.content,
    'parts', message.parts,
    'file_ids', coalesce((
      select jsonb_agg(f.id order by f.created_at, f.id)
      from public.chat_files f
      where f.session_id = message.session_id
        and (f.message_id = message.id or f.id = any (private.part_file_ids(message.parts)))
    ), '[]')
  );
end
$$;
comment on function private.describe_message(public.chat_messages) is
  'Returns a message as the model is shown it: its text, its parts and the ids of its files.';
grant execute on function private.describe_message(public.chat_messages), private.part_file_ids(jsonb) to service_role;

create function private.turn_history(question public.chat_messages)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(private.describe_message(m) order by m.seq), '[]')
  from public.chat_messages m
  where m.session_id = question.session_id
    and m.user_id = question.user_id
    and m.seq < question.seq
    and m.sender in ('user', 'assistant')
    and (m.content <> '' or m.has_files or (m.sender = 'user' and m.parts <> '[]')
      or jsonb_path_exists(m.parts, '$[*].toolCallId'))
$$;
comment on function private.turn_history(public.chat_messages) is
  'Returns the earlier messages with their parts, which open a new conversation at OpenAI. Used when the session has '
  'no conversation that matches our messages.';
grant execute on function private.turn_history(public.chat_messages) to service_role;

create function private.turn_instructions(assistant_slug text, profile_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  own text := (select c.content from public.custom_instructions c where c.user_id = profile_id);
begin
  return concat_ws(
    e'\n\n',
    (select i.instructions from private.assistant_instructions i where i.slug = assistant_slug),
    e'What the user wants you to know, in the user''s own words:\n' || own
  );
end
$$;
comment on function private.turn_instructions(text, uuid) is
  'Returns the instructions for a turn: the assistant''s own and the user''s.';

create function private.check_turn_files(session public.chat_sessions, file_ids uuid[])
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  missing uuid;
  unready public.chat_files;
begin
  select asked.id into missing
  from unnest(file_ids) as asked (id)
  where not exists (
    select from public.chat_files f where f.id = asked.id and f.session_id = session.id and f.user_id = session.user_id
  )
  limit 1;
  if missing is not null then
    perform private.refuse(
      404, 'file_not_found',
      'The message contains a file that is not in this chat. Upload the file to this chat first.',
      jsonb_build_object('file_id', missing)
    );
  end if;

  select f.* into unready
  from public.chat_files f
  where f.id = any (file_ids) and f.status <> 'ready'
  limit 1;
  if unready.id is not null then
    perform private.refuse(
      409, 'file_not_ready',
      'The file is not ready yet, or it failed. Wait until the file is ready, or remove it from the message.',
      jsonb_build_object('file_id', unready.id, 'status', unready.status)
    );
  end if;
end
$$;
comment on function private.check_turn_files(public.chat_sessions, uuid[]) is
  'Refuses files that are not in the session (404) or not ready (409).';

create function private.fill_file_parts(parts jsonb)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select jsonb_agg(
      case when f.id is null then p.part
        else p.part || jsonb_build_object('mediaType', f.file_type, 'filename', f.file_name)
      end
      order by p.position
    )
    from jsonb_array_elements(parts) with ordinality as p (part, position)
    left join public.chat_files f
      on p.part ->> 'type' = 'file' and f.id = any (private.part_file_ids(jsonb_build_array(p.part)))
  );
end
$$;
comment on function private.fill_file_parts(jsonb) is
  'Sets type and name of a file part to those of its file, whatever the client sent.';

create function private.link_turn_files(question public.chat_messages, file_ids uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.chat_files f
  set message_id = question.id
  where f.id = any (file_ids) and f.message_id is null;
end
$$;
comment on function private.link_turn_files(public.chat_messages, uuid[]) is
  'Links files to the first message that names them.';

create function private.turn_files(session public.chat_sessions)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('id', f.id, 'session_id', f.session_id, 'assistant_slug', f.assistant_slug,
        'openai_file_id', f.openai_file_id, 'file_name', f.file_name, 'file_type', f.file_type,
        'file_size', f.file_size)
      order by f.created_at, f.id
    ), '[]')
    from public.chat_files f
    where (f.session_id = session.id or f.assistant_slug = session.assistant_slug)
      and f.status = 'ready'
      -- Some files that the model made can only be downloaded.
      and f.openai_file_id is not null
  );
end
$$;
comment on function private.turn_files(public.chat_sessions) is
  'Returns the ready files of a session and of its assistant. The oldest file comes first, so that every request '
  'names them in the same order.';
grant execute on function private.turn_files(public.chat_sessions) to service_role;

create function public.list_turn_files(session_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.turn_files(s) from public.chat_sessions s where s.id = list_turn_files.session_id
$$;
comment on function public.list_turn_files(uuid) is
  'Service RPC: the files that a turn may use, as start_turn returns them. Null if the session is gone.';
grant execute on function public.list_turn_files(uuid) to service_role;

create function private.use_stores(store_ids text[])
returns void
language sql
set search_path = ''
as $$
  -- An assistant's store serves many turns at once, so a turn neither waits for its row nor writes it at each use. The
  -- clean-up asks OpenAI about a store in the last hour, which makes up for the difference.
  update public.vector_stores v
  set expires_at = now() + make_interval(days => (v.openai_metadata -> 'expires_after' ->> 'days')::integer)
  where v.id in (
    select u.id
    from public.vector_stores u
    where u.store_id = any (store_ids)
      and u.status = 'active'
      and u.expires_at < now() - interval '30 minutes'
        + make_interval(days => (u.openai_metadata -> 'expires_after' ->> 'days')::integer)
    for no key update skip locked
  )
$$;
comment on function private.use_stores(text[]) is
  'Prolongs stores that a turn searches: a search counts as a use, and OpenAI then extends the expiry of the store.';

create function private.describe_files(session public.chat_sessions)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  files jsonb := private.turn_files(session);
  stores jsonb;
begin
  -- The store of the session comes before that of the assistant.
  select coalesce(jsonb_agg(
    jsonb_build_object('session_id', c.session_id, 'assistant_slug', c.assistant_slug, 'store_id', (
      select v.store_id
      from public.vector_stores v
      where (v.session_id = c.session_id or v.assistant_slug = c.assistant_slug)
        and v.status = 'active'
        and v.expires_at > now()
    ))
    order by c.session_id
  ), '[]') into stores
  from (
    select distinct (f.file ->> 'session_id')::uuid as session_id, f.file ->> 'assistant_slug' as assistant_slug
    from jsonb_array_elements(files) as f (file)
    where f.file ->> 'file_type' not like 'image/%'
  ) c;
  perform private.use_stores(array(
    select s.store ->> 'store_id' from jsonb_array_elements(stores) as s (store)
  ));
  return jsonb_build_object('files', files, 'stores', stores);
end
$$;
comment on function private.describe_files(public.chat_sessions) is
  'Returns the files that a turn may use, and the vector stores that have them: one of the session and one of its '
  'assistant, if they have files to search. A store without store_id must be made first.';

create function private.describe_turn(session public.chat_sessions, question public.chat_messages,
  assistant public.assistants, turn public.chat_turns)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  described jsonb;
begin
  select jsonb_build_object(
    'kind', 'started',
    'turn_id', turn.id,
    'profile_id', session.user_id,
    'session_id', session.id,
    'user_message_id', question.id,
    'assistant_message_id', turn.assistant_message_id,
    'replaces_reply', turn.replaces_message_id is not null,
    'parts', (select m.parts from public.chat_messages m where m.id = turn.assistant_message_id),
    'content', question.content,
    'question', private.describe_message(question),
    'thread_id', session.thread_id,
    'history', case when session.thread_id is null then private.turn_history(question) else '[]' end,
    'title_model', case when session.title is null or session.title_origin = 'question' then policy.title_model end,
    'model', assistant.model,
    'temperature', assistant.temperature,
    'reasoning_effort', assistant.reasoning_effort,
    'max_output_tokens', least(
      coalesce(assistant.max_output_tokens, policy.max_output_tokens),
      (private.plan_of(session.user_id)).max_output_tokens,
      known.max_output_tokens
    ),
    'max_tool_calls', coalesce(assistant.max_tool_calls, policy.max_tool_calls),
    'context_window', known.context_window,
    'compacts', coalesce(known.compacts, false),
    -- An unknown model is taken for one that sees pages. If OpenAI refuses a file, the turn goes on without it.
    'accepts_images', coalesce(known.accepts_images, true),
    -- An unknown model is taken for one that does not reason, because a summary of its reasoning would be refused.
    'reasons', coalesce(
      known.efforts <> '{}' and coalesce(assistant.reasoning_effort, known.default_effort) <> 'none', false
    ),
    'tools', private.request_tools(assistant, session.user_id, turn),
    'is_search_off', turn.search and not private.can_search(assistant),
    'instructions', private.turn_instructions(assistant.slug, session.user_id)
  ) || private.describe_calls(turn) || private.describe_files(session) into described
  from private.turn_policy policy, private.model_of(assistant.model) known;
  return described;
end
$$;
comment on function
  private.describe_turn(public.chat_sessions, public.chat_messages, public.assistants, public.chat_turns) is
  'Returns everything that the request to OpenAI needs, so that the chat function needs no other call before it.';

-- From sql/09_turns/40_start.sql

-- The start of a turn: checks, charge and stored rows in one transaction.

create function private.reusable_conversation(session public.chat_sessions, is_changed boolean)
returns text
language plpgsql
set search_path = ''
as $$
begin
  -- Ids of the old Assistants API are no longer valid. After an edit or a regeneration, the conversation no longer
  -- matches our messages.
  if is_changed or not starts_with(session.thread_id, 'conv_') then
    update public.chat_sessions s set thread_id = null where s.id = session.id and s.thread_id is not null;
    return null;
  end if;
  return session.thread_id;
end
$$;
comment on function private.reusable_conversation(public.chat_sessions, boolean) is
  'Returns the conversation in which a turn continues. If the conversation no longer matches our messages, clears it '
  'and returns null; the turn then builds a new one.';

create function private.title_from(content text)
returns text
language sql
immutable
set search_path = ''
as $$
  with said as (select btrim(regexp_replace(content, '\s+', ' ', 'g')) as text)
  select case
    when text = '' then null
    when char_length(text) <= 60 then text
    else coalesce(substring(left(text, 60) from '^(.*\S)\s'), left(text, 59)) || '…'
  end
  from said
$$;
comment on function private.title_from(text) is
  'Returns the first words of a message, at most 60 characters, as the first title of a chat. Null for a message '
  'without text.';

create function private.name_session(session public.chat_sessions, content text)
returns public.chat_sessions
language plpgsql
set search_path = ''
as $$
begin
  if session.title is null and private.title_from(content) is not null then
    update public.chat_sessions s
    set title = private.title_from(content), title_origin = 'question'
    where s.id = session.id
    returning * into session;
  end if;
  return session;
end
$$;
comment on function private.name_session(public.chat_sessions, text) is
  'Names a chat that has no title after the message. The model finds a better title later.';

create function private.start_turn(auth_user_id uuid, session_id uuid, client_id text, content text, parts jsonb,
  target_id text, regenerate boolean, search boolean, file_ids uuid[])
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id, must_act => false);
  session public.chat_sessions := private.session_for_turn(session_id, profile_id);
  completed jsonb := private.fill_file_parts(parts);
  named uuid[] := file_ids || private.part_file_ids(coalesce(parts, '[]'));
  repeated jsonb := case when not regenerate then private.repeated_turn(session_id, client_id, content, completed) end;
  assistant public.assistants;
  running public.chat_turns;
  question public.chat_messages;
  turn public.chat_turns;
  search_used boolean;
  has_ended boolean;
begin
  if repeated is not null then
    return repeated;
  end if;
  running := private.active_turn(session.id);
  if running.id is not null then
    perform private.refuse(
      409, 'turn_in_progress',
      'A reply is still being written in this chat. Wait for its end, stop it, or set when_busy to interrupt.',
      jsonb_build_object('turn_id', running.id)
    );
  end if;
  assistant := private.assistant_for_turn(session.assistant_slug, profile_id);
  perform private.check_turn_files(session, named);

  if regenerate then
    question := private.question_to_redo(session, target_id);
  else
    question := private.store_question(session, client_id, content, completed, target_id);
  end if;
  perform private.link_turn_files(question, named);
  session := private.name_session(session, question.content);
  -- A search that cannot happen costs nothing.
  search_used := search and private.can_search(assistant);
  turn := private.open_turn(question, assistant.model, search, private.reserve_usage(profile_id, search_used)
    || jsonb_build_object('budget', private.reserve_turn(question, assistant, search_used)));
  has_ended := (private.end_waiting_turn(session)).id is not null;
  session.thread_id := private.reusable_conversation(
    session, has_ended or regenerate or question.seq < session.message_count
  );
  return private.describe_turn(session, question, assistant, turn);
end
$$;
comment on function private.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) is
  'Does everything before the request to OpenAI, in one transaction. Definer: it reads the instructions of '
  'assistants, which no API role may read.';
grant execute on function private.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[])
  to service_role;

create function public.start_turn(auth_user_id uuid, session_id uuid, client_id text default null,
  content text default null, parts jsonb default null, target_id text default null, regenerate boolean default false,
  search boolean default false, file_ids uuid[] default '{}')
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_turn(auth_user_id, session_id, client_id, content, parts, target_id, regenerate, search,
    file_ids)
$$;
comment on function public.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[]) is
  'Service RPC of the chat function: checks, charges and stores the message, and starts the turn. kind: started, '
  'attached (the message was sent again while its turn runs) or settled (sent again; includes the stored reply).';
grant execute on function public.start_turn(uuid, uuid, text, text, jsonb, text, boolean, boolean, uuid[])
  to service_role;

-- From sql/09_turns/50_run.sql

-- A running turn: progress, ids at OpenAI, notes, lost conversations, and a reply that replaces another.

create function private.abandon_turn(turn_id uuid, response_id text, thread_id text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  select * into turn from public.chat_turns t where t.id = turn_id for no key update;
  if turn.id is not null and turn.response_id is null then
    -- The turn was stopped before OpenAI had accepted it. The response is deleted with the session.
    update public.chat_turns t set response_id = abandon_turn.response_id where t.id = turn.id;
  elsif response_id is distinct from turn.response_id then
    perform private.enqueue_deletion('response', response_id, turn_id) where response_id is not null;
  end if;
  -- Deletions are grouped by the turn, so the response is deleted before its conversation.
  perform private.enqueue_deletion('conversation', abandon_turn.thread_id, turn_id)
  where abandon_turn.thread_id is not null
    and not exists (select from public.chat_sessions s where s.thread_id = abandon_turn.thread_id);
end
$$;
comment on function private.abandon_turn(uuid, text, text) is
  'Keeps track of the objects that a turn made at OpenAI after it was settled or its session was deleted: by the turn, '
  'or else in the outbox. Definer: no role may write the outbox.';
grant execute on function private.abandon_turn(uuid, text, text) to service_role;

create function private.lock_session_of(turn_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The session comes first, as in start_turn, so that the lock order is the same everywhere.
  perform from public.chat_sessions s
  where s.id = (select t.session_id from public.chat_turns t where t.id = turn_id)
  for no key update;
end
$$;
comment on function private.lock_session_of(uuid) is
  'Locks the session of a turn. Its messages may change only under this lock.';
grant execute on function private.lock_session_of(uuid) to service_role;

create function public.save_turn_ids(turn_id uuid, response_id text default null, thread_id text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  if save_turn_ids.thread_id is not null then
    perform private.lock_session_of(turn_id);
  end if;
  update public.chat_turns t
  set progressed_at = now(),
      response_id = coalesce(save_turn_ids.response_id, t.response_id)
  where t.id = turn_id
    and t.status = 'active'
  returning * into turn;

  if save_turn_ids.thread_id is not null then
    update public.chat_sessions s
    set thread_id = save_turn_ids.thread_id
    where s.id = turn.session_id and s.thread_id is null;
  end if;
  if turn.id is null then
    perform private.abandon_turn(turn_id, save_turn_ids.response_id, save_turn_ids.thread_id);
  end if;
  return jsonb_build_object('is_active', turn.id is not null, 'is_stop_requested', turn.stop_requested_at is not null);
end
$$;
comment on function public.save_turn_ids(uuid, text, text) is
  'Service RPC: saves the ids of a turn''s response and conversation. Returns whether the turn is still active and '
  'whether a stop was requested.';
grant execute on function public.save_turn_ids(uuid, text, text) to service_role;

create function private.join_turn(auth_user_id uuid, session_id uuid, message_id uuid)
returns public.chat_turns
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_attaches constant integer := 20;
  turn public.chat_turns;
begin
  -- Two queries, so that each has its index. One query would read all turns of a long chat.
  if message_id is null then
    select t.* into turn
    from public.chat_turns t
    join public.profiles p on p.id = t.user_id
    where p.auth_id = auth_user_id and t.session_id = join_turn.session_id and t.status = 'active';
  else
    select t.* into turn
    from public.chat_turns t
    join public.profiles p on p.id = t.user_id
    where p.auth_id = auth_user_id and t.session_id = join_turn.session_id
      and t.assistant_message_id = join_turn.message_id;
  end if;
  if turn.id is not null and turn.status = 'active'
    and not private.count_usage(turn.user_id, 'attaches', 'minute', max_attaches)
  then
    perform private.refuse(
      429, 'too_many_readers',
      'This reply is already being read too often. Wait a minute, or close other tabs with this chat.',
      private.limit_detail('minute', max_attaches)
    );
  end if;
  return turn;
end
$$;
comment on function private.join_turn(uuid, uuid, uuid) is
  'Returns the running turn of the caller''s session, or with message_id the turn of that reply, which may have '
  'ended; null if there is none. Counts that the caller attaches to a running turn, and refuses with 429 after 20 '
  'in a minute, because each one reads the reply from OpenAI again. Definer: counting is not granted.';
grant execute on function private.join_turn(uuid, uuid, uuid) to service_role;

create function public.join_turn(auth_user_id uuid, session_id uuid, message_id uuid default null)
returns setof public.chat_turns
language sql
security invoker
set search_path = ''
as $$
  select t.* from private.join_turn(auth_user_id, session_id, message_id) t where t.id is not null
$$;
comment on function public.join_turn(uuid, uuid, uuid) is
  'Service RPC of the chat function: returns the running turn of the user''s session, to read its reply along. With '
  'message_id, returns the turn of that reply, also after its end.';
grant execute on function public.join_turn(uuid, uuid, uuid) to service_role;

create function public.report_progress(turn_ids uuid[])
returns table (turn_id uuid, is_stop_requested boolean)
language sql
security invoker
set search_path = ''
as $$
  update public.chat_turns t
  set progressed_at = now()
  from (
    -- A locked turn is just being settled, stopped or deleted. Waiting for several of them could deadlock.
    select c.id
    from public.chat_turns c
    where c.id = any (turn_ids) and c.status = 'active'
    for no key update skip locked
  ) as running
  where t.id = running.id
  returning t.id, t.stop_requested_at is not null
$$;
comment on function public.report_progress(uuid[]) is
  'Service RPC: reports that OpenAI still writes the replies of these turns. Returns the turns that are still active '
  'and not locked, and whether a stop was requested.';
grant execute on function public.report_progress(uuid[]) to service_role;

create function public.note_turn(turn_id uuid, part jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_messages m
  set parts = m.parts || part
  from public.chat_turns t
  where t.id = turn_id and t.status = 'active' and m.id = t.assistant_message_id
$$;
comment on function public.note_turn(uuid, jsonb) is
  'Service RPC: stores a part that Parley adds to the reply of a running turn, such as a notice. It stays at the '
  'beginning of the reply, also when recovery writes the rest.';
grant execute on function public.note_turn(uuid, jsonb) to service_role;

create function public.rebuild_conversation(turn_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  question public.chat_messages;
begin
  perform private.lock_session_of(turn_id);
  select m.* into question
  from public.chat_turns t
  join public.chat_messages m on m.id = t.user_message_id
  where t.id = turn_id and t.status = 'active';

  update public.chat_sessions s set thread_id = null where s.id = question.session_id;
  return private.turn_history(question);
end
$$;
comment on function public.rebuild_conversation(uuid) is
  'Service RPC: OpenAI has lost the conversation. Forgets it and returns the history for a new one.';
grant execute on function public.rebuild_conversation(uuid) to service_role;

create function public.replace_reply(turn_id uuid)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
  freed integer;
begin
  perform private.lock_session_of(turn_id);
  select * into turn
  from public.chat_turns t
  where t.id = turn_id and t.status = 'active' and t.replaces_message_id is not null
  for no key update;

  -- Deleting the old reply sets replaces_message_id to null by its foreign key.
  delete from public.chat_messages m where m.id = turn.replaces_message_id returning m.seq into freed;
  update public.chat_messages m
  set seq = freed
  where m.id = turn.assistant_message_id and freed is not null;
end
$$;
comment on function public.replace_reply(uuid) is
  'Service RPC, called on the first delta of a regenerated reply: puts the new reply in the place of the old one. '
  'Repeating the call changes nothing.';
grant execute on function public.replace_reply(uuid) to service_role;

-- From sql/09_turns/60_settle.sql

-- Settling a turn exactly once; stop requests, recovery, titles.

create function private.mark_turn_settled(turn_id uuid, final_status text, response_id text, step integer)
returns public.chat_turns
language plpgsql
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  perform private.lock_session_of(turn_id);
  update public.chat_turns t
  set status = final_status,
      finished_at = case when final_status <> 'waiting' then now() end,
      response_id = coalesce(mark_turn_settled.response_id, t.response_id)
  where t.id = turn_id
    and t.status = 'active'
    and t.steps = coalesce(step, t.steps)
  returning * into turn;
  return turn;
end
$$;
comment on function private.mark_turn_settled(uuid, text, text, integer) is
  'Sets the final status of an active turn and returns its row. Returns null when another caller settled it before '
  'or has stored a later step, so only one caller settles a turn.';

create function private.add_tokens(earlier integer, counted jsonb)
returns integer
language sql
immutable
set search_path = ''
as $$
  select case when counted <> 'null' then coalesce(earlier, 0) + counted::integer else earlier end
$$;
comment on function private.add_tokens(integer, jsonb) is
  'Adds the tokens of a response to those of the responses before it. Null while none was counted.';
grant execute on function private.add_tokens(integer, jsonb) to service_role;

create function private.store_reply(turn public.chat_turns, reply jsonb)
returns public.chat_messages
language plpgsql
set search_path = ''
as $$
declare
  stored public.chat_messages;
begin
  update public.chat_messages m
  -- A reply that waits for its client has ended for everybody else.
  set status = case turn.status when 'waiting' then 'complete' else turn.status end,
      content = coalesce(reply ->> 'content', ''),
      parts = coalesce(nullif(reply -> 'parts', 'null'), '[]'),
      model = coalesce(reply ->> 'model', m.model),
      input_tokens = private.add_tokens(m.input_tokens, reply -> 'input_tokens'),
      cached_input_tokens = private.add_tokens(m.cached_input_tokens, reply -> 'cached_input_tokens'),
      output_tokens = private.add_tokens(m.output_tokens, reply -> 'output_tokens'),
      completion_time = round(extract(epoch from clock_timestamp() - turn.created_at), 3)::real,
      response_id = turn.response_id,
      error = nullif(reply -> 'error', 'null')
  where m.id = turn.assistant_message_id
  returning m.* into stored;
  return stored;
end
$$;
comment on function private.store_reply(public.chat_turns, jsonb) is
  'Writes a reply into the assistant message, and adds the tokens of its last response.';

-- In plpgsql, because a later file creates the calls of tools.
create function private.estimate_reply_tokens(reply public.chat_messages, earlier public.chat_messages)
returns public.chat_messages
language plpgsql
set search_path = ''
as $$
begin
  -- OpenAI does not always report the tokens that it bills for a cancelled response. The estimate assumes four
  -- characters a token.
  update public.chat_messages m
  set output_tokens = coalesce(earlier.output_tokens, 0)
        + greatest(0, ceil((char_length(m.content) - char_length(earlier.content)) / 4.0))::integer,
      input_tokens = coalesce(earlier.input_tokens, 0) + (
        select ceil((coalesce(sum(char_length(e.content)), 0) + char_length(earlier.content) + (
          select coalesce(char_length(private.turn_instructions(s.assistant_slug, s.user_id)), 0)
          from public.chat_sessions s
          where s.id = reply.session_id
        ) + (
          select coalesce(sum(char_length(concat(c.arguments, c.output))), 0)
          from public.chat_turns t
          join public.tool_calls c on c.turn_id = t.id
          where t.assistant_message_id = reply.id
        )) / 4.0)::integer
        from public.chat_messages e
        where e.session_id = m.session_id and e.user_id = m.user_id and e.seq < m.seq
      ),
      cached_input_tokens = coalesce(earlier.cached_input_tokens, 0),
      usage_estimated = true
  where m.id = reply.id
  returning m.* into reply;
  return reply;
end
$$;
comment on function private.estimate_reply_tokens(public.chat_messages, public.chat_messages) is
  'Estimates the tokens of a response for which OpenAI gave no counts, and marks the reply as estimated. '
  'earlier is the reply before this response.';

create function private.book_reply(reply public.chat_messages, earlier public.chat_messages, booked jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.book_usage(reply.user_id, 'chat', reply.model,
    coalesce(reply.input_tokens, 0) - coalesce(earlier.input_tokens, 0),
    coalesce(reply.cached_input_tokens, 0) - coalesce(earlier.cached_input_tokens, 0),
    reply.output_tokens - coalesce(earlier.output_tokens, 0),
    coalesce(nullif(booked -> 'tools', 'null'), '{}'), coalesce((booked ->> 'cache_write_tokens')::bigint, 0))
  where (reply.input_tokens, reply.output_tokens) is distinct from (earlier.input_tokens, earlier.output_tokens);
end
$$;
comment on function private.book_reply(public.chat_messages, public.chat_messages, jsonb) is
  'Books the cost of the last response of a reply. earlier is the reply before this response, whose cost is booked.';

create function private.settle_turn(turn_id uuid, final_status text, reply jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  has_output boolean := coalesce(reply ->> 'content', '') <> ''
    or coalesce((reply ->> 'output_tokens')::integer, 0) > 0
    or jsonb_path_exists(coalesce(reply -> 'parts', '[]'), '$[*] ? (@.type == "file")');
  -- A stopped turn costs what OpenAI did for it until then. Otherwise, stopping early would be free.
  is_charged boolean := final_status <> 'failed' or has_output;
  turn public.chat_turns;
  earlier public.chat_messages;
  message public.chat_messages;
begin
  if final_status in ('complete', 'waiting') or has_output then
    perform public.replace_reply(turn_id);
  end if;
  if not is_charged then
    -- The refund changes the profile, and the lock on the profile comes before the lock on the session.
    perform from public.profiles p
    where p.id = (select t.user_id from public.chat_turns t where t.id = turn_id)
    for no key update;
  end if;
  turn := private.mark_turn_settled(turn_id, final_status, reply ->> 'response_id', (reply ->> 'step')::integer);
  -- A step may have been stored until the session was locked.
  is_charged := is_charged or turn.steps > 0;
  if turn.id is null then
    return (
      select to_jsonb(m)
      from public.chat_turns t
      join public.chat_messages m on m.id = t.assistant_message_id
      where t.id = turn_id
    );
  end if;

  select * into earlier from public.chat_messages m where m.id = turn.assistant_message_id;
  message := private.store_reply(turn, reply);
  -- A turn that waits has sent no request after its last step.
  if is_charged and final_status <> 'waiting' and reply ->> 'output_tokens' is null
    -- After a step, a request that OpenAI refused or never got costs nothing.
    and (turn.steps = 0 or char_length(message.content) > char_length(earlier.content)
      or (final_status = 'stopped' and turn.response_id is not null))
  then
    message := private.estimate_reply_tokens(message, earlier);
  end if;
  perform private.book_reply(message, earlier, reply);
  perform private.end_tool_calls(turn);
  perform private.settle_budget(turn.user_id, turn.reservation -> 'budget');
  if not is_charged then
    perform private.refund_usage(turn.user_id, turn.reservation);
  end if;
  -- Only after a complete response does the conversation at OpenAI match our messages.
  update public.chat_sessions s
  set thread_id = case when final_status in ('complete', 'waiting') then reply ->> 'thread_id' end, updated_at = now()
  where s.id = turn.session_id;
  if turn.replaces_message_id is not null then
    -- The new reply never began, so its empty row is deleted and the old reply stays.
    delete from public.chat_messages m where m.id = message.id;
  end if;
  return to_jsonb(message);
end
$$;
comment on function private.settle_turn(uuid, text, jsonb) is
  'Settles a turn exactly once: turn, reply, usage and session in one transaction. Returns the assistant message as '
  'stored, or null when the session is gone. Definer: the functions that it calls are not granted.';
grant execute on function private.settle_turn(uuid, text, jsonb) to service_role;

create function public.settle_turn(turn_id uuid, status text, reply jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
begin
  if status not in ('complete', 'waiting', 'stopped') then
    perform private.refuse(
      400, 'invalid_turn_status',
      'A turn cannot settle with this status. Use complete, waiting or stopped.'
    );
  end if;
  return private.settle_turn(turn_id, status, reply);
end
$$;
comment on function public.settle_turn(uuid, text, jsonb) is
  'Service RPC: settles a turn as complete, stopped, or waiting for outputs, and returns the stored row. reply holds '
  'content, parts, model, input_tokens, cached_input_tokens, cache_write_tokens, output_tokens and response_id. It '
  'holds thread_id when the conversation at OpenAI contains the turn. tools counts the uses of OpenAI''s tools by '
  'type, such as {"web_search": 2}. step is the number of stored steps: if the turn has gone on since, nothing '
  'changes.';
grant execute on function public.settle_turn(uuid, text, jsonb) to service_role;

create function public.fail_turn(turn_id uuid, reply jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.settle_turn(turn_id, 'failed', reply)
$$;
comment on function public.fail_turn(uuid, jsonb) is
  'Service RPC: settles a turn that failed. reply is as in settle_turn, with error {code, message} as the client saw '
  'it. Output from before the failure stays.';
grant execute on function public.fail_turn(uuid, jsonb) to service_role;

create function private.end_waiting_turn_of(auth_user_id uuid, session_id uuid)
returns public.chat_turns
language plpgsql
security definer
set search_path = ''
as $$
declare
  session public.chat_sessions;
begin
  select s.* into session
  from public.chat_sessions s
  join public.profiles p on p.id = s.user_id
  where p.auth_id = auth_user_id
    and s.id = end_waiting_turn_of.session_id
    and exists (select from public.chat_turns t where t.session_id = s.id and t.status = 'waiting')
  for no key update of s;
  return private.end_waiting_turn(session);
end
$$;
comment on function private.end_waiting_turn_of(uuid, uuid) is
  'Ends the turn of the user''s session that waits for its client; null if none does. Definer: the functions that it '
  'calls are not granted.';
grant execute on function private.end_waiting_turn_of(uuid, uuid) to service_role;

create function public.request_stop(auth_user_id uuid, session_id uuid)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns := private.end_waiting_turn_of(auth_user_id, session_id);
begin
  if turn.id is null then
    update public.chat_turns t
    set stop_requested_at = coalesce(t.stop_requested_at, now())
    from public.profiles p
    where p.auth_id = request_stop.auth_user_id
      and t.user_id = p.id
      and t.session_id = request_stop.session_id
      and t.status = 'active'
    returning t.* into turn;
  end if;
  return case when turn.id is not null then
    jsonb_build_object('turn_id', turn.id, 'profile_id', turn.user_id, 'response_id', turn.response_id) end;
end
$$;
comment on function public.request_stop(uuid, uuid) is
  'Service RPC: requests that the running turn of the user''s session stops, or ends the turn that waits for its '
  'client. Returns null when there is neither.';
grant execute on function public.request_stop(uuid, uuid) to service_role;

create function public.claim_stale_turns(max_count integer)
returns setof public.chat_turns
language sql
security invoker
set search_path = ''
as $$
  -- progressed_at serves as the lease: a second run claims other turns. If a run crashes, its turns become silent
  -- again and the next run claims them.
  update public.chat_turns t
  set progressed_at = now()
  where t.id in (
    select s.id
    from public.chat_turns s
    where s.status = 'active' and s.progressed_at < now() - interval '60 seconds'
    order by s.progressed_at
    limit max_count
    for update skip locked
  )
  returning t.*
$$;
comment on function public.claim_stale_turns(integer) is
  'Service RPC of turn-recovery: claims turns without progress for 60 seconds. Each turn goes to one caller.';
grant execute on function public.claim_stale_turns(integer) to service_role;

create function private.count_stale_turns(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (
    select from public.chat_turns t
    where t.status = 'active' and t.progressed_at < now() - interval '60 seconds'
    limit max_count
  ) stale
$$;
comment on function private.count_stale_turns(integer) is
  'Counts turns without progress for 60 seconds, up to max_count. The dispatcher calls it.';

create function public.set_generated_title(profile_id uuid, session_id uuid, title text, model text,
  input_tokens bigint, cached_input_tokens bigint, output_tokens bigint, cache_write_tokens bigint default 0)
returns void
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set title = left(set_generated_title.title, 200), title_origin = 'model'
  where s.id = set_generated_title.session_id
    and (s.title is null or s.title_origin = 'question')
    and set_generated_title.title <> '';
  perform private.book_usage(profile_id, 'title', model, input_tokens, cached_input_tokens, output_tokens,
    cache_write_tokens => cache_write_tokens);
end
$$;
comment on function public.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint, bigint) is
  'Service RPC: stores a title that the model made, and books its cost. A title that the user has set is never '
  'overwritten.';
grant execute on function public.set_generated_title(uuid, uuid, text, text, bigint, bigint, bigint, bigint)
  to service_role;

create function private.note_deleted_turn()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.settle_budget(old.user_id, old.reservation -> 'budget');
  -- When the profile itself is deleted, nobody is left to book on.
  insert into private.deleted_turns (turn_id, user_id)
  select old.id, p.id from public.profiles p where p.id = old.user_id;
  return null;
end
$$;
comment on function private.note_deleted_turn() is
  'Trigger: takes the reservation of a running turn back when its session is deleted, and notes that its cost is not '
  'booked yet. Definer: it also runs for the client that deletes the session.';

create trigger chat_turns_note_deleted
  after delete on public.chat_turns
  for each row when (old.status = 'active')
  execute function private.note_deleted_turn();

create function private.book_lost_turn(turn_id uuid, model text, input_tokens bigint, cached_input_tokens bigint,
  output_tokens bigint, tools jsonb, cache_write_tokens bigint)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  payer uuid;
begin
  -- Only the first caller finds the row, and none finds a row for a turn that was settled before it was deleted.
  delete from private.deleted_turns d where d.turn_id = book_lost_turn.turn_id returning d.user_id into payer;
  if payer is not null then
    perform private.book_usage(payer, 'chat', model, input_tokens, cached_input_tokens, output_tokens, tools,
      cache_write_tokens);
  end if;
end
$$;
comment on function private.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) is
  'Books the cost of a turn whose session was deleted while it ran, once. Definer: no role may read deleted_turns.';
grant execute on function private.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) to service_role;

create function public.book_lost_turn(turn_id uuid, model text, input_tokens bigint, cached_input_tokens bigint,
  output_tokens bigint, tools jsonb default '{}', cache_write_tokens bigint default 0)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.book_lost_turn(
    turn_id, model, input_tokens, cached_input_tokens, output_tokens, tools, cache_write_tokens
  )
$$;
comment on function public.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) is
  'Service RPC: books the tokens and tools of a turn whose session was deleted while its reply was generated. '
  'Repeating the call changes nothing.';
grant execute on function public.book_lost_turn(uuid, text, bigint, bigint, bigint, jsonb, bigint) to service_role;

-- From sql/10_billing/10_tables.sql

-- Products, prices, customers, subscriptions and payments as Stripe reports them, and who may read them.

create type public.subscription_status as enum (
  'incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'canceled', 'unpaid', 'paused'
);

create table public.stripe_products (
  id text primary key,
  name text not null default '',
  description text,
  is_active boolean not null default false,
  is_deleted boolean not null default false,
  default_price_id text,
  images text[] not null default '{}',
  metadata jsonb not null default '{}',
  plan text generated always as (metadata ->> 'plan') stored,
  tokens integer generated always as (
    case when metadata ->> 'tokens' ~ '^[1-9]\d{0,5}$' then (metadata ->> 'tokens')::integer end
  ) stored,
  created_at timestamptz,
  ticket bigint not null default 0
);

create table public.stripe_prices (
  id text primary key,
  product_id text not null,
  is_active boolean not null default false,
  is_deleted boolean not null default false,
  currency text,
  unit_amount bigint,
  type text,
  recurring_interval text,
  recurring_interval_count integer,
  nickname text,
  lookup_key text,
  metadata jsonb not null default '{}',
  trial_days integer generated always as (
    case when metadata ->> 'trial_days' ~ '^([1-9]\d?|[1-6]\d\d|7[0-2]\d|730)$'
      then (metadata ->> 'trial_days')::integer
    end
  ) stored,
  created_at timestamptz,
  ticket bigint not null default 0,
  constraint stripe_prices_product_id_fkey foreign key (product_id) references public.stripe_products (id),
  constraint stripe_prices_type_check check (type in ('one_time', 'recurring'))
);

create table public.stripe_customers (
  id text primary key,
  user_id uuid,
  email text,
  name text,
  currency text,
  is_delinquent boolean not null default false,
  is_deleted boolean not null default false,
  metadata jsonb not null default '{}',
  created_at timestamptz,
  synced_at timestamptz,
  ticket bigint not null default 0,
  constraint stripe_customers_user_id_fkey foreign key (user_id) references public.profiles (id) on delete set null
);

create table public.subscriptions (
  id uuid primary key default gen_random_uuid(),
  stripe_subscription_id text not null,
  stripe_customer_id text not null,
  user_id uuid,
  status public.subscription_status not null,
  stripe_price_id text,
  stripe_product_id text,
  quantity bigint,
  amount bigint,
  currency text not null,
  recurring_interval text,
  recurring_interval_count integer,
  current_period_start timestamptz,
  current_period_end timestamptz,
  cancel_at_period_end boolean not null default false,
  auto_renew boolean not null generated always as (
    not cancel_at_period_end and cancel_at is null and ended_at is null
  ) stored,
  cancel_at timestamptz,
  canceled_at timestamptz,
  started_at timestamptz,
  ends_at timestamptz,
  ended_at timestamptz,
  past_due_at timestamptz,
  trial_start timestamptz,
  trial_end timestamptz,
  pause_collection jsonb,
  paid_until timestamptz,
  discount_id text,
  checkout_id text,
  cancellation_reason text,
  cancellation_comment text,
  metadata jsonb not null default '{}',
  custom_field_data jsonb,
  created_at timestamptz not null,
  updated_at timestamptz not null default now(),
  ticket bigint not null default 0,
  constraint subscriptions_stripe_subscription_id_key unique (stripe_subscription_id),
  constraint subscriptions_stripe_customer_id_fkey foreign key (stripe_customer_id)
    references public.stripe_customers (id),
  constraint subscriptions_user_id_fkey foreign key (user_id) references public.profiles (id) on delete set null,
  constraint subscriptions_stripe_price_id_fkey foreign key (stripe_price_id) references public.stripe_prices (id),
  constraint subscriptions_stripe_product_id_fkey foreign key (stripe_product_id)
    references public.stripe_products (id)
);

create table public.payments (
  id uuid primary key default gen_random_uuid(),
  stripe_payment_intent_id text,
  stripe_invoice_id text,
  stripe_customer_id text,
  user_id uuid,
  subscription_id uuid,
  status text not null,
  description text,
  amount bigint not null,
  tax bigint,
  refunded_amount bigint not null default 0,
  currency text not null,
  settlement_amount bigint,
  settlement_currency text,
  settlement_tax bigint,
  payment_method text,
  payment_method_type text,
  card_network text,
  card_type text,
  card_last_four text,
  card_issuing_country text,
  error_code text,
  error_message text,
  invoice_status text,
  invoice_link text,
  receipt_link text,
  payment_link text,
  discount_id text,
  checkout_id text,
  billing jsonb,
  customer jsonb,
  product_cart jsonb not null default '[]',
  refunds jsonb not null default '[]',
  disputes jsonb not null default '[]',
  metadata jsonb not null default '{}',
  digital_products_delivered boolean not null default false,
  paid_at timestamptz,
  created_at timestamptz not null,
  updated_at timestamptz not null default now(),
  ticket bigint not null default 0,
  constraint payments_stripe_payment_intent_id_key unique (stripe_payment_intent_id),
  constraint payments_key_check check (num_nonnulls(stripe_payment_intent_id, stripe_invoice_id) > 0),
  constraint payments_status_check check (
    status in ('pending', 'completed', 'failed', 'refunded', 'partially_refunded', 'disputed')
  ),
  constraint payments_stripe_customer_id_fkey foreign key (stripe_customer_id)
    references public.stripe_customers (id),
  constraint payments_user_id_fkey foreign key (user_id) references public.profiles (id) on delete set null,
  constraint payments_subscription_id_fkey foreign key (subscription_id)
    references public.subscriptions (id) on delete set null
);

create table public.stripe_events (
  id text primary key,
  type text not null,
  api_version text,
  livemode boolean not null,
  status text not null,
  attempts integer not null default 1,
  error text,
  created_at timestamptz not null,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  payer text,
  targets jsonb,
  due_at timestamptz,
  constraint stripe_events_status_check check (status in ('processing', 'processed', 'ignored', 'dropped', 'failed')),
  constraint stripe_events_error_check check (char_length(error) <= 200)
);

create table private.credit_grants (
  id uuid primary key default gen_random_uuid(),
  invoice_line_id text not null,
  payment_id uuid not null,
  user_id uuid not null,
  tokens integer not null,
  reversed_tokens integer not null default 0,
  taken_back integer not null default 0,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint credit_grants_invoice_line_id_key unique (invoice_line_id),
  constraint credit_grants_payment_id_fkey foreign key (payment_id) references public.payments (id) on delete cascade,
  constraint credit_grants_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint credit_grants_tokens_check check (
    tokens > 0 and reversed_tokens between 0 and tokens and taken_back between 0 and reversed_tokens
  )
);

create table private.refused_credits (
  invoice_line_id text primary key,
  payment_id uuid not null,
  tokens numeric not null,
  created_at timestamptz not null default now(),
  constraint refused_credits_payment_id_fkey foreign key (payment_id)
    references public.payments (id) on delete cascade
);

create table private.billing_policy (
  is_only boolean primary key default true,
  past_due_grace_days integer not null default 7,
  credit_days integer not null default 365,
  adopt_by_email boolean not null default false,
  promotion_codes boolean not null default false,
  automatic_tax boolean not null default false,
  billing_address boolean not null default false,
  trial_without_card boolean not null default false,
  max_quantity integer not null default 1,
  custom_fields jsonb not null default '[]',
  constraint billing_policy_is_only_check check (is_only),
  constraint billing_policy_max_quantity_check check (max_quantity between 1 and 999),
  constraint billing_policy_custom_fields_check check (
    jsonb_typeof(custom_fields) = 'array' and jsonb_array_length(custom_fields) <= 3
  ),
  constraint billing_policy_days_check check (past_due_grace_days >= 0 and credit_days > 0)
);
insert into private.billing_policy default values;

-- A ticket is drawn before objects are fetched, so the fetch with the higher ticket began later.
create sequence private.stripe_ticket_seq;

comment on table public.stripe_products is
  'The products of Stripe''s catalogue. A deleted product stays as a tombstone.';
comment on column public.stripe_products.plan is
  'Slug of the plan that a subscription to the product gives, from the product''s metadata.';
comment on column public.stripe_products.tokens is
  'Credits that each purchase grants, from the product''s metadata. Null for none, or if the value is not valid.';
comment on column public.stripe_products.ticket is
  'Ticket of the fetch that wrote the row. Only a fetch with a higher ticket may overwrite it. 0: another object '
  'names the product, but it has not been fetched yet.';
comment on table public.stripe_prices is 'The prices of Stripe''s catalogue. A deleted price stays as a tombstone.';
comment on column public.stripe_prices.unit_amount is
  'In the smallest unit of the currency. Null when the price is not one fixed amount.';
comment on column public.stripe_prices.trial_days is
  'Days of trial for users who have never subscribed, from the price''s metadata. Stripe allows 1 to 730.';
comment on table public.stripe_customers is
  'Customers at Stripe. A profile has at most one undeleted customer. Customers that Parley neither created '
  'nor imported have no user_id.';
comment on column public.stripe_customers.user_id is
  'Only Parley''s own records set it (its checkout, or profiles.stripe_customer_id); metadata at Stripe never does.';
comment on column public.stripe_customers.synced_at is
  'When a sync last fetched the customer with all its subscriptions.';
comment on table public.subscriptions is 'All subscriptions, present and past, as Stripe reports them.';
comment on column public.subscriptions.amount is
  'Amount of one period: the sum over all items of unit amount times quantity. Null if the sum does not fit.';
comment on column public.subscriptions.stripe_price_id is
  'The price of the most expensive item. subscription_items has all items.';
comment on column public.subscriptions.paid_until is
  'The end of the last period that was paid. Set only while the collection of payments is paused.';
comment on column public.subscriptions.ends_at is
  'When the subscription ends without further action, as far as that is known.';
comment on column public.subscriptions.past_due_at is
  'Since when the oldest open invoice has been unpaid. The grace period starts then.';
comment on table public.payments is
  'One row per PaymentIntent. An invoice that was settled without a PaymentIntent has a row of its own.';
comment on column public.payments.amount is
  'In the smallest unit of the currency, like all amounts here. May be zero or negative.';
comment on column public.payments.settlement_amount is
  'The amount that the balance transaction added to our Stripe balance, before fees.';
comment on column public.payments.card_type is 'credit, debit, prepaid or unknown.';
comment on column public.payments.product_cart is 'The lines of the invoice.';
comment on column public.payments.digital_products_delivered is
  'True once the credits were granted or the subscription gave its plan.';
comment on table public.stripe_events is
  'Ledger of webhook events. Each event has one row, no matter how often Stripe delivers it.';
comment on column public.stripe_events.status is
  'dropped: Stripe no longer has the object, so nothing can be applied. ignored: Parley does not use the type.';
comment on column public.stripe_events.error is 'Why the last attempt failed: a code, never a message of Stripe.';
comment on column public.stripe_events.payer is
  'The customer that the event names; of an event without one, the object that it is about. The events of a payer are '
  'applied together.';
comment on column public.stripe_events.targets is 'The objects that the event is about: kind, id and known deletion.';
comment on column public.stripe_events.due_at is
  'When a worker may claim the event. In the future while events of the payer are collected, while a worker has the '
  'event, and between attempts. Null when nothing is left to do.';
comment on table private.credit_grants is
  'Credits granted for a line of a paid invoice, and how many of them refunds took back.';
comment on column private.credit_grants.reversed_tokens is
  'Credits of the refunded share that were processed, whether or not they could be taken back.';
comment on table private.refused_credits is
  'Lines of paid invoices whose credits do not fit into the balance of their profile. npm run db:health reports them. '
  'A row goes once its credits are granted.';
comment on table private.billing_policy is
  'One row: days of grace for a past-due payment (PAST_DUE_GRACE_DAYS), days for which bought credits last unless the '
  'product sets its own, and the options of the checkout.';
comment on column private.billing_policy.adopt_by_email is
  'Whether a customer at Stripe belongs to the profile with its confirmed address. Stripe does not prove addresses.';
comment on column private.billing_policy.promotion_codes is 'Whether the checkout takes promotion codes.';
comment on column private.billing_policy.automatic_tax is 'Whether Stripe Tax computes the tax.';
comment on column private.billing_policy.billing_address is 'Whether the checkout always asks for the address.';
comment on column private.billing_policy.trial_without_card is
  'Whether a trial starts without a card. It then ends with the trial, unless the user adds a card.';
comment on column private.billing_policy.max_quantity is
  'The most that one checkout sells of a price that gives no plan. With 1, the user cannot change the quantity.';
comment on column private.billing_policy.custom_fields is
  'Fields that the checkout asks for, as Stripe''s custom_fields: at most 3. Answers are in '
  'subscriptions.custom_field_data.';
comment on sequence private.stripe_ticket_seq is 'Tickets, which order the fetches from Stripe.';

create trigger subscriptions_touch
  before update on public.subscriptions
  for each row execute function private.touch_updated_at();
create trigger payments_touch
  before update on public.payments
  for each row execute function private.touch_updated_at();

alter table public.stripe_products enable row level security;
alter table public.stripe_prices enable row level security;
alter table public.stripe_customers enable row level security;
alter table public.subscriptions enable row level security;
alter table public.payments enable row level security;
alter table public.stripe_events enable row level security;
alter table private.credit_grants enable row level security;
alter table private.refused_credits enable row level security;
alter table private.billing_policy enable row level security;

grant select on public.stripe_customers, public.subscriptions, public.payments to authenticated;
grant select, insert, update, delete on public.stripe_products, public.stripe_prices, public.stripe_customers,
  public.subscriptions, public.payments, public.stripe_events to service_role;

create policy stripe_customers_select_own on public.stripe_customers
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy subscriptions_select_own on public.subscriptions
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy payments_select_own on public.payments
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create index stripe_prices_product_id_idx on public.stripe_prices (product_id);
create index stripe_customers_user_id_idx on public.stripe_customers (user_id);
create unique index stripe_customers_user_id_key on public.stripe_customers (user_id) where not is_deleted;
-- The history and entitlement of a user; all events of a customer.
create index subscriptions_user_id_idx on public.subscriptions (user_id, started_at desc);
create index subscriptions_stripe_customer_id_idx on public.subscriptions (stripe_customer_id);
create index subscriptions_stripe_price_id_idx on public.subscriptions (stripe_price_id);
create index subscriptions_stripe_product_id_idx on public.subscriptions (stripe_product_id);
-- The payments of one user, of all users, and in one status, newest first.
create index payments_user_id_idx on public.payments (user_id, created_at desc);
create index payments_created_at_idx on public.payments (created_at desc);
create index payments_status_idx on public.payments (status, created_at desc);
create index payments_stripe_customer_id_idx on public.payments (stripe_customer_id);
create index payments_subscription_id_idx on public.payments (subscription_id);
create index payments_stripe_invoice_id_idx on public.payments (stripe_invoice_id);
create unique index payments_stripe_invoice_id_key on public.payments (stripe_invoice_id)
  where stripe_payment_intent_id is null;
create index credit_grants_payment_id_idx on private.credit_grants (payment_id);
create index credit_grants_user_id_idx on private.credit_grants (user_id);
create index refused_credits_payment_id_idx on private.refused_credits (payment_id);
create index profiles_stripe_subscription_id_idx on public.profiles (stripe_subscription_id)
  where stripe_subscription_id is not null;

-- From sql/10_billing/20_events.sql

-- Tickets of fetches, and the ledger of events with those that wait.

create function private.draw_stripe_ticket()
returns bigint
language sql
security definer
set search_path = ''
as $$
  select nextval('private.stripe_ticket_seq')
$$;
comment on function private.draw_stripe_ticket() is
  'Draws a ticket for objects that are fetched after this call. Definer: no role may use sequences of private.';
grant execute on function private.draw_stripe_ticket() to service_role;

create function public.draw_stripe_ticket()
returns bigint
language sql
security invoker
set search_path = ''
as $$
  select private.draw_stripe_ticket()
$$;
comment on function public.draw_stripe_ticket() is 'Service RPC: draws a ticket for a fetch that no event asked for.';
grant execute on function public.draw_stripe_ticket() to service_role;

create function private.can_apply_later()
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return exists (
    select from private.schedules s
    where s.name = 'stripe-events'
      and s.is_enabled
      and s.last_status = 'ok'
      and s.last_run_at > now() - interval '5 minutes'
  );
end
$$;
comment on function private.can_apply_later() is
  'Returns true if the schedule of stripe-webhook/events runs, so that a worker will claim an event even if the '
  'function that stored it dies. Definer: the list of schedules is closed to all roles.';
grant execute on function private.can_apply_later() to service_role;

create function public.record_stripe_events(events jsonb)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  -- The events of a purchase come within moments. Applied together, they need the fewest requests to Stripe.
  collecting constant interval := interval '500 milliseconds';
  lease constant interval := interval '1 minute';
  is_scheduled constant boolean := private.can_apply_later();
  claims jsonb;
begin
  with delivered as (
    select d.*, d.targets is not null as is_used, d.targets is not null and is_scheduled as can_wait
    from jsonb_to_recordset(events) as d (
      id text, type text, api_version text, livemode boolean, created_at timestamptz, payer text, targets jsonb
    )
  ), recorded as (
    insert into public.stripe_events as e (
      id, type, api_version, livemode, status, attempts, created_at, processed_at, payer, targets, due_at
    )
    select d.id, d.type, d.api_version, d.livemode, case when d.is_used then 'processing' else 'ignored' end,
      case when d.can_wait then 0 else 1 end, d.created_at, case when not d.is_used then now() end, d.payer, d.targets,
      case when d.can_wait then now() + collecting when d.is_used then now() + lease end
    from delivered d
    -- Concurrent calls lock the rows of events that both have in one order.
    order by d.id
    on conflict (id) do update
    set attempts = e.attempts + excluded.attempts,
        status = case
          when excluded.status = 'processing' and e.status not in ('processed', 'dropped') then 'processing'
          else e.status
        end,
        payer = excluded.payer,
        targets = excluded.targets,
        due_at = case
          when e.status in ('processed', 'dropped') then null
          -- A worker may have the event. Delivered again, it does not end the lease.
          when is_scheduled and e.status = 'processing' then coalesce(e.due_at, excluded.due_at)
          else excluded.due_at
        end
    returning e.id, e.status
  )
  select jsonb_object_agg(r.id, jsonb_build_object(
    'status', r.status,
    'is_waiting', is_scheduled and r.status = 'processing',
    'ticket', case when r.status = 'processing' and not is_scheduled then private.draw_stripe_ticket() end
  )) into claims
  from recorded r;
  return claims;
end
$$;
comment on function public.record_stripe_events(jsonb) is
  'Service RPC that stripe-webhook calls first. Records events, or other deliveries of them, each at most once in a '
  'call: [{ id, type, api_version, livemode, created_at, payer?, targets? }]. An event without targets is ignored. '
  'Returns { status, is_waiting, ticket } by id. A waiting event is left to claim_stripe_events. Otherwise the caller '
  'applies the event, and each attempt gets a new ticket. Events that are processed or not used get none.';
grant execute on function public.record_stripe_events(jsonb) to service_role;

create function public.claim_stripe_events(max_payers integer)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  lease constant interval := interval '1 minute';
  payers jsonb;
begin
  -- One claim at a time: two at once would share out the events of a payer.
  perform pg_advisory_xact_lock(hashtextextended('public.claim_stripe_events', 0));
  with due as (
    select e.payer
    from public.stripe_events e
    where e.due_at <= now()
      and not exists (
        select from public.stripe_events o
        where o.payer = e.payer and o.due_at > now() and o.status = 'processing' and o.attempts > 0
      )
    group by e.payer
    -- The catalogue first: invoices need the metadata of their products.
    order by bool_or(e.payer like 'prod\_%') desc, min(e.due_at)
    limit max_payers
  ), named as (
    select d.payer, t ->> 'id' as id
    from due d
    join public.stripe_events e on e.payer = d.payer and e.due_at is not null
    cross join jsonb_array_elements(e.targets) as t
  ), members as (
    -- An event that names no customer goes with a payer whose events name the same object.
    select distinct on (m.id) m.id, m.payer
    from (
      select n.id, n.payer from named n
      union all
      select d.payer, d.payer from due d
    ) m
    order by m.id, m.payer = m.id, m.payer
  ), free as (
    select e.id, m.payer
    from members m
    join public.stripe_events e on e.payer = m.id
    -- Waiting events of the payer count before they are due; leased and failed ones do not.
    where e.due_at is not null and (e.due_at <= now() or e.attempts = 0)
    for update of e skip locked
  ), claimed as (
    update public.stripe_events e
    set status = 'processing', attempts = e.attempts + 1, due_at = now() + lease
    from free f
    where e.id = f.id
    returning f.payer, e.id, e.targets
  )
  select jsonb_agg(jsonb_build_object('payer', g.payer, 'events', g.events)) into payers
  from (
    select c.payer, jsonb_agg(jsonb_build_object('id', c.id, 'targets', c.targets) order by c.id) as events
    from claimed c
    group by c.payer
  ) g;
  return jsonb_build_object(
    'ticket', case when payers is not null then private.draw_stripe_ticket() end,
    'payers', coalesce(payers, '[]')
  );
end
$$;
comment on function public.claim_stripe_events(integer) is
  'Service RPC of the worker: claims all waiting events of up to max_payers payers for a minute. Returns { ticket, '
  'payers: [{ payer, events: [{ id, targets }] }] }. A payer whose events another worker has is left to that worker.';
grant execute on function public.claim_stripe_events(integer) to service_role;

create function private.count_due_stripe_events(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (select from public.stripe_events e where e.due_at <= now() limit max_count) d
$$;
comment on function private.count_due_stripe_events(integer) is
  'Counts the events that a worker may claim, up to max_count. Called by the dispatcher of schedules.';

create function public.fail_stripe_event(event_id text, error text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'failed',
      error = left(fail_stripe_event.error, 200),
      -- As long as Stripe delivers again what was not accepted: https://docs.stripe.com/webhooks#automatic-retries
      due_at = case when e.targets is not null and e.received_at > now() - interval '3 days' then
        now() + least(interval '1 hour', interval '5 seconds' * 2 ^ least(e.attempts, 10))
      end
  where e.id = event_id
    and e.status <> 'processed'
$$;
comment on function public.fail_stripe_event(text, text) is
  'Service RPC of stripe-webhook: records in the ledger why an attempt failed, unless another attempt has succeeded '
  'meanwhile. The next attempt is due after a pause that grows, for three days.';
grant execute on function public.fail_stripe_event(text, text) to service_role;

create function private.settle_stripe_events(event_ids text[])
returns void
language sql
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'processed', processed_at = now(), error = null, due_at = null
  where e.id = any (event_ids)
$$;
comment on function private.settle_stripe_events(text[]) is
  'Marks events as processed, in the transaction that writes their objects.';

-- What waits, by payer. Processed events leave the index.
create index stripe_events_payer_due_at_idx on public.stripe_events (payer, due_at) where due_at is not null;

-- From sql/10_billing/25_items.sql

-- The items of subscriptions: each price that a subscription has, with its quantity.

create table public.subscription_items (
  id text primary key,
  subscription_id uuid not null,
  stripe_price_id text not null,
  stripe_product_id text not null,
  quantity bigint,
  current_period_start timestamptz,
  current_period_end timestamptz,
  created_at timestamptz not null default now(),
  constraint subscription_items_subscription_id_fkey foreign key (subscription_id)
    references public.subscriptions (id) on delete cascade,
  constraint subscription_items_stripe_price_id_fkey foreign key (stripe_price_id)
    references public.stripe_prices (id)
);

comment on table public.subscription_items is
  'The items of all subscriptions. Each item of a subscription that gives a plan counts, whatever it costs.';
comment on column public.subscription_items.id is
  'The id at Stripe. An item that was stored without its id has the id of its subscription.';
comment on column public.subscription_items.stripe_product_id is
  'The product of the price. No foreign key: with a second one, PostgREST could not tell how prices embed products.';
comment on column public.subscription_items.quantity is
  'Null for a metered price. An item with quantity 0 gives no plan and no seats.';

create function private.write_subscription_items(subscription_id uuid, fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- The functions of the previous release send no items, but the fields of the most expensive one.
  items jsonb := coalesce(fields -> 'items', case
    when fields ->> 'stripe_product_id' is null then '[]'::jsonb
    else jsonb_build_array(
      fields || jsonb_build_object('id', fields ->> 'stripe_subscription_id')
    )
  end);
begin
  perform private.apply_catalogue_object(
    'price', jsonb_build_object('id', i.stripe_price_id, 'product_id', i.stripe_product_id), false
  )
  from jsonb_populate_recordset(null::public.subscription_items, items) as i
  order by i.stripe_price_id;

  delete from public.subscription_items d
  where d.subscription_id = write_subscription_items.subscription_id
    and d.id not in (select i.id from jsonb_populate_recordset(null::public.subscription_items, items) as i);
  insert into public.subscription_items
    (id, subscription_id, stripe_price_id, stripe_product_id, quantity, current_period_start, current_period_end,
      created_at)
  select i.id, write_subscription_items.subscription_id, i.stripe_price_id, i.stripe_product_id, i.quantity,
    i.current_period_start, i.current_period_end, coalesce(i.created_at, now())
  from jsonb_populate_recordset(null::public.subscription_items, items) as i
  on conflict (id) do update
  set stripe_price_id = excluded.stripe_price_id, stripe_product_id = excluded.stripe_product_id,
      quantity = excluded.quantity, current_period_start = excluded.current_period_start,
      current_period_end = excluded.current_period_end;
end
$$;
comment on function private.write_subscription_items(uuid, jsonb) is
  'Replaces the items of a subscription by those in fields -> items. private.apply_subscription calls it after it has '
  'written the subscription, so the ticket of the subscription covers its items.';

alter table public.subscription_items enable row level security;

grant select on public.subscription_items to authenticated;
grant select, insert, update, delete on public.subscription_items to service_role;

-- The policies of subscriptions decide which subscriptions the subquery returns.
create policy subscription_items_select_own on public.subscription_items
  for select to authenticated
  using (subscription_id = any (array(select s.id from public.subscriptions s)));

create index subscription_items_subscription_id_idx on public.subscription_items (subscription_id);
create index subscription_items_stripe_price_id_idx on public.subscription_items (stripe_price_id);
-- Also serves the batches in which the subscribers of a product get its changed plan.
create index subscription_items_stripe_product_id_idx on public.subscription_items (stripe_product_id, id);

-- From sql/10_billing/30_entitlement.sql

-- The plan of a profile: the best of what it bought, what an operator gave, and its seat in an organization that pays.

alter table public.profiles
  add column granted_plan text,
  add column granted_plan_ends_at timestamptz,
  add column plan_source text not null default 'none',
  add column entitlement_due_at timestamptz,
  add constraint profiles_granted_plan_fkey foreign key (granted_plan) references public.plans (slug),
  add constraint profiles_granted_plan_ends_at_check check (granted_plan_ends_at is null or granted_plan is not null),
  add constraint profiles_plan_source_check
    check (plan_source in ('none', 'subscription', 'granted', 'organization'));

comment on column public.profiles.granted_plan is
  'A plan that an operator gave, by admin_grant_plan. The better of this plan and the others counts.';
comment on column public.profiles.granted_plan_ends_at is 'When the granted plan ends. Null means never.';
comment on column public.profiles.plan_source is
  'What gives subscription_plan: a subscription of the profile, a grant, a seat of the organization, or none of them.';
comment on column public.profiles.entitlement_due_at is
  'When something that gives the profile a plan ends. The schedule then computes the plan again.';

-- In plpgsql, which caches the plans of its queries for the connection. See private.current_profile_id.
create function private.entitled_until(subscription public.subscriptions)
returns timestamptz
language plpgsql
stable
set search_path = ''
as $$
begin
  return case when subscription.status in ('trialing', 'active', 'past_due') then least(
    coalesce(subscription.ends_at, 'infinity'),
    -- Stripe goes on with periods while the collection is paused, but nobody pays for them.
    case when subscription.pause_collection is not null then coalesce(subscription.paid_until, '-infinity') end,
    case when subscription.status = 'past_due' then coalesce(subscription.past_due_at + make_interval(
      days => (select b.past_due_grace_days from private.billing_policy b)
    ), '-infinity') end
  ) else '-infinity' end;
end
$$;
comment on function private.entitled_until(public.subscriptions) is
  'Returns until when a subscription gives its plans: trialing and active ones until they end, past-due ones until the '
  'grace period ends, and paused ones until the paid period ends. -infinity for any other, infinity without an end.';

create function private.is_entitling(subscription public.subscriptions)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return private.entitled_until(subscription) > now();
end
$$;
comment on function private.is_entitling(public.subscriptions) is
  'The one rule for which subscriptions give their plans now.';

create function private.bought_plans(profile_id uuid)
returns table (plan text, rank integer, subscription public.subscriptions, product_id text, period_start timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select l.slug, l.rank, s, i.stripe_product_id, coalesce(i.current_period_start, s.current_period_start)
  from public.subscriptions s
  join public.stripe_customers c on c.id = s.stripe_customer_id
  join public.subscription_items i on i.subscription_id = s.id
  join public.stripe_products d on d.id = i.stripe_product_id
  join public.plans l on l.slug = d.plan
  where s.user_id = profile_id
    and not c.is_deleted
    and i.quantity is distinct from 0
    and private.is_entitling(s)
  order by l.rank desc, i.current_period_end desc, s.stripe_subscription_id, i.id;
end
$$;
comment on function private.bought_plans(uuid) is
  'Returns the plans that the items of a profile''s own subscriptions give now, the best first.';

create function private.membership_of(status public.subscription_status)
returns public.membership_status
language sql
immutable
set search_path = ''
as $$
  select case
    when status in ('trialing', 'active') then 'active'
    when status in ('past_due', 'unpaid') then 'past_due'
    when status = 'canceled' then 'canceled'
    else 'inactive'
  end::public.membership_status
$$;
comment on function private.membership_of(public.subscription_status) is
  'Maps a subscription''s status to the membership status of its profile. This only describes; private.is_entitling '
  'decides what the profile may use.';

create function private.best_plan(profile public.profiles, bought text)
returns table (slug text, source text, due_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  with offers as (
    select 'subscription' as source, bought as plan, null::timestamptz as ends_at
    union all
    select 'granted', profile.granted_plan, profile.granted_plan_ends_at
    where coalesce(profile.granted_plan_ends_at > now(), true) and not profile.is_deleted
    union all
    select 'organization', seat.plan, seat.ends_at from private.seat_of(profile) as seat
  )
  select l.slug, o.source, min(o.ends_at) over ()
  from offers o
  join public.plans l on l.slug = o.plan
  -- Of equal plans, the one that costs nobody else anything counts.
  order by l.rank desc, array_position(array['subscription', 'granted', 'organization'], o.source)
  limit 1;
end
$$;
comment on function private.best_plan(public.profiles, text) is
  'Returns the best of a bought plan, the granted plan and the seat of a profile, what gives it, and when the grant or '
  'the seat ends. No row if the profile has none of them.';

create function private.entitled(profile public.profiles)
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  given public.profiles := profile;
  shown public.subscriptions;
  bought record;
  best record;
begin
  if exists (select from public.stripe_customers c where c.id = profile.stripe_customer_id and c.is_deleted) then
    given.stripe_customer_id := null;
  end if;
  select s.* into shown from public.subscriptions s
  where s.user_id = profile.id order by s.started_at desc, s.stripe_subscription_id limit 1;
  select b.plan, (b.subscription).stripe_subscription_id, (b.subscription).status, b.product_id, b.period_start
  into bought from private.bought_plans(profile.id) b limit 1;
  select * into best from private.best_plan(profile, bought.plan);

  given.subscription_plan := coalesce(best.slug, private.base_plan(profile.is_anonymous));
  given.plan_source := coalesce(best.source, 'none');
  given.entitlement_due_at := best.due_at;
  given.stripe_subscription_id := bought.stripe_subscription_id;
  given.stripe_product_id := bought.product_id;
  if shown.id is not null then
    given.membership_status := private.membership_of(coalesce(bought.status, shown.status));
  end if;
  -- An admin may have given the role premium by hand to a profile that never had a plan.
  if profile.role in ('user', 'premium')
    and (shown.id is not null or given.subscription_plan <> profile.subscription_plan) then
    given.role := (
      case when given.subscription_plan in ('free', 'anonymous') then 'user' else 'premium' end
    )::public.user_role;
  end if;
  if given.subscription_plan <> profile.subscription_plan then
    given.subscription_quota := (select l.monthly_messages from public.plans l where l.slug = given.subscription_plan);
  end if;
  if given.plan_source = 'subscription' then
    given.quota_last_reset := private.quota_period_start(bought.period_start);
    -- Stripe's times are in whole seconds, so a subscription may seem to start before its profile was created.
    if given.quota_last_reset > profile.quota_last_reset
      or given.quota_last_reset < profile.quota_last_reset
        and bought.stripe_subscription_id is distinct from profile.stripe_subscription_id then
      given.subscription_usage := 0;
    end if;
    given.quota_last_reset := coalesce(given.quota_last_reset, profile.quota_last_reset);
  end if;
  return given;
end
$$;
comment on function private.entitled(public.profiles) is
  'Returns a profile with what it is entitled to: the plan and its source, the quota, the start of the quota''s '
  'period, the membership status, and the role user or premium. Also removes a customer that was deleted. Writes '
  'nothing.';

create function private.apply_entitlement(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
  given public.profiles;
begin
  -- Concurrent calls for this profile queue here, and each call sees the rows that the previous one wrote.
  select p.* into profile from public.profiles p where p.id = profile_id for no key update;
  given := private.entitled(profile);
  -- One update at most: a second one in the same transaction would lock the login, and its deletion locks the profile.
  if profile.id is not null and given is distinct from profile then
    update public.profiles p
    set stripe_customer_id = given.stripe_customer_id,
        subscription_plan = given.subscription_plan,
        plan_source = given.plan_source,
        entitlement_due_at = given.entitlement_due_at,
        stripe_subscription_id = given.stripe_subscription_id,
        stripe_product_id = given.stripe_product_id,
        membership_status = given.membership_status,
        role = given.role,
        quota_last_reset = given.quota_last_reset,
        subscription_usage = given.subscription_usage
    where p.id = profile_id;
  end if;
end
$$;
comment on function private.apply_entitlement(uuid) is
  'Writes to a profile what private.entitled returns, in one update.';

create function private.follow_grant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if new.is_deleted then
    new.granted_plan := null;
    new.granted_plan_ends_at := null;
  end if;
  return private.entitled(new);
end
$$;
comment on function private.follow_grant() is
  'Trigger: computes the plan in the same update that changes the granted plan, the organization or the login of a '
  'profile, so that a transaction updates the profile once. Definer: it reads tables of private.';

-- By its name, the trigger runs after profiles_keep_membership_whole.
create trigger profiles_plan_follows
  before update of granted_plan, granted_plan_ends_at, organization_id, is_anonymous, is_deleted on public.profiles
  for each row when (
    old.granted_plan is distinct from new.granted_plan
    or old.granted_plan_ends_at is distinct from new.granted_plan_ends_at
    or old.organization_id is distinct from new.organization_id
    or old.is_anonymous is distinct from new.is_anonymous
    or old.is_deleted is distinct from new.is_deleted
  )
  execute function private.follow_grant();

create index profiles_granted_plan_idx on public.profiles (granted_plan) where granted_plan is not null;
create index profiles_entitlement_due_at_idx on public.profiles (entitlement_due_at)
  where entitlement_due_at is not null;

-- From sql/10_billing/35_entitlement_changes.sql

-- Changes that reach many profiles: they are recomputed in batches by the schedule, never in one statement.

create table private.entitlement_changes (
  id bigint generated always as identity primary key,
  kind text not null,
  subject text not null,
  after text not null default '',
  created_at timestamptz not null default now(),
  constraint entitlement_changes_kind_check check (kind in ('product', 'plan', 'organization', 'profile', 'quota'))
);

comment on table private.entitlement_changes is
  'Changes whose profiles are still to be recomputed: a product with another plan, a plan with another quota, an '
  'organization with other seats or members, or one profile and its quota that were busy. Writers only add rows, so '
  'none of them waits.';
comment on column private.entitlement_changes.subject is 'The id of the product, organization or profile, or the plan.';
comment on column private.entitlement_changes.after is 'The last id that a batch has handled. Empty before the first.';

create function private.enqueue_entitlement_change(kind text, subject text, after text default '')
returns void
language sql
set search_path = ''
as $$
  insert into private.entitlement_changes (kind, subject, after) values ($1, $2, $3)
$$;
comment on function private.enqueue_entitlement_change(text, text, text) is
  'Adds a change to the list that the schedule works through.';

create function private.enqueue_product_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_entitlement_change('product', new.id);
  return null;
end
$$;
comment on function private.enqueue_product_change() is
  'Trigger: the subscribers of a product with a changed plan get it in batches. Definer: the list is private.';

create trigger stripe_products_enqueue_change
  after update of metadata on public.stripe_products
  for each row when (old.plan is distinct from new.plan)
  execute function private.enqueue_product_change();

create function private.batch_of_change(change private.entitlement_changes, max_rows integer)
returns table (reached text, profile_id uuid, organization_id uuid)
language plpgsql
stable
set search_path = ''
as $$
declare
  after_id uuid := case when change.kind <> 'product' then
    coalesce(nullif(change.after, ''), '00000000-0000-0000-0000-000000000000')::uuid
  end;
begin
  if change.kind = 'product' then
    return query
    select i.id, s.user_id, c.organization_id
    from public.subscription_items i
    join public.subscriptions s on s.id = i.subscription_id
    join public.stripe_customers c on c.id = s.stripe_customer_id
    where i.stripe_product_id = change.subject and i.id > change.after
    order by i.id
    limit max_rows;
  elsif change.kind = 'plan' then
    return query
    select p.id::text, p.id, null::uuid
    from public.profiles p
    where p.subscription_plan = change.subject and p.id > after_id
    order by p.id
    limit max_rows;
  elsif change.kind = 'organization' then
    return query
    select p.id::text, p.id, null::uuid
    from public.profiles p
    where p.organization_id = change.subject::uuid and p.id > after_id
    order by p.id
    limit max_rows;
  else
    return query select change.subject, change.subject::uuid, null::uuid;
  end if;
end
$$;
comment on function private.batch_of_change(private.entitlement_changes, integer) is
  'Returns the next profiles of a change in the order of their positions, and organizations whose members follow.';

create function private.lock_free_profiles(profile_ids uuid[], waits boolean)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  locked uuid[];
begin
  if waits then
    perform from public.profiles p where p.id = any (profile_ids) order by p.id for no key update;
    return profile_ids;
  end if;
  select array_agg(l.id) into locked
  from (
    select p.id from public.profiles p
    where p.id = any (profile_ids) order by p.id for no key update skip locked
  ) l;
  return coalesce(locked, '{}');
end
$$;
comment on function private.lock_free_profiles(uuid[], boolean) is
  'Locks profiles and returns those that it locked. Without waits, it leaves out profiles that another transaction '
  'holds.';

create function private.settle_entitlement_change(change private.entitlement_changes, max_rows integer)
returns text
language plpgsql
set search_path = ''
as $$
declare
  is_quota constant boolean := change.kind in ('plan', 'quota');
  batch record;
  locked uuid[];
begin
  select count(*)::integer as size, max(b.reached collate "C") as reached,
    coalesce(array_agg(distinct b.profile_id) filter (where b.profile_id is not null), '{}') as profiles,
    coalesce(array_agg(distinct b.organization_id) filter (where b.organization_id is not null), '{}') as organizations
  into batch
  from private.batch_of_change(change, max_rows) b;

  -- A batch waits for no profile, so no order of locks can deadlock. A busy profile gets a row of its own. That row
  -- waits, because its transaction holds no other profile.
  locked := private.lock_free_profiles(batch.profiles, change.kind in ('profile', 'quota'));
  if is_quota then
    update public.profiles p
    set subscription_quota = l.monthly_messages
    from public.plans l
    where p.id = any (locked)
      and l.slug = p.subscription_plan
      and p.subscription_quota is distinct from l.monthly_messages;
  else
    perform private.apply_entitlement(free) from unnest(locked) as free;
  end if;
  perform private.enqueue_entitlement_change(case when is_quota then 'quota' else 'profile' end, busy::text)
  from unnest(batch.profiles) as busy
  where busy <> all (locked);
  perform private.enqueue_entitlement_change('organization', member_of::text)
  from unnest(batch.organizations) as member_of;
  return case when batch.size = max_rows and change.kind not in ('profile', 'quota') then batch.reached end;
end
$$;
comment on function private.settle_entitlement_change(private.entitlement_changes, integer) is
  'Recomputes one batch of the profiles of a change. Returns where the next batch begins; null after the last one.';

create function private.settle_entitlement_changes()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  -- So few that no profile is locked for 100 ms.
  max_rows constant integer := 25;
  change private.entitlement_changes;
  reached text;
begin
  select * into change from private.entitlement_changes c order by c.id limit 1 for update skip locked;
  if change.id is null then
    return false;
  end if;
  if change.after = '' then
    -- What the same change repeats is visible now, so this pass covers it.
    delete from private.entitlement_changes c
    where c.id in (
      select d.id from private.entitlement_changes d
      where d.kind = change.kind and d.subject = change.subject and d.after = '' and d.id <> change.id
      for update skip locked
    );
  end if;
  reached := private.settle_entitlement_change(change, max_rows);
  if reached is null then
    delete from private.entitlement_changes c where c.id = change.id;
  else
    update private.entitlement_changes c set after = reached where c.id = change.id;
  end if;
  return true;
end
$$;
comment on function private.settle_entitlement_changes() is
  'Works through one batch of the oldest change that no other call holds. Returns false when nothing is left to do.';

create function private.refresh_entitlements()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  max_rows constant integer := 25;
  ended uuid[];
begin
  select array_agg(d.id) into ended
  from (
    (
      select p.id
      from public.subscriptions s
      join public.profiles p on p.stripe_subscription_id = s.stripe_subscription_id
      where (s.status = 'past_due' or s.ends_at is not null or s.pause_collection is not null)
        and s.ended_at is null
        and not private.is_entitling(s)
      order by p.id
      limit max_rows
    )
    union
    (
      select p.id
      from public.profiles p
      where p.entitlement_due_at <= now()
      order by p.entitlement_due_at
      limit max_rows
    )
  ) d;
  perform private.apply_entitlement(free) from unnest(private.lock_free_profiles(ended, false)) as free;
  return private.settle_entitlement_changes() or coalesce(cardinality(ended), 0) >= max_rows;
end
$$;
comment on function private.refresh_entitlements() is
  'Removes plans that ended without an event, such as a grace period or a grant, and works through one batch of '
  'private.entitlement_changes. Returns true when there may be more. Called by the schedule.';

alter table private.entitlement_changes enable row level security;

-- Serves the search for subscriptions that end without an event. The other ones, which are most, are not in it.
create index subscriptions_may_end_idx on public.subscriptions (stripe_subscription_id)
  where (status = 'past_due' or ends_at is not null or pause_collection is not null) and ended_at is null;

-- From sql/10_billing/35_selling.sql

-- What is for sale: which prices clients see and may buy.

create function private.catalogue_problems()
returns table (product_id text, price_id text, name text, key text, value text)
language sql
stable
set search_path = ''
as $$
  select d.id, null, d.name, m.key, m.value
  from public.stripe_products d
  cross join lateral jsonb_each_text(d.metadata) m
  where d.is_active and not d.is_deleted
    and case m.key
      when 'plan' then not exists (select from public.plans l where l.slug = m.value)
      when 'tokens' then d.tokens is null
      when 'tokens_days' then m.value !~ '^[1-9]\d{0,4}$'
      else false
    end
  union all
  select d.id, r.id, d.name, 'trial_days', r.metadata ->> 'trial_days'
  from public.stripe_prices r
  join public.stripe_products d on d.id = r.product_id
  where r.is_active and not r.is_deleted and d.is_active and not d.is_deleted
    and r.metadata ? 'trial_days' and r.trial_days is null
$$;
comment on function private.catalogue_problems() is
  'Lists metadata of active products and prices that Parley cannot use: an unknown plan, or a number that is not '
  'valid. Such a product or price is not sold. price_id is null for metadata of the product.';

create function private.listed_price_ids()
returns setof text
language sql
stable
security definer
set search_path = ''
as $$
  select r.id
  from public.stripe_prices r
  join public.stripe_products d on d.id = r.product_id
  where r.is_active and not r.is_deleted and d.is_active and not d.is_deleted
    and (
      r.metadata ->> 'listed' = 'true'
      or r.id = d.default_price_id and not exists (
        select from public.stripe_prices o
        where o.product_id = d.id and not o.is_deleted and o.metadata ->> 'listed' = 'true'
      )
    )
    and not exists (
      select from private.catalogue_problems() p
      where p.product_id = d.id and coalesce(p.price_id = r.id, true)
    )
$$;
comment on function private.listed_price_ids() is
  'The one rule for what is for sale: active prices with the metadata listed = "true", or the product''s default price '
  'while no price of the product is marked. Definer: clients cannot read the metadata.';
grant execute on function private.listed_price_ids() to anon, authenticated, service_role;

create function public.listed_prices()
returns setof public.stripe_prices
language sql
stable
security invoker
set search_path = ''
as $$
  select r.* from public.stripe_prices r where r.id in (select private.listed_price_ids())
$$;
comment on function public.listed_prices() is
  'Service RPC of billing: the prices that are for sale. Clients read the same rows from stripe_prices.';
grant execute on function public.listed_prices() to service_role;

-- The columns that a price table needs. Metadata, nicknames and lookup keys are the operator's own notes.
grant select (id, name, description, images, plan, tokens, default_price_id, is_active)
  on public.stripe_products to anon, authenticated;
grant select (
  id, product_id, is_active, currency, unit_amount, type, recurring_interval, recurring_interval_count, trial_days
) on public.stripe_prices to anon, authenticated;

create policy stripe_prices_select_anon on public.stripe_prices
  for select to anon
  using (id in (select private.listed_price_ids()));

-- A price that is no longer for sale stays visible to its subscribers.
create policy stripe_prices_select_authenticated on public.stripe_prices
  for select to authenticated
  using (
    id in (select private.listed_price_ids())
    or id in (select s.stripe_price_id from public.subscriptions s)
  );

-- The policies of prices decide here, too.
create policy stripe_products_select_priced on public.stripe_products
  for select to anon, authenticated
  using (id in (select r.product_id from public.stripe_prices r));

create function private.holds_plan(subscription public.subscriptions)
returns boolean
language sql
stable
set search_path = ''
as $$
  select subscription.status in ('trialing', 'active', 'past_due', 'unpaid', 'paused')
    and coalesce(subscription.ends_at > now(), true)
    and exists (
      select from public.subscription_items i
      join public.stripe_products d on d.id = i.stripe_product_id
      join public.plans l on l.slug = d.plan
      where i.subscription_id = subscription.id and i.quantity is distinct from 0
    )
    and not exists (
      select from public.stripe_customers c where c.id = subscription.stripe_customer_id and c.is_deleted
    )
$$;
comment on function private.holds_plan(public.subscriptions) is
  'True for a subscription to a plan that has not ended. It may charge again, also while an unpaid invoice keeps it '
  'from giving the plan. So its payer changes it in the portal, and does not buy another.';

create function private.plan_subscription(profile_id uuid)
returns text
language sql
stable
set search_path = ''
as $$
  select s.stripe_subscription_id
  from public.subscriptions s
  where s.user_id = profile_id and private.holds_plan(s)
  order by private.is_entitling(s) desc, s.started_at, s.stripe_subscription_id
  limit 1
$$;
comment on function private.plan_subscription(uuid) is
  'Returns Stripe''s id of the subscription with which a profile pays for a plan, or null.';

create function private.double_plans()
returns table (user_id uuid, subscription_ids text[])
language sql
stable
set search_path = ''
as $$
  select s.user_id, array_agg(s.stripe_subscription_id order by s.started_at, s.stripe_subscription_id)
  from public.subscriptions s
  where s.user_id is not null and s.ended_at is null and private.holds_plan(s)
  group by s.user_id
  having count(*) > 1
$$;
comment on function private.double_plans() is
  'Lists users who pay for more than one plan. Parley sells them no second one, so it was made at Stripe.';

-- From sql/10_billing/37_problems.sql

-- What Stripe refuses because of the operator's settings, and events that cannot be applied any more.

create table private.stripe_problems (
  cause text primary key,
  fix text not null,
  seen_at timestamptz not null default now(),
  constraint stripe_problems_cause_check check (cause ~ '^[a-z_]{1,60}$'),
  constraint stripe_problems_fix_check check (char_length(fix) <= 200)
);
comment on table private.stripe_problems is
  'Settings of the operator that Stripe has rejected: what to change, and when Stripe last rejected it. db:health '
  'shows those of the last hour.';
alter table private.stripe_problems enable row level security;

create function private.report_stripe_problem(cause text, fix text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into private.stripe_problems as p (cause, fix)
  values (report_stripe_problem.cause, left(report_stripe_problem.fix, 200))
  on conflict on constraint stripe_problems_pkey do update
  set fix = excluded.fix, seen_at = now()
$$;
comment on function private.report_stripe_problem(text, text) is
  'Stores that Stripe rejected a setting. Definer: the table is closed to all roles.';
grant execute on function private.report_stripe_problem(text, text) to service_role;

create function public.report_stripe_problem(cause text, fix text)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.report_stripe_problem(cause, fix)
$$;
comment on function public.report_stripe_problem(text, text) is
  'Service RPC of billing: stores that Stripe rejected a setting of the operator.';
grant execute on function public.report_stripe_problem(text, text) to service_role;

create function public.drop_stripe_event(event_id text, error text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.stripe_events e
  set status = 'dropped', error = left(drop_stripe_event.error, 200), processed_at = now(), due_at = null
  where e.id = event_id
    and e.status <> 'processed'
$$;
comment on function public.drop_stripe_event(text, text) is
  'Service RPC of stripe-webhook: ends an event about an object that Stripe no longer has. Nothing is left to fetch.';
grant execute on function public.drop_stripe_event(text, text) to service_role;

-- From sql/10_billing/40_credits.sql

-- Credits that payments grant and refunds take back.

create function private.credit_lines(payment public.payments)
returns table (invoice_line_id text, tokens numeric, expires_at timestamptz)
language sql
stable
set search_path = ''
as $$
  select l.id, (d.metadata ->> 'tokens')::numeric * coalesce(l.quantity, 1),
    payment.paid_at + make_interval(days => case
      when d.metadata ->> 'tokens_days' ~ '^[1-9]\d{0,4}$' then (d.metadata ->> 'tokens_days')::integer
      else b.credit_days
    end)
  from jsonb_to_recordset(payment.product_cart) as l (id text, product text, quantity numeric, proration boolean)
  join public.stripe_products d on d.id = l.product
  cross join private.billing_policy b
  where d.metadata ->> 'tokens' ~ '^[1-9]\d{0,5}$'
    and coalesce(l.quantity, 1) > 0
    and not coalesce(l.proration, false)
    and not exists (select from private.credit_grants g where g.invoice_line_id = l.id)
  order by l.id
$$;
comment on function private.credit_lines(public.payments) is
  'Returns the lines of an invoice whose credits are still to be granted. A line without a quantity counts once, and a '
  'line with quantity 0 grants nothing.';

create function private.credit_payment(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_balance constant integer := 2147483647;
  balance integer;
  granted integer := 0;
  last_expiry timestamptz;
  line record;
begin
  if payment.user_id is null or payment.invoice_status is distinct from 'paid' then
    return;
  end if;
  for line in select * from private.credit_lines(payment) loop
    -- Locks the balance only for a payment that has credits to grant.
    if balance is null then
      select p.tokens into balance from public.profiles p where p.id = payment.user_id for no key update;
    end if;
    if line.tokens > max_balance - balance - granted then
      insert into private.refused_credits (invoice_line_id, payment_id, tokens)
      values (line.invoice_line_id, payment.id, line.tokens)
      on conflict do nothing;
      continue;
    end if;
    insert into private.credit_grants (invoice_line_id, payment_id, user_id, tokens, expires_at)
    values (line.invoice_line_id, payment.id, payment.user_id, line.tokens::integer, line.expires_at)
    on conflict on constraint credit_grants_invoice_line_id_key do nothing;
    if found then
      granted := granted + line.tokens::integer;
      last_expiry := greatest(last_expiry, line.expires_at);
      delete from private.refused_credits r where r.invoice_line_id = line.invoice_line_id;
    end if;
  end loop;
  if granted > 0 then
    perform private.grant_credits(payment.user_id, granted, last_expiry);
  end if;
end
$$;
comment on function private.credit_payment(public.payments) is
  'Grants the credits for the lines of a paid invoice. Each line grants its credits once, no matter how often the '
  'function is called. Credits that do not fit into the balance are refused and recorded in private.refused_credits.';

create function private.reversed_amount(payment public.payments)
returns bigint
language sql
immutable
set search_path = ''
as $$
  select least(payment.amount, payment.refunded_amount + coalesce((
    select sum(d.amount) from jsonb_to_recordset(payment.disputes) as d (amount bigint, status text)
    -- The money of a lost dispute stays away while the loss is appealed. The type Dispute.Status of the package stripe.
    where d.status in ('lost', 'appeal_needs_response', 'appeal_under_review')
  ), 0))::bigint
$$;
comment on function private.reversed_amount(public.payments) is
  'Returns the amount of a payment that was returned: refunds, lost disputes, and lost disputes that are appealed.';

create function private.returned_of_invoice(payment public.payments, out returned numeric, out paid numeric)
language sql
stable
set search_path = ''
as $$
  select sum(private.reversed_amount(p)), sum(p.amount)
  from public.payments p
  where (p.id = payment.id or p.stripe_invoice_id = payment.stripe_invoice_id)
    and p.amount > 0
    and p.status not in ('pending', 'failed')
$$;
comment on function private.returned_of_invoice(public.payments) is
  'Returns what was paid for the invoice of a payment, by whichever payments, and how much of it was returned. Null '
  'for an invoice that cost nothing.';

create function private.take_back_credits(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
declare
  invoice record;
  credit private.credit_grants;
  payer uuid;
  due integer;
  taken integer;
  balance integer;
  total integer := 0;
begin
  for credit in
    select g.*
    from private.credit_grants g
    join public.payments p on p.id = g.payment_id
    where p.id = payment.id or p.stripe_invoice_id = payment.stripe_invoice_id
    order by g.id
    for update of g
  loop
    select * into invoice from private.returned_of_invoice(payment);
    due := floor(credit.tokens * invoice.returned / invoice.paid)::integer - credit.reversed_tokens;
    continue when coalesce(due, 0) = 0;
    if balance is null then
      payer := credit.user_id;
      select p.tokens into balance from public.profiles p where p.id = credit.user_id for no key update;
    end if;
    -- A refund takes any unspent credits: the refunded ones count as spent last. If a refund fails later, the
    -- credits that it took are given back.
    taken := case
      when due > 0 then least(due, balance - total)
      else -greatest(0, credit.taken_back - credit.reversed_tokens - due)
    end;
    total := total + taken;
    update private.credit_grants g
    set reversed_tokens = g.reversed_tokens + due, taken_back = g.taken_back + taken
    where g.id = credit.id;
  end loop;
  if total <> 0 then
    update public.profiles p set tokens = p.tokens - total where p.id = payer;
  end if;
end
$$;
comment on function private.take_back_credits(public.payments) is
  'Takes back the returned share of an invoice''s credits, whichever of its payments was returned, as far as they are '
  'unspent. Each share is taken back once.';

create function private.settle_payment(payment public.payments)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.credit_payment(payment);
  perform private.take_back_credits(payment);
  update public.payments p
  set digital_products_delivered = true
  where p.id = payment.id
    and not p.digital_products_delivered
    and (
      exists (select from private.credit_grants g where g.payment_id = p.id)
      or p.status = 'completed' and exists (
        select from public.subscriptions s
        where s.id = p.subscription_id and s.user_id is not null and private.is_entitling(s)
      )
    );
end
$$;
comment on function private.settle_payment(public.payments) is
  'Grants or takes back credits according to the state of a payment. Repeating the call changes nothing.';

-- From sql/10_billing/45_customers.sql

-- Which profile a customer belongs to, when Stripe or an import names it.

create function private.adopter_of(customer_id text, customer_email text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (select p.id from public.profiles p where p.stripe_customer_id = adopter_of.customer_id),
    (
      select p.id
      from public.profiles p
      cross join private.billing_policy b
      where b.adopt_by_email
        and p.email_confirmed and not p.is_deleted
        and lower(p.email) = lower(adopter_of.customer_email)
        -- Two customers with one address may be two people.
        and not exists (
          select from public.stripe_customers o
          where lower(o.email) = lower(adopter_of.customer_email)
            and o.id <> adopter_of.customer_id
            and not o.is_deleted
        )
    )
  )
$$;
comment on function private.adopter_of(text, text) is
  'Returns the profile to which a customer without a link belongs: the one that was imported with its id, or, only '
  'with billing_policy.adopt_by_email, the one with its confirmed address. Data at Stripe proves nothing by itself.';

create function private.payer_of_checkout(checkout jsonb)
returns uuid
language sql
stable
set search_path = ''
as $$
  select p.id from public.profiles p where p.id = case
    when checkout ->> 'profile_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
      then (checkout ->> 'profile_id')::uuid
  end
$$;
comment on function private.payer_of_checkout(jsonb) is
  'Returns the profile that a checkout of our own server names, or null.';

create function private.adopt_customer(customer public.stripe_customers)
returns void
language plpgsql
set search_path = ''
as $$
declare
  adopter uuid;
begin
  if customer.user_id is not null or customer.is_deleted then
    return;
  end if;
  adopter := private.adopter_of(customer.id, customer.email);
  if adopter is not null then
    perform private.link_stripe_customer(adopter, customer.id);
  end if;
end
$$;
comment on function private.adopt_customer(public.stripe_customers) is
  'Links a customer to the profile that it belongs to, unless either has a link already.';

create function private.adopt_new_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.adopt_customer(new);
  return null;
end
$$;
comment on function private.adopt_new_customer() is
  'Trigger: links a customer as soon as it has a row, whatever object named it. Definer: profiles and credits change.';

create function private.adopt_named_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.adopt_customer(c) from public.stripe_customers c where c.id = new.stripe_customer_id;
  return null;
end
$$;
comment on function private.adopt_named_customer() is
  'Trigger: links the customer that a profile is imported with, if it has a row. Definer: credits change.';

create function private.enqueue_changed_email()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('stripe_email', c.id)
  from public.stripe_customers c
  where c.user_id = new.id and not c.is_deleted;
  return null;
end
$$;
comment on function private.enqueue_changed_email() is
  'Trigger: puts the changed address of a payer into the outbox, which sends it to Stripe. Definer: the outbox is '
  'closed to all roles.';

create function private.release_returned_customer()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (
    select from public.stripe_customers c
    where c.id <> new.id
      and not c.is_deleted
      and (c.user_id = new.user_id or c.organization_id = new.organization_id)
  ) then
    new.user_id := null;
    new.organization_id := null;
  end if;
  return new;
end
$$;
comment on function private.release_returned_customer() is
  'Trigger: a customer that Stripe had lost and has again stays without an owner, if the owner has a new one by now.';

create trigger stripe_customers_release_returned
  before update of is_deleted on public.stripe_customers
  for each row when (old.is_deleted and not new.is_deleted)
  execute function private.release_returned_customer();

create trigger stripe_customers_adopt_inserted
  after insert on public.stripe_customers
  for each row when (new.user_id is null)
  execute function private.adopt_new_customer();
create trigger stripe_customers_adopt_changed
  after update of email on public.stripe_customers
  for each row when (new.user_id is null and new.email is distinct from old.email)
  execute function private.adopt_new_customer();
create trigger profiles_adopt_inserted
  after insert on public.profiles
  for each row when (new.stripe_customer_id is not null)
  execute function private.adopt_named_customer();
create trigger profiles_adopt_changed
  after update of stripe_customer_id on public.profiles
  for each row when (new.stripe_customer_id is distinct from old.stripe_customer_id)
  execute function private.adopt_named_customer();
create trigger profiles_send_email
  after update of email on public.profiles
  for each row when (new.email is not null and new.email is distinct from old.email)
  execute function private.enqueue_changed_email();

-- Serves adoption by address.
create index stripe_customers_email_idx on public.stripe_customers (lower(email));

-- From sql/10_billing/50_objects.sql

-- Writes objects that were fetched from Stripe into the tables.

create function private.write_stripe_row(table_name text, conflict_target text, fields jsonb, overwrites boolean)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  columns text := (select string_agg(format('%I', k), ', ' order by k) from jsonb_object_keys(fields) as k);
  excluded_columns text := (
    select string_agg(format('excluded.%I', k), ', ' order by k) from jsonb_object_keys(fields) as k
  );
  written jsonb;
begin
  -- One rule for all tables: a fetch overwrites only rows that an earlier fetch wrote.
  execute format(
    'insert into public.%1$I as t (%2$s) select %2$s from jsonb_populate_record(null::public.%1$I, $1)
     on conflict %3$s do %4$s returning to_jsonb(t)',
    table_name, columns, conflict_target,
    -- A row with ticket 0 only stands in for an object that was not fetched yet.
    format(
      'update set (%s) = row(%s) where t.ticket < excluded.ticket and ($2 or t.ticket = 0)', columns, excluded_columns
    )
  ) into written using fields, overwrites;
  return written;
end
$$;
comment on function private.write_stripe_row(text, text, jsonb, boolean) is
  'Inserts a row, or updates the existing row if this ticket is higher. Without overwrites, only a row that stands in '
  'for an object is updated. The keys of fields are the columns. Returns the written row, or null.';

create function private.require_tombstone(kind text, object_id text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not exists (
    select from public.stripe_products d where kind = 'product' and d.id = object_id and d.is_deleted
    union all
    select from public.stripe_prices r where kind = 'price' and r.id = object_id and r.is_deleted
    union all
    select from public.stripe_customers c where kind = 'customer' and c.id = object_id and c.is_deleted
  ) then
    perform private.refuse(
      409, 'stripe_object_missing',
      'Stripe does not know this object, and it was not deleted. Check STRIPE_SECRET_KEY.',
      jsonb_build_object('kind', kind, 'id', object_id)
    );
  end if;
end
$$;
comment on function private.require_tombstone(text, text) is
  'Refuses an object that Stripe does not know, unless our row already marks it as deleted. An old event of a '
  'deleted object is then no error.';

create function private.owner_of_customer(customer_id text)
returns uuid
language sql
stable
set search_path = ''
as $$
  select c.user_id from public.stripe_customers c where c.id = customer_id
$$;
comment on function private.owner_of_customer(text) is
  'Returns the profile that a customer belongs to. Null when it belongs to none.';

create function private.apply_catalogue_object(kind text, fields jsonb, overwrites boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if kind = 'price' then
    perform private.write_stripe_row(
      'stripe_products', '(id)', jsonb_build_object('id', fields ->> 'product_id'), false
    );
  end if;
  perform private.write_stripe_row('stripe_' || kind || 's', '(id)', fields, overwrites);
end
$$;
comment on function private.apply_catalogue_object(text, jsonb, boolean) is
  'Writes a product or a price. A price may arrive before its product.';

create function private.expect_customer(customer_id text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.write_stripe_row('stripe_customers', '(id)', jsonb_build_object('id', customer_id), false);
end
$$;
comment on function private.expect_customer(text) is
  'Makes sure that a customer has a row before another row refers to it. A new row has ticket 0.';

create function private.apply_customer(fields jsonb, overwrites boolean)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.write_stripe_row('stripe_customers', '(id)', fields, overwrites);
end
$$;
comment on function private.apply_customer(jsonb, boolean) is
  'Writes a customer. Its owner comes from our own rows, never from data at Stripe.';

create function private.apply_subscription(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  customer_id text := fields ->> 'stripe_customer_id';
  product_id text := fields ->> 'stripe_product_id';
  written jsonb;
begin
  perform private.expect_customer(customer_id);
  if product_id is not null then
    perform private.apply_catalogue_object(
      'price', jsonb_build_object('id', fields ->> 'stripe_price_id', 'product_id', product_id), false
    );
  end if;
  written := private.write_stripe_row('subscriptions', '(stripe_subscription_id)',
    fields - 'items' || jsonb_build_object('user_id', private.owner_of_customer(customer_id)), true);
  if written is not null then
    perform private.write_subscription_items((written ->> 'id')::uuid, fields);
  end if;
end
$$;
comment on function private.apply_subscription(jsonb) is
  'Writes a subscription. Its customer, price and product may arrive later; until then, rows with ticket 0 stand in '
  'for them.';

create function private.end_unknown_subscription(fields jsonb)
returns void
language sql
set search_path = ''
as $$
  update public.subscriptions s
  set status = 'canceled', ended_at = coalesce(s.ended_at, now()), ends_at = coalesce(s.ended_at, now()),
      ticket = (fields ->> 'ticket')::bigint
  where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
    and s.ticket < (fields ->> 'ticket')::bigint
$$;
comment on function private.end_unknown_subscription(jsonb) is
  'Ends a subscription whose own event says that it is deleted, and which Stripe no longer knows.';

create function private.apply_payment(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  customer_id text := fields ->> 'stripe_customer_id';
  written jsonb;
begin
  if customer_id is not null then
    perform private.expect_customer(customer_id);
  end if;
  written := private.write_stripe_row(
    'payments',
    case when fields ->> 'stripe_payment_intent_id' is null
      then '(stripe_invoice_id) where stripe_payment_intent_id is null'
      else '(stripe_payment_intent_id)'
    end,
    (fields - 'stripe_subscription_id') || jsonb_build_object(
      'user_id', private.owner_of_customer(customer_id),
      'subscription_id', (
        select s.id from public.subscriptions s where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
      )
    ),
    true
  );
  if written is not null then
    perform private.settle_payment(jsonb_populate_record(null::public.payments, written));
  end if;
end
$$;
comment on function private.apply_payment(jsonb) is 'Writes a payment and settles its credits.';

create function private.apply_checkout(fields jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.subscriptions s
  set checkout_id = fields ->> 'id', custom_field_data = nullif(fields -> 'custom_field_data', 'null')
  where s.stripe_subscription_id = fields ->> 'stripe_subscription_id'
    and s.stripe_customer_id = fields ->> 'stripe_customer_id';
  update public.payments p
  set checkout_id = fields ->> 'id'
  where p.stripe_payment_intent_id = fields ->> 'stripe_payment_intent_id'
    or p.stripe_invoice_id = fields ->> 'stripe_invoice_id';
  -- Our own checkout names its payer. This link is lost when a backup is restored that is older than the purchase.
  perform private.link_stripe_customer(p.id, c.id)
  from public.stripe_customers c
  join public.profiles p on p.id = private.payer_of_checkout(fields)
  where c.id = fields ->> 'stripe_customer_id' and c.user_id is null and not c.is_deleted;
end
$$;
comment on function private.apply_checkout(jsonb) is
  'Records the checkout that started a subscription or a payment. It never changes, so it needs no ticket.';

create function private.apply_stripe_object(object jsonb, ticket bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kind text := object ->> 'kind';
  fields jsonb := object -> 'fields' || jsonb_build_object('ticket', ticket);
  overwrites boolean := not coalesce((object ->> 'is_context')::boolean, false);
begin
  if (object ->> 'is_missing')::boolean then
    perform private.require_tombstone(kind, object #>> '{fields,id}');
  elsif kind in ('product', 'price') then
    perform private.apply_catalogue_object(kind, fields, overwrites);
  elsif kind = 'customer' then
    perform private.apply_customer(fields, overwrites);
  elsif kind = 'subscription' and (object ->> 'is_deleted')::boolean then
    perform private.end_unknown_subscription(fields);
  elsif kind = 'subscription' then
    perform private.apply_subscription(fields);
  elsif kind = 'payment' then
    perform private.apply_payment(fields);
  elsif kind = 'checkout' then
    perform private.apply_checkout(fields);
  else
    perform private.refuse(
      400, 'unknown_stripe_object',
      'Parley does not store Stripe objects of this kind. Send a kind that private.apply_stripe_object names.',
      jsonb_build_object('kind', kind)
    );
  end if;
end
$$;
comment on function private.apply_stripe_object(jsonb, bigint) is
  'Writes one fetched object. An object with is_context came along with another one, and is written only if it is '
  'not known yet.';

create function private.profiles_concerned(objects jsonb)
returns setof uuid
language sql
stable
set search_path = ''
as $$
  select c.user_id
  from jsonb_array_elements(objects) as o
  join public.stripe_customers c
    on c.id = case o ->> 'kind' when 'customer' then o #>> '{fields,id}' else o #>> '{fields,stripe_customer_id}' end
  where c.user_id is not null
  union
  -- A customer without a link may be adopted, whatever object names it.
  select found.id
  from jsonb_array_elements(objects) as o
  cross join lateral (
    select case o ->> 'kind'
      when 'customer' then private.adopter_of(o #>> '{fields,id}', o #>> '{fields,email}')
      else private.adopter_of(o #>> '{fields,stripe_customer_id}', null)
    end as id
    union
    select private.payer_of_checkout(o -> 'fields')
  ) found
  where found.id is not null
  order by 1
$$;
comment on function private.profiles_concerned(jsonb) is
  'Returns the profiles whose entitlement these objects may change, in the order in which they are locked. The '
  'subscribers of a product with a changed plan follow in batches: private.entitlement_changes.';

create function private.apply_stripe_objects(event_ids text[], ticket bigint, objects jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  kinds constant text[] := array['product', 'price', 'customer', 'subscription', 'payment', 'checkout'];
  known constant uuid[] := array(select private.profiles_concerned(objects));
begin
  -- All locks are taken in one order, so concurrent calls for the same profiles wait and never deadlock. The login
  -- comes before its profile, as when a login is deleted: a second update of a profile, for its plan after its credits,
  -- locks the login.
  perform from auth.users u
  where u.id in (select p.auth_id from public.profiles p where p.id = any (known))
  order by u.id
  for key share;
  perform from public.profiles p
  where p.id = any (known)
  order by p.id
  for no key update;

  perform private.apply_stripe_object(o, ticket)
  from (
    select o from jsonb_array_elements(objects) as o
    order by array_position(kinds, o ->> 'kind'), o #>> '{fields,id}', o::text
    -- offset 0 keeps the planner from merging the subquery, so the calls run in its order.
    offset 0
  ) as ordered;

  -- Asked again, because the objects may have linked a customer.
  perform private.apply_entitlement(concerned) from private.profiles_concerned(objects) as concerned;
  perform private.apply_organizations_concerned(objects);

  perform private.settle_stripe_events(event_ids);
end
$$;
comment on function private.apply_stripe_objects(text[], bigint, jsonb) is
  'Writes fetched objects, entitlements and the ledger in one transaction. Definer: credits and entitlement are '
  'private.';
grant execute on function private.apply_stripe_objects(text[], bigint, jsonb) to service_role;

create function public.apply_stripe_objects(event_id text, ticket bigint, objects jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.apply_stripe_objects(array[event_id], ticket, objects)
$$;
comment on function public.apply_stripe_objects(text, bigint, jsonb) is
  'Service RPC for every function that fetches from Stripe. objects: [{ kind, fields, is_context?, is_missing?, '
  'is_deleted? }], fetched after the ticket was drawn. event_id is empty when no event asked for the fetch.';
grant execute on function public.apply_stripe_objects(text, bigint, jsonb) to service_role;

create function public.apply_stripe_events(event_ids text[], ticket bigint, objects jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.apply_stripe_objects(event_ids, ticket, objects)
$$;
comment on function public.apply_stripe_events(text[], bigint, jsonb) is
  'Service RPC of the worker: apply_stripe_objects for several events, which are processed together or not at all.';
grant execute on function public.apply_stripe_events(text[], bigint, jsonb) to service_role;

-- From sql/10_billing/60_account.sql

-- The billing account of a profile: its customer at Stripe.

create function private.customer_of(profile_id uuid)
returns public.stripe_customers
language sql
stable
set search_path = ''
as $$
  select c from public.stripe_customers c where c.user_id = profile_id and not c.is_deleted
$$;
comment on function private.customer_of(uuid) is 'Returns the customer of a profile that is not deleted, or null.';

create function private.adoptable_customer(profile public.profiles)
returns text
language sql
stable
set search_path = ''
as $$
  select coalesce(
    (
      -- An imported customer may have no row yet.
      select profile.stripe_customer_id
      where not exists (
        select from public.stripe_customers c
        where c.id = profile.stripe_customer_id and (c.is_deleted or c.user_id is not null)
      )
    ),
    (
      select c.id
      from public.stripe_customers c
      where lower(c.email) = lower(profile.email) and c.user_id is null and not c.is_deleted
        and private.adopter_of(c.id, c.email) = profile.id
    )
  )
$$;
comment on function private.adoptable_customer(public.profiles) is
  'Returns the customer without a link that belongs to a profile, or null.';

create function private.require_buyer(profile public.profiles)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  perform private.require_active(profile.id);
  if profile.is_anonymous then
    perform private.refuse(
      409, 'email_required',
      'A purchase needs a login with an email address. Add an email address to the login and confirm it.'
    );
  end if;
end
$$;
comment on function private.require_buyer(public.profiles) is
  'Refuses with 403 a profile that may not act, and with 409 an anonymous one, whose purchase would be lost with its '
  'session.';

create function private.get_billing_account(auth_user_id uuid, is_buying boolean)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  customer public.stripe_customers := private.customer_of(profile.id);
  adopted text;
begin
  if is_buying then
    perform private.require_buyer(profile);
  end if;
  if customer.id is null then
    adopted := private.adoptable_customer(profile);
    if adopted is not null then
      perform private.link_stripe_customer(profile.id, adopted);
      customer := private.customer_of(profile.id);
    end if;
  end if;
  return jsonb_build_object(
    'policy', (select to_jsonb(b) from private.billing_policy b),
    'profile_id', profile.id,
    'email', profile.email,
    'customer_id', customer.id,
    'synced_at', customer.synced_at,
    'plan_subscription', private.plan_subscription(profile.id),
    'former_customers', (select count(*) from public.stripe_customers c where c.user_id = profile.id and c.is_deleted),
    'may_have_trial', private.may_have_trial(profile)
  );
end
$$;
comment on function private.get_billing_account(uuid, boolean) is
  'Returns what billing needs to know about a login. With is_buying, refuses with 403 an account that may not act, and '
  'with 409 an anonymous login. '
  'Definer: the function creates a missing profile.';
grant execute on function private.get_billing_account(uuid, boolean) to service_role;

create function public.get_billing_account(auth_user_id uuid, is_buying boolean)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.get_billing_account(auth_user_id, is_buying)
$$;
comment on function public.get_billing_account(uuid, boolean) is
  'Service RPC of billing: profile, customer and history of a login.';
grant execute on function public.get_billing_account(uuid, boolean) to service_role;

create function private.link_stripe_customer(profile_id uuid, customer_id text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  linked text;
begin
  perform from public.profiles p where p.id = profile_id for no key update;
  linked := (private.customer_of(profile_id)).id;
  if linked is not null then
    return linked;
  end if;

  insert into public.stripe_customers as c (id, user_id)
  values (customer_id, profile_id)
  on conflict (id) do update set user_id = excluded.user_id where c.user_id is null and not c.is_deleted
  returning c.id into linked;
  if linked is null then
    perform private.refuse(
      409, 'customer_taken',
      'This Stripe customer already belongs to another account. Try again.'
    );
  end if;
  update public.subscriptions s set user_id = profile_id where s.stripe_customer_id = linked;
  update public.payments p set user_id = profile_id where p.stripe_customer_id = linked;
  perform private.settle_payment(p) from public.payments p where p.stripe_customer_id = linked;
  -- A second update of a profile in one transaction would lock its login.
  update public.profiles p set stripe_customer_id = linked
  where p.id = profile_id and p.stripe_customer_id is distinct from linked;
  perform private.apply_entitlement(profile_id);
  return linked;
end
$$;
comment on function private.link_stripe_customer(uuid, text) is
  'Gives a customer to a profile, unless the profile has one. Returns the profile''s customer. Definer: profiles and '
  'credits change.';
grant execute on function private.link_stripe_customer(uuid, text) to service_role;

create function public.link_stripe_customer(profile_id uuid, customer_id text)
returns text
language sql
security invoker
set search_path = ''
as $$
  select private.link_stripe_customer(profile_id, customer_id)
$$;
comment on function public.link_stripe_customer(uuid, text) is
  'Service RPC of billing, called after it has created a customer: links the customer to the profile. Concurrent '
  'calls all return the same customer.';
grant execute on function public.link_stripe_customer(uuid, text) to service_role;

-- From sql/11_organizations/10_tables.sql

-- Tables of organizations and invitations, the columns of profiles that hold membership, and the policies for reading.

create table public.organizations (
  id uuid primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organizations_name_check check (char_length(name) between 1 and 200)
);

create table public.organization_invitations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null,
  email text not null,
  role text not null,
  token_hash bytea not null,
  invited_by uuid,
  expires_at timestamptz not null default now() + interval '7 days',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint organization_invitations_organization_id_email_key unique (organization_id, email),
  constraint organization_invitations_token_hash_key unique (token_hash),
  constraint organization_invitations_organization_id_fkey foreign key (organization_id)
    references public.organizations (id) on delete cascade,
  constraint organization_invitations_invited_by_fkey foreign key (invited_by)
    references public.profiles (id) on delete set null,
  constraint organization_invitations_email_check
    check (email = lower(email) and email ~ '^[^@\s]+@[^@\s]+$' and char_length(email) <= 254),
  constraint organization_invitations_role_check check (role in ('admin', 'member'))
);

alter table public.profiles
  add column organization_joined_at timestamptz,
  add constraint profiles_organization_id_fkey foreign key (organization_id)
    references public.organizations (id) on delete set null,
  add constraint profiles_membership_check
    check (num_nonnulls(organization_id, organization_role, organization_joined_at) in (0, 3));

comment on table public.organizations is
  'A team. Its members are the profiles that name it; exactly one of them is the owner.';
comment on table public.organization_invitations is
  'Open invitations to join an organization. Accepting, revoking or retention deletes the row. Clients cannot read '
  'the table; they call list_invitations.';
comment on column public.organization_invitations.email is
  'In lower case. Only a login with this confirmed address can accept the invitation.';
comment on column public.organization_invitations.token_hash is 'SHA-256 of the token that invite_member returns once.';
comment on column public.profiles.organization_joined_at is
  'When the profile joined. The longest-standing admin or member inherits the ownership.';

create function private.my_organization_ids()
returns setof uuid
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  return query
  select p.organization_id
  from public.profiles p
  where p.auth_id = auth.uid()
    and not p.is_deleted
    and p.organization_id is not null;
end
$$;
comment on function private.my_organization_ids() is
  'The organizations of the caller, as a set. Policies call it once a statement. Definer: the result must not depend '
  'on the policies of profiles.';
grant execute on function private.my_organization_ids() to authenticated;

create trigger organizations_touch
  before update on public.organizations
  for each row execute function private.touch_updated_at();
create trigger organization_invitations_touch
  before update on public.organization_invitations
  for each row execute function private.touch_updated_at();

alter table public.organizations enable row level security;
alter table public.organization_invitations enable row level security;

grant select on public.organizations to authenticated;
grant select, insert, update, delete on public.organizations, public.organization_invitations to service_role;

create policy organizations_select_member on public.organizations
  for select to authenticated
  -- An array lets the planner find the rows by primary key; a bare subquery does not.
  using (id = any (array(select private.my_organization_ids())));

-- Serves the list of members and the foreign key.
create index profiles_organization_id_idx on public.profiles (organization_id) where organization_id is not null;

-- Allows an organization one owner at most.
create unique index profiles_owner_organization_id_key on public.profiles (organization_id)
  where organization_role = 'owner';

-- Serves the foreign key: the invitations that a profile sent.
create index organization_invitations_invited_by_idx on public.organization_invitations (invited_by);

-- From sql/11_organizations/20_organizations.sql

-- Creates, renames and deletes organizations, and makes sure that each has exactly one owner.

create function private.keep_membership_whole()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if new.is_deleted then
    new.organization_id := null;
  end if;
  if new.organization_id is null then
    new.organization_role := null;
  end if;
  if new.organization_id is distinct from old.organization_id then
    new.organization_joined_at := case when new.organization_id is not null then now() end;
  end if;
  return new;
end
$$;
comment on function private.keep_membership_whole() is
  'Trigger: keeps the membership columns consistent. Leaving, deletion of the account or loss of the organization '
  'clears role and date. Joining sets the date.';

create function private.pass_ownership()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  successor uuid;
begin
  perform from public.organizations o where o.id = old.organization_id for no key update;
  -- Repeats if the chosen successor left while this statement waited for the row.
  while exists (select from public.profiles p where p.organization_id = old.organization_id) loop
    select p.id into successor
    from public.profiles p
    where p.organization_id = old.organization_id
    order by private.can_act(p.id) desc, p.organization_role = 'admin' desc, p.organization_joined_at, p.id
    limit 1
    for no key update;

    if found then
      update public.profiles p set organization_role = 'owner' where p.id = successor;
      return null;
    end if;
  end loop;
  delete from public.organizations o where o.id = old.organization_id;
  return null;
end
$$;
comment on function private.pass_ownership() is
  'Trigger: passes the ownership on when the owner''s account is deleted. Members who may act come first, then '
  'admins, then the longest-standing. An organization without members is deleted. Definer: the role that deletes the '
  'account has no rights on other profiles.';

create function private.require_owner()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- The row is an organization, or a profile that owned one.
  wanted uuid := (to_jsonb(coalesce(old, new)) ->> tg_argv[0])::uuid;
begin
  if exists (select from public.organizations o where o.id = wanted)
    and not exists (select from public.profiles p where p.organization_id = wanted and p.organization_role = 'owner')
  then
    perform private.refuse(
      409, 'organization_without_owner',
      'An organization needs an owner. Transfer the ownership or delete the organization.'
    );
  end if;
  return null;
end
$$;
comment on function private.require_owner() is
  'Trigger at commit: refuses an organization without an owner. The index profiles_owner_organization_id_key prevents '
  'a second owner. Definer: the check must see profiles that the caller cannot read.';

create function private.require_membership(me public.profiles, variadic roles text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if me.organization_id is null then
    perform private.refuse(
      404, 'organization_not_found',
      'You are not a member of an organization. Create an organization or accept an invitation first.'
    );
  end if;
  if me.organization_role <> all (roles) then
    perform private.refuse(
      403, 'not_allowed',
      'Your role in the organization does not allow this. Ask its owner or an admin to do it.',
      jsonb_build_object('role', me.organization_role)
    );
  end if;
end
$$;
comment on function private.require_membership(public.profiles, text[]) is
  'Refuses with 404 a profile without an organization, and with 403 a profile that has none of these roles.';

create function private.my_membership(variadic roles text[])
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  me public.profiles;
begin
  select * into me from public.profiles p where p.id = private.current_profile_id();
  perform private.require_membership(me, variadic roles);
  return me;
end
$$;
comment on function private.my_membership(text[]) is
  'Returns the caller''s profile. Refuses with 404 a caller without an organization, and with 403 a caller who has '
  'none of these roles.';

create function private.act_in_organization(variadic roles text[])
returns public.profiles
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_can_act();
  perform from public.organizations o where o.id in (select private.my_organization_ids()) for no key update;
  return private.my_membership(variadic roles);
end
$$;
comment on function private.act_in_organization(text[]) is
  'As my_membership, for callers who may act. Locks the organization, so that changes of its members run one after '
  'the other. A function that changes members calls act_on_members instead.';

create function private.act_on_members(member_ids uuid[], variadic roles text[])
returns public.profiles
language plpgsql
set search_path = ''
as $$
begin
  -- Profiles come before the organization, in the order of their ids. The deletion of an account does the same, and one
  -- lock order prevents deadlocks.
  perform from public.profiles p
  where p.organization_id in (select private.my_organization_ids())
    and (member_ids is null or p.id = any (member_ids))
  order by p.id
  for no key update;
  return private.act_in_organization(variadic roles);
end
$$;
comment on function private.act_on_members(uuid[], text[]) is
  'As act_in_organization, for a function that changes these members. Null means all members. Locks their profiles.';

create function private.lock_with_members(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.profiles p
  where p.id = lock_with_members.profile_id
     or p.organization_id = (
       select o.organization_id from public.profiles o
       where o.id = lock_with_members.profile_id and o.organization_role = 'owner'
     )
  order by p.id
  for no key update;
end
$$;
comment on function private.lock_with_members(uuid) is
  'Locks a profile and, if it owns an organization, the profiles of all members: one of them may become the owner. One '
  'lock order, that of the ids, prevents deadlocks.';

create function private.refuse_other_membership()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.refuse(
    409, 'already_member',
    'You are already a member of an organization. Leave that organization first.'
  );
end
$$;
comment on function private.refuse_other_membership() is
  'Refuses with 409 a caller who is already a member of an organization.';

create function private.join_organization(organization_id uuid, role text)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.profiles p
  set organization_id = join_organization.organization_id, organization_role = join_organization.role
  where p.id = private.current_profile_id()
    and p.organization_id is null;
  if not found then
    perform private.refuse_other_membership();
  end if;
end
$$;
comment on function private.join_organization(uuid, text) is
  'Makes the caller a member of an organization. Refuses with 409 a caller who is already a member of one.';

create function private.create_organization(name text)
returns public.organizations
language plpgsql
security definer
set search_path = ''
as $$
declare
  organization public.organizations;
begin
  perform private.require_can_act();
  perform private.require_daily_rate(
    'create_organization', private.current_profile_id(), (private.limits()).organizations_per_day
  );
  insert into public.organizations (name) values (private.organization_name(create_organization.name))
  returning * into organization;
  perform private.join_organization(organization.id, 'owner');
  return organization;
end
$$;
comment on function private.create_organization(text) is
  'Creates an organization that the caller owns. Definer: clients cannot write membership; the function changes only '
  'the caller''s own.';
grant execute on function private.create_organization(text) to authenticated;

create function private.organization_name(name text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if coalesce(char_length(btrim(name)), 0) not between 1 and 200 then
    perform private.refuse(400, 'invalid_name', 'The name must have between 1 and 200 characters. Enter another name.');
  end if;
  return btrim(name);
end
$$;
comment on function private.organization_name(text) is 'Returns the name as it is stored, or refuses with 400.';

create function private.rename_organization(name text)
returns public.organizations
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  organization public.organizations;
begin
  update public.organizations o
  set name = private.organization_name(rename_organization.name)
  where o.id = me.organization_id
  returning * into organization;
  return organization;
end
$$;
comment on function private.rename_organization(text) is
  'Renames the caller''s organization. Definer: clients cannot write organizations; the function checks the caller''s '
  'role.';
grant execute on function private.rename_organization(text) to authenticated;

create function private.delete_organization()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_on_members(null, 'owner');
begin
  delete from public.organizations o where o.id = me.organization_id;
end
$$;
comment on function private.delete_organization() is
  'Deletes the caller''s organization; its members stay as users. Definer: clients cannot write organizations; the '
  'function checks the caller''s role.';
grant execute on function private.delete_organization() to authenticated;

create function public.create_organization(name text)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.create_organization(name)
$$;
comment on function public.create_organization(text) is
  'Client RPC: creates an organization with the caller as owner. 409 already_member.';
grant execute on function public.create_organization(text) to authenticated;

create function public.rename_organization(name text)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.rename_organization(name)
$$;
comment on function public.rename_organization(text) is
  'Client RPC for the owner and admins: renames the organization.';
grant execute on function public.rename_organization(text) to authenticated;

create function public.delete_organization()
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.delete_organization()
$$;
comment on function public.delete_organization() is
  'Client RPC for the owner: deletes the organization. Its members stay as users.';
grant execute on function public.delete_organization() to authenticated;

create trigger profiles_keep_membership_whole
  before update of organization_id, is_deleted on public.profiles
  for each row execute function private.keep_membership_whole();
create trigger profiles_pass_ownership
  after update of is_deleted on public.profiles
  for each row when (old.organization_role = 'owner' and new.is_deleted and not old.is_deleted)
  execute function private.pass_ownership();

create constraint trigger organizations_require_owner
  after insert on public.organizations
  deferrable initially deferred
  for each row execute function private.require_owner('id');
create constraint trigger profiles_require_owner
  after update of organization_id, organization_role, is_deleted or delete on public.profiles
  deferrable initially deferred
  for each row when (old.organization_role = 'owner')
  execute function private.require_owner('organization_id');

-- From sql/11_organizations/30_members.sql

-- Members of an organization: the list, roles, removal, leaving, and the transfer of ownership.

create function private.list_members()
returns table (
  profile_id uuid, user_name text, email text, avatar_url text, role text, joined_at timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.my_membership('owner', 'admin', 'member');
  sees_addresses boolean := me.organization_role <> 'member' and private.can_act(me.id);
begin
  return query
  select p.id, p.user_name, case when sees_addresses then p.email end, p.avatar_url, p.organization_role,
    p.organization_joined_at
  from public.profiles p
  where p.organization_id = me.organization_id
  order by array_position(array['owner', 'admin', 'member'], p.organization_role), p.organization_joined_at, p.id;
end
$$;
comment on function private.list_members() is
  'The members of the caller''s organization. Only the owner and admins who may act see email addresses. Definer: '
  'users can read only their own profile.';
grant execute on function private.list_members() to authenticated;

create function private.require_member(me public.profiles, member_id uuid)
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  member public.profiles;
begin
  select * into member
  from public.profiles p
  where p.id = member_id
    and p.organization_id = me.organization_id;

  if member.id is null then
    perform private.refuse(
      404, 'member_not_found',
      'This user is not a member of your organization. Reload the list of members.'
    );
  end if;
  return member;
end
$$;
comment on function private.require_member(public.profiles, uuid) is
  'Returns a member of the caller''s organization, whom act_on_members has locked, or refuses with 404.';

create function private.require_member_role(role text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if role is null or role not in ('admin', 'member') then
    perform private.refuse(400, 'invalid_role', 'An organization has no such role. Choose admin or member.');
  end if;
end
$$;
comment on function private.require_member_role(text) is
  'Refuses with 400 a role that members cannot be given. Only a transfer makes an owner.';

create function private.set_member_role(member_id uuid, role text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_on_members(array[member_id], 'owner');
  member public.profiles := private.require_member(me, member_id);
begin
  perform private.require_member_role(role);
  if member.organization_role = 'owner' then
    perform private.refuse(
      409, 'owner_must_transfer',
      'The owner cannot take another role. Transfer the ownership instead.'
    );
  end if;
  update public.profiles p set organization_role = set_member_role.role where p.id = member.id;
end
$$;
comment on function private.set_member_role(uuid, text) is
  'Makes a member an admin, or an admin a member, for the owner. Definer: clients cannot write membership; the '
  'function checks the caller''s role.';
grant execute on function private.set_member_role(uuid, text) to authenticated;

create function private.remove_member(member_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_on_members(array[member_id], 'owner', 'admin');
  member public.profiles := private.require_member(me, member_id);
begin
  if member.organization_role = 'owner' or member.organization_role = 'admin' and me.organization_role <> 'owner' then
    perform private.refuse(
      403, 'not_allowed',
      'You may not remove this member. Admins remove members, the owner removes admins.'
    );
  end if;
  update public.profiles p set organization_id = null where p.id = member.id;
end
$$;
comment on function private.remove_member(uuid) is
  'Removes a member from the caller''s organization. Definer: clients cannot write membership; the function checks '
  'the caller''s role.';
grant execute on function private.remove_member(uuid) to authenticated;

create function private.leave_organization()
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_signed_in();
  -- A single statement locks the caller's row, so a caller who becomes the owner at the same moment stays.
  update public.profiles p
  set organization_id = null
  where p.id = private.current_profile_id()
    and p.organization_role <> 'owner';
  if not found then
    perform private.my_membership('owner');
    perform private.refuse(
      409, 'owner_must_transfer',
      'The owner cannot leave the organization. Transfer the ownership or delete the organization first.'
    );
  end if;
end
$$;
comment on function private.leave_organization() is
  'Ends the caller''s membership; the owner cannot leave. Suspended callers can leave too. Definer: clients cannot '
  'write membership; the function changes only the caller''s own.';
grant execute on function private.leave_organization() to authenticated;

create function private.transfer_ownership(member_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_on_members(array[private.current_profile_id(), member_id], 'owner');
  member public.profiles := private.require_member(me, member_id);
begin
  if member.id = me.id then
    perform private.refuse(409, 'already_owner', 'This member already owns the organization. Choose another member.');
  end if;
  if not private.can_act(member.id) then
    perform private.refuse(
      409, 'member_blocked',
      'A suspended member cannot own an organization. Choose another member.'
    );
  end if;
  update public.profiles p set organization_role = 'admin' where p.id = me.id;
  update public.profiles p set organization_role = 'owner' where p.id = member.id;
end
$$;
comment on function private.transfer_ownership(uuid) is
  'Makes a member the owner and the owner an admin. Definer: clients cannot write membership; the function checks the '
  'caller''s role.';
grant execute on function private.transfer_ownership(uuid) to authenticated;

create function public.list_members()
returns table (
  profile_id uuid, user_name text, email text, avatar_url text, role text, joined_at timestamptz
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.list_members()
$$;
comment on function public.list_members() is
  'Client RPC for every member: the owner first, then admins, then members. A plain member and a suspended '
  'caller get null for email.';
grant execute on function public.list_members() to authenticated;

create function public.set_member_role(member_id uuid, role text)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.set_member_role(member_id, role)
$$;
comment on function public.set_member_role(uuid, text) is
  'Client RPC for the owner: makes a member an admin, or an admin a member.';
grant execute on function public.set_member_role(uuid, text) to authenticated;

create function public.remove_member(member_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.remove_member(member_id)
$$;
comment on function public.remove_member(uuid) is
  'Client RPC: removes a member. The owner can remove everybody else; admins can remove plain members.';
grant execute on function public.remove_member(uuid) to authenticated;

create function public.leave_organization()
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.leave_organization()
$$;
comment on function public.leave_organization() is
  'Client RPC for admins and members: leaves the organization. 409 owner_must_transfer.';
grant execute on function public.leave_organization() to authenticated;

create function public.transfer_ownership(member_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.transfer_ownership(member_id)
$$;
comment on function public.transfer_ownership(uuid) is
  'Client RPC for the owner: makes a member the owner. The caller becomes an admin.';
grant execute on function public.transfer_ownership(uuid) to authenticated;

-- From sql/11_organizations/40_invitations.sql

-- Invitations: send, resend, revoke, accept and list.

create function private.hash_token(token text)
returns bytea
language sql
immutable
set search_path = ''
as $$
  select sha256(convert_to(token, 'UTF8'))
$$;
comment on function private.hash_token(text) is
  'The hash that is stored in place of a token. A reader of the table cannot use it.';

create function private.require_may_invite(me public.profiles, role text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  perform private.require_member_role(role);
  if role = 'admin' and me.organization_role <> 'owner' then
    perform private.refuse(403, 'not_allowed', 'Only the owner can invite admins. Invite a member, or ask the owner.');
  end if;
end
$$;
comment on function private.require_may_invite(public.profiles, text) is
  'Refuses with 400 a role that an invitation cannot have, and with 403 an admin who invites another admin.';

create function private.is_void(invitation public.organization_invitations)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not exists (
    select from public.profiles p
    where p.id = invitation.invited_by
      and p.organization_id = invitation.organization_id
      and (p.organization_role = 'owner' or p.organization_role = 'admin' and invitation.role = 'member')
      and private.can_act(p.id)
  );
end
$$;
comment on function private.is_void(public.organization_invitations) is
  'True if the inviter may no longer send this invitation: removed, demoted, suspended, banned or deleted.';

create function private.invite_member(email text, role text)
returns table (invitation_id uuid, token text, expires_at timestamptz)
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  address text := lower(btrim(email));
  max_invitations integer := (private.limits()).max_invitations;
  clear_token text := private.random_token();
begin
  perform private.require_may_invite(me, role);
  if address is null or address !~ '^[^@\s]+@[^@\s]+$' or char_length(address) > 254 then
    perform private.refuse(400, 'invalid_email', 'This is not a valid email address. Correct the address.');
  end if;
  if exists (
    select from public.profiles p where lower(p.email) = address and p.organization_id = me.organization_id
  ) then
    perform private.refuse(
      409, 'already_member',
      'This user is already a member of your organization. Invite another address.'
    );
  end if;
  perform private.require_seat(me.organization_id);
  if max_invitations <= (
    select count(*) from public.organization_invitations i
    where i.organization_id = me.organization_id and i.expires_at > now()
  ) then
    perform private.refuse(
      409, 'too_many_invitations',
      'The organization has as many open invitations as it may. Revoke some, or wait until some are accepted.',
      jsonb_build_object('limit', max_invitations)
    );
  end if;

  return query
  insert into public.organization_invitations as i (organization_id, email, role, token_hash, invited_by)
  values (me.organization_id, address, invite_member.role, private.hash_token(clear_token), me.id)
  on conflict on constraint organization_invitations_organization_id_email_key do update
  set role = excluded.role, token_hash = excluded.token_hash, invited_by = excluded.invited_by,
      expires_at = excluded.expires_at
  where i.expires_at <= now() or private.is_void(i)
  returning i.id, clear_token, i.expires_at;
  if not found then
    perform private.refuse(
      409, 'already_invited',
      'This address already has an open invitation. Resend that invitation or revoke it.'
    );
  end if;
end
$$;
comment on function private.invite_member(text, text) is
  'Invites an address to the caller''s organization. Definer: clients cannot write invitations; the function checks '
  'the caller''s role.';
grant execute on function private.invite_member(text, text) to authenticated;

create function private.require_known(invitation public.organization_invitations)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if invitation.id is null then
    perform private.refuse(
      404, 'invitation_not_found',
      'This invitation does not exist, or it was revoked or used. Ask for a new invitation.'
    );
  end if;
end
$$;
comment on function private.require_known(public.organization_invitations) is
  'Refuses with 404 when no invitation was found.';

create function private.require_invitation(me public.profiles, invitation_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  invitation public.organization_invitations;
begin
  select * into invitation
  from public.organization_invitations i
  where i.id = invitation_id
    and i.organization_id = me.organization_id;

  perform private.require_known(invitation);
  perform private.require_may_invite(me, invitation.role);
end
$$;
comment on function private.require_invitation(public.profiles, uuid) is
  'Refuses with 404 an invitation of another organization, and with 403 an invitation that the caller may not send.';

create function private.resend_invitation(invitation_id uuid)
returns table (token text, expires_at timestamptz)
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  clear_token text := private.random_token();
begin
  perform private.require_invitation(me, invitation_id);
  return query
  update public.organization_invitations i
  set token_hash = private.hash_token(clear_token), expires_at = default, invited_by = me.id
  where i.id = invitation_id
  returning clear_token, i.expires_at;
end
$$;
comment on function private.resend_invitation(uuid) is
  'Gives an invitation a new token and another week, in the name of the caller. The old token stops working. Definer: '
  'clients cannot write invitations; the function checks the caller''s role.';
grant execute on function private.resend_invitation(uuid) to authenticated;

create function private.revoke_invitation(invitation_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
begin
  perform private.require_invitation(me, invitation_id);
  delete from public.organization_invitations i where i.id = invitation_id;
end
$$;
comment on function private.revoke_invitation(uuid) is
  'Deletes an invitation. Definer: clients cannot write invitations; the function checks the caller''s role.';
grant execute on function private.revoke_invitation(uuid) to authenticated;

create function private.take_invitation(me public.profiles, token text)
returns public.organization_invitations
language plpgsql
set search_path = ''
as $$
declare
  wanted bytea := private.hash_token(token);
  invitation public.organization_invitations;
begin
  -- Locks the organization, so that accepting, resending and revoking an invitation, and deleting the owner, wait for
  -- each other.
  perform from public.organizations o
  where o.id = (select i.organization_id from public.organization_invitations i where i.token_hash = wanted)
  for no key update;
  select * into invitation from public.organization_invitations i where i.token_hash = wanted;

  perform private.require_known(invitation);
  if lower(me.email) is distinct from invitation.email then
    perform private.refuse(
      403, 'invitation_for_other_email',
      'This invitation is for another email address. Sign in with the address that was invited.'
    );
  end if;
  if not me.email_confirmed then
    perform private.refuse(
      403, 'email_not_confirmed',
      'Your email address is not confirmed. Confirm the address, then accept the invitation.'
    );
  end if;
  if private.is_void(invitation) then
    perform private.refuse(
      410, 'invitation_void',
      'The member who sent this invitation may no longer invite. Ask for a new invitation.'
    );
  end if;
  if invitation.expires_at <= now() then
    perform private.refuse(410, 'invitation_expired', 'This invitation has expired. Ask for a new invitation.');
  end if;
  delete from public.organization_invitations i where i.id = invitation.id;
  return invitation;
end
$$;
comment on function private.take_invitation(public.profiles, text) is
  'Uses an invitation up; of several concurrent calls, one succeeds. Refuses with 404 an unknown or used token, with '
  '403 another address, and with 410 an expired invitation or one whose inviter may no longer invite.';

create function private.accept_invitation(token text)
returns public.organizations
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles;
  invitation public.organization_invitations;
  organization public.organizations;
begin
  perform private.require_can_act();
  -- The profile is locked before the organization.
  select * into me from public.profiles p where p.id = private.current_profile_id() for no key update;
  if me.organization_id is not null then
    perform private.refuse_other_membership();
  end if;

  invitation := private.take_invitation(me, token);
  perform private.require_seat(invitation.organization_id);
  perform private.join_organization(invitation.organization_id, invitation.role);
  select * into organization from public.organizations o where o.id = invitation.organization_id;
  return organization;
end
$$;
comment on function private.accept_invitation(text) is
  'Makes the caller a member of the organization that invited the caller''s address. Definer: clients cannot write '
  'membership; the token proves the right.';
grant execute on function private.accept_invitation(text) to authenticated;

create function private.list_invitations()
returns table (
  invitation_id uuid, email text, role text, invited_by uuid, is_void boolean, expires_at timestamptz,
  created_at timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.my_membership('owner', 'admin');
begin
  perform private.require_active(me.id);
  return query
  select i.id, i.email, i.role, i.invited_by, private.is_void(i), i.expires_at, i.created_at
  from public.organization_invitations i
  where i.organization_id = me.organization_id
  order by i.created_at, i.id;
end
$$;
comment on function private.list_invitations() is
  'The invitations of the caller''s organization, for callers who may act. Definer: the table holds hashes of tokens, '
  'so clients cannot read it.';
grant execute on function private.list_invitations() to authenticated;

create function public.invite_member(email text, role text default 'member')
returns table (invitation_id uuid, token text, expires_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select * from private.invite_member(email, role)
$$;
comment on function public.invite_member(text, text) is
  'Client RPC for the owner and admins: invites an address. The token is returned only here; the app sends it to the '
  'address.';
grant execute on function public.invite_member(text, text) to authenticated;

create function public.resend_invitation(invitation_id uuid)
returns table (token text, expires_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select * from private.resend_invitation(invitation_id)
$$;
comment on function public.resend_invitation(uuid) is
  'Client RPC for the owner and admins: gives an invitation a new token and another week.';
grant execute on function public.resend_invitation(uuid) to authenticated;

create function public.revoke_invitation(invitation_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.revoke_invitation(invitation_id)
$$;
comment on function public.revoke_invitation(uuid) is 'Client RPC for the owner and admins: deletes an invitation.';
grant execute on function public.revoke_invitation(uuid) to authenticated;

create function public.accept_invitation(token text)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.accept_invitation(token)
$$;
comment on function public.accept_invitation(text) is
  'Client RPC for users without an organization: joins the organization that invited the caller''s confirmed address.';
grant execute on function public.accept_invitation(text) to authenticated;

create function public.list_invitations()
returns table (
  invitation_id uuid, email text, role text, invited_by uuid, is_void boolean, expires_at timestamptz,
  created_at timestamptz
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.list_invitations()
$$;
comment on function public.list_invitations() is
  'Client RPC for the owner and admins: open and expired invitations. is_void is true if the inviter may no longer '
  'invite; resend such an invitation.';
grant execute on function public.list_invitations() to authenticated;

-- From sql/11_organizations/50_seats.sql

-- Organizations that pay: their customer at Stripe, their seats, and what a member gets.

alter table public.stripe_customers
  add column organization_id uuid,
  add constraint stripe_customers_organization_id_fkey foreign key (organization_id)
    references public.organizations (id) on delete set null,
  -- A customer that Parley neither created nor imported has no owner.
  add constraint stripe_customers_owner_check check (num_nonnulls(user_id, organization_id) <= 1);

comment on column public.stripe_customers.organization_id is
  'The organization that pays as this customer. A customer belongs to a profile or to an organization. Only Parley''s '
  'own records set it.';

create function private.organization_seats(organization_id uuid)
returns table (plan text, rank integer, seats numeric, ends_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  return query
  select l.slug, l.rank, sum(coalesce(i.quantity, 1)), min(private.entitled_until(s))
  from public.stripe_customers c
  join public.subscriptions s on s.stripe_customer_id = c.id
  join public.subscription_items i on i.subscription_id = s.id
  join public.stripe_products d on d.id = i.stripe_product_id
  join public.plans l on l.slug = d.plan
  where c.organization_id = organization_seats.organization_id
    and not c.is_deleted
    and i.quantity is distinct from 0
    and private.is_entitling(s)
  group by l.slug, l.rank;
end
$$;
comment on function private.organization_seats(uuid) is
  'Returns the seats that an organization has bought, by plan. No rows if the organization does not pay.';

create function private.seat_count(organization_id uuid)
returns numeric
language sql
stable
set search_path = ''
as $$
  select sum(s.seats) from private.organization_seats(seat_count.organization_id) s
$$;
comment on function private.seat_count(uuid) is
  'Returns the number of seats of an organization. Null if it does not pay: then nothing limits its members.';

create function private.seat_of(profile public.profiles)
returns table (plan text, ends_at timestamptz)
language plpgsql
stable
set search_path = ''
as $$
begin
  if profile.organization_id is null then
    return;
  end if;
  return query
  with bought as (
    select o.plan, o.rank, sum(o.seats) over (order by o.rank desc) as last_seat, min(o.ends_at) over () as ends_at
    from private.organization_seats(profile.organization_id) o
  )
  select b.plan, nullif(b.ends_at, 'infinity')
  from bought b
  where b.last_seat > (
    select count(*)
    from public.profiles p
    where p.organization_id = profile.organization_id
      and p.id <> profile.id
      and (p.organization_joined_at, p.id) < (profile.organization_joined_at, profile.id)
  )
  order by b.rank desc
  limit 1;
end
$$;
comment on function private.seat_of(public.profiles) is
  'Returns the plan of a member''s seat, and when the first of the organization''s subscriptions ends. The members who '
  'joined first have the best seats. No row for a member without a seat.';

create function private.require_seat(organization_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  seats numeric := private.seat_count(organization_id);
begin
  if seats <= (select count(*) from public.profiles p where p.organization_id = require_seat.organization_id) then
    perform private.refuse(
      402, 'seats_exhausted',
      'All seats of the organization are taken. The owner or an admin can buy more seats or remove a member.',
      jsonb_build_object('seats', seats)
    );
  end if;
end
$$;
comment on function private.require_seat(uuid) is
  'Refuses with 402 when an organization that pays has no free seat. The caller holds the lock of the organization, so '
  'concurrent calls cannot exceed the seats.';

create function private.enqueue_member_change()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_entitlement_change('organization', changed::text)
  from unnest(array[old.organization_id, new.organization_id]) as changed
  where changed is not null
    and exists (select from public.stripe_customers c where c.organization_id = changed and not c.is_deleted);
  return null;
end
$$;
comment on function private.enqueue_member_change() is
  'Trigger: a member who joins or leaves changes whose seat each other member has. The schedule recomputes them. '
  'Definer: the list of changes is private.';

create trigger profiles_enqueue_member_change
  after update of organization_id, is_deleted on public.profiles
  for each row when (old.organization_id is distinct from new.organization_id)
  execute function private.enqueue_member_change();

create function private.apply_organization(organization_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_rows constant integer := 50;
  change private.entitlement_changes;
  reached text;
begin
  change.kind := 'organization';
  change.subject := organization_id::text;
  change.after := '';
  reached := private.settle_entitlement_change(change, max_rows);
  if reached is not null then
    perform private.enqueue_entitlement_change('organization', change.subject, reached);
  end if;
end
$$;
comment on function private.apply_organization(uuid) is
  'Computes the plans of the first members of an organization at once. The schedule follows with the other members.';

create function private.apply_organizations_concerned(objects jsonb)
returns void
language sql
set search_path = ''
as $$
  select private.apply_organization(d.organization_id)
  from (
    select distinct c.organization_id
    from jsonb_array_elements(objects) as o
    join public.stripe_customers c
      on c.id = case o ->> 'kind' when 'customer' then o #>> '{fields,id}' else o #>> '{fields,stripe_customer_id}' end
    where o ->> 'kind' in ('customer', 'subscription')
      and c.organization_id is not null
    order by c.organization_id
  ) d
$$;
comment on function private.apply_organizations_concerned(jsonb) is
  'Computes the plans of the members of each organization whose customer or subscription is among these objects.';

create function private.release_organization_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_customer(c.id)
  from public.stripe_customers c
  where c.organization_id = old.id and not c.is_deleted;
  update public.stripe_customers c
  set organization_id = null, email = null, name = null, metadata = '{}'
  where c.organization_id = old.id;
  return old;
end
$$;
comment on function private.release_organization_customer() is
  'Trigger: lets the outbox delete the customer of a deleted organization at Stripe, which ends its subscriptions. The '
  'rows stay as books, without name and address. Definer: the outbox is closed to all roles.';

create trigger organizations_release_customer
  before delete on public.organizations
  for each row execute function private.release_organization_customer();

create function private.forget_organization_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if not exists (select from public.organizations o where o.id::text = new.metadata ->> 'organization_id') then
    new.email := null;
    new.name := null;
  end if;
  return new;
end
$$;
comment on function private.forget_organization_customer() is
  'Trigger: removes personal data that Stripe still sends about the customer of a deleted organization. The metadata, '
  'which Parley''s server writes, gives nobody a right. Definer: it must see all organizations.';

create trigger stripe_customers_forget_organization
  before insert or update on public.stripe_customers
  for each row when (new.user_id is null and new.organization_id is null and new.metadata ? 'organization_id')
  execute function private.forget_organization_customer();

create index stripe_customers_organization_id_idx on public.stripe_customers (organization_id)
  where organization_id is not null;
create unique index stripe_customers_organization_id_key on public.stripe_customers (organization_id)
  where not is_deleted;

-- From sql/11_organizations/60_payer.sql

-- The billing account of an organization, and what its owner and admins see of it.

create function private.my_administrated_organization_ids()
returns setof uuid
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  return query
  select p.organization_id
  from public.profiles p
  where p.auth_id = auth.uid()
    and private.can_act(p.id)
    and p.organization_role in ('owner', 'admin');
end
$$;
comment on function private.my_administrated_organization_ids() is
  'The organization that the caller owns or administrates, as a set; empty for a suspended caller. Policies call it '
  'once a statement. Definer: the result must not depend on the policies of profiles.';
grant execute on function private.my_administrated_organization_ids() to authenticated;

create function private.my_paying_customer_ids()
returns setof text
language plpgsql
stable
security definer
rows 1
set search_path = ''
as $$
begin
  return query
  select c.id
  from public.stripe_customers c
  where c.organization_id in (select private.my_administrated_organization_ids());
end
$$;
comment on function private.my_paying_customer_ids() is
  'The customers of the organization that the caller owns or administrates. Policies call it once a statement. '
  'Definer: the result must not depend on the policies of these tables.';
grant execute on function private.my_paying_customer_ids() to authenticated;

-- One policy a verb, because each further policy would be evaluated for every row.
alter policy stripe_customers_select_own on public.stripe_customers
  using (
    user_id = (select private.current_profile_id())
    or id = any (array(select private.my_paying_customer_ids()))
  );

alter policy subscriptions_select_own on public.subscriptions
  using (
    user_id = (select private.current_profile_id())
    or stripe_customer_id = any (array(select private.my_paying_customer_ids()))
  );

alter policy payments_select_own on public.payments
  using (
    user_id = (select private.current_profile_id())
    or stripe_customer_id = any (array(select private.my_paying_customer_ids()))
  );

create function private.customer_of_organization(organization_id uuid)
returns public.stripe_customers
language sql
stable
set search_path = ''
as $$
  select c from public.stripe_customers c
  where c.organization_id = customer_of_organization.organization_id and not c.is_deleted
$$;
comment on function private.customer_of_organization(uuid) is
  'Returns the customer of an organization that is not deleted, or null.';

create function private.get_organization_billing(auth_user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.ensure_profile(auth_user_id);
  customer public.stripe_customers;
begin
  perform private.require_buyer(me);
  perform private.require_membership(me, 'owner', 'admin');
  customer := private.customer_of_organization(me.organization_id);
  return jsonb_build_object(
    'profile_id', me.id,
    'organization_id', me.organization_id,
    'name', (select o.name from public.organizations o where o.id = me.organization_id),
    'email', me.email,
    'customer_id', customer.id,
    'former_customers', (
      select count(*) from public.stripe_customers c where c.organization_id = me.organization_id and c.is_deleted
    ),
    'policy', (select to_jsonb(b) from private.billing_policy b),
    'members', (select count(*) from public.profiles p where p.organization_id = me.organization_id),
    'has_plan', exists (
      select from public.subscriptions s where s.stripe_customer_id = customer.id and private.holds_plan(s)
    )
  );
end
$$;
comment on function private.get_organization_billing(uuid) is
  'Returns what billing needs to know about the organization of a login. Refuses with 404 a login without an '
  'organization, with 403 a plain member or an account that may not act, and with 409 an anonymous one. Definer: the '
  'function creates a missing profile.';
grant execute on function private.get_organization_billing(uuid) to service_role;

create function public.get_organization_billing(auth_user_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.get_organization_billing(auth_user_id)
$$;
comment on function public.get_organization_billing(uuid) is
  'Service RPC of billing: organization, customer and members of an owner or admin. has_plan is true if the '
  'organization pays for a plan, also while an unpaid invoice keeps it from giving seats.';
grant execute on function public.get_organization_billing(uuid) to service_role;

create function private.link_organization_customer(organization_id uuid, customer_id text)
returns text
language plpgsql
security definer
set search_path = ''
as $$
declare
  linked text;
begin
  perform from public.organizations o where o.id = link_organization_customer.organization_id for no key update;
  if not found then
    perform private.refuse(
      404, 'organization_not_found',
      'This organization was deleted. Create an organization or accept an invitation first.'
    );
  end if;
  linked := (private.customer_of_organization(organization_id)).id;
  if linked is not null then
    return linked;
  end if;

  insert into public.stripe_customers as c (id, organization_id)
  values (customer_id, link_organization_customer.organization_id)
  on conflict (id) do update set organization_id = excluded.organization_id
  where c.user_id is null and c.organization_id is null and not c.is_deleted
  returning c.id into linked;
  if linked is null then
    perform private.refuse(
      409, 'customer_taken',
      'This Stripe customer already belongs to another account. Try again.'
    );
  end if;
  perform private.apply_organization(organization_id);
  return linked;
end
$$;
comment on function private.link_organization_customer(uuid, text) is
  'Gives a customer to an organization, unless the organization has one. Returns the organization''s customer. '
  'Definer: profiles of members change.';
grant execute on function private.link_organization_customer(uuid, text) to service_role;

create function public.link_organization_customer(organization_id uuid, customer_id text)
returns text
language sql
security invoker
set search_path = ''
as $$
  select private.link_organization_customer(organization_id, customer_id)
$$;
comment on function public.link_organization_customer(uuid, text) is
  'Service RPC of billing, called after it has created a customer: links the customer to the organization. Concurrent '
  'calls all return the same customer.';
grant execute on function public.link_organization_customer(uuid, text) to service_role;

create function private.organization_usage(month date)
returns table (
  profile_id uuid, user_name text, role text, plan text, plan_source text, request_count bigint, input_tokens bigint,
  output_tokens bigint, total_cost numeric
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.my_membership('owner', 'admin');
  first_day date := date_trunc('month', coalesce(organization_usage.month, private.this_month())::timestamp)::date;
begin
  return query
  select p.id, p.user_name, p.organization_role, p.subscription_plan, p.plan_source,
    coalesce(sum(u.request_count), 0), coalesce(sum(u.input_tokens), 0)::bigint,
    coalesce(sum(u.output_tokens), 0)::bigint, coalesce(sum(u.total_cost), 0)
  from public.profiles p
  left join public.usage_metrics u
    on u.user_id = p.id
    and u.day >= first_day and u.day < first_day + interval '1 month'
    and u.day >= (p.organization_joined_at at time zone 'UTC')::date
  where p.organization_id = me.organization_id
  group by p.id
  order by 9 desc, p.id;
end
$$;
comment on function private.organization_usage(date) is
  'Usage of the members of the caller''s organization in a UTC month, from the day on which each joined. Definer: '
  'users can read only their own usage; the function returns sums and checks the caller''s role.';
grant execute on function private.organization_usage(date) to authenticated;

create function public.organization_usage(month date default null)
returns table (
  profile_id uuid, user_name text, role text, plan text, plan_source text, request_count bigint, input_tokens bigint,
  output_tokens bigint, total_cost numeric
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.organization_usage(month)
$$;
comment on function public.organization_usage(date) is
  'Client RPC for the owner and admins: what each member used in the UTC month of a date (by default the current one), '
  'as numbers. The cost is in US dollars. Nothing of what was written.';
grant execute on function public.organization_usage(date) to authenticated;

create function private.unowned_plans()
returns setof text
language sql
stable
set search_path = ''
as $$
  select s.stripe_subscription_id
  from public.subscriptions s
  join public.stripe_customers c on c.id = s.stripe_customer_id
  where c.user_id is null and c.organization_id is null and s.ended_at is null and private.holds_plan(s)
$$;
comment on function private.unowned_plans() is
  'Lists subscriptions to plans whose customer belongs to nobody. They charge and give nothing: Stripe had lost the '
  'customer, or somebody made it there.';

-- From sql/11_organizations/70_budget.sql

-- The budget of an organization: what the members whose plan comes from it may cost together in a UTC month.

alter table public.organizations
  add column monthly_budget numeric(12, 6),
  add constraint organizations_monthly_budget_check check (monthly_budget >= 0);

create table public.organization_costs (
  organization_id uuid not null,
  month date not null,
  spent numeric(14, 6) not null default 0,
  reserved numeric(14, 6) not null default 0,
  primary key (organization_id, month),
  constraint organization_costs_month_check check (extract(day from month) = 1),
  constraint organization_costs_amounts_check check (least(spent, reserved) >= 0)
);

comment on column public.organizations.monthly_budget is
  'US dollars that OpenAI may cost in a UTC month for all members whose plan comes from the organization. Null means '
  'unlimited; 0 stops their turns.';
comment on table public.organization_costs is
  'What OpenAI costs in a UTC month for the members whose plan comes from an organization, in US dollars.';
comment on column public.organization_costs.organization_id is
  'No foreign key: its lock on the organization would let a starting turn and the deletion of the organization '
  'deadlock.';
comment on column public.organization_costs.month is 'The first day of the month.';
comment on column public.organization_costs.spent is 'The cost of the turns that have ended.';
comment on column public.organization_costs.reserved is
  'Estimates of the turns that are running. A turn reserves only while the organization has a budget.';

create function private.budget_organization(profile_id uuid)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select o.id
    from public.profiles p
    join public.organizations o on o.id = p.organization_id
    where p.id = profile_id and p.plan_source = 'organization' and o.monthly_budget is not null
  );
end
$$;
comment on function private.budget_organization(uuid) is
  'Returns the organization whose budget the turns of a profile use, or null.';

create function private.reserve_organization_budget(profile_id uuid, amount numeric)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  payer uuid := private.budget_organization(profile_id);
  budget numeric := (select o.monthly_budget from public.organizations o where o.id = payer);
begin
  if payer is null then
    return '{}'::jsonb;
  end if;
  -- A single statement, so concurrent turns of all members cannot reserve more than the budget.
  insert into public.organization_costs as c (organization_id, month, reserved)
  select payer, private.this_month(), amount
  where budget > 0 and amount <= budget
  on conflict on constraint organization_costs_pkey do update
  set reserved = c.reserved + excluded.reserved
  where c.spent + c.reserved < budget and c.spent + c.reserved + excluded.reserved <= budget;
  if not found then
    perform private.refuse(
      402, 'budget_exceeded',
      'Your organization has used its budget of this month. Wait until the next month, or ask its owner for more.',
      private.limit_detail('month', null) - 'limit' || '{"scope": "organization"}'
    );
  end if;
  return jsonb_build_object('organization_id', payer);
end
$$;
comment on function private.reserve_organization_budget(uuid, numeric) is
  'Reserves an estimate of the cost of a turn in the budget of the organization that gives the plan. Returns what '
  'private.settle_organization_budget needs. Refuses with 402 if the estimate does not fit.';

create function private.settle_organization_budget(reservation jsonb)
returns void
language sql
set search_path = ''
as $$
  update public.organization_costs c
  set reserved = greatest(0, c.reserved - (reservation ->> 'amount')::numeric)
  where c.organization_id = (reservation ->> 'organization_id')::uuid
    and c.month = (reservation ->> 'month')::date
$$;
comment on function private.settle_organization_budget(jsonb) is
  'Takes a reservation of private.reserve_organization_budget back. Called once for each turn.';
grant execute on function private.settle_organization_budget(jsonb) to service_role;

create function private.book_organization_cost(profile_id uuid, cost numeric)
returns void
language sql
set search_path = ''
as $$
  insert into public.organization_costs as c (organization_id, month, spent)
  select p.organization_id, private.this_month(), cost
  from public.profiles p
  where p.id = profile_id and p.plan_source = 'organization' and p.organization_id is not null and cost > 0
  on conflict on constraint organization_costs_pkey do update
  set spent = c.spent + excluded.spent
$$;
comment on function private.book_organization_cost(uuid, numeric) is
  'Adds a cost to the month of the organization that gives the profile its plan, also without a budget: a budget that '
  'is set later counts from the start of the month.';
grant execute on function private.book_organization_cost(uuid, numeric) to service_role;

create function private.drop_organization_costs()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.organization_costs c where c.organization_id = old.id;
  return null;
end
$$;
comment on function private.drop_organization_costs() is
  'Trigger: deletes the costs of a deleted organization. The costs of its members stay. Definer: the role that deletes '
  'an organization may have no rights on them.';

create trigger organizations_drop_costs
  after delete on public.organizations
  for each row execute function private.drop_organization_costs();

create function private.set_organization_budget(monthly_budget numeric)
returns public.organizations
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  organization public.organizations;
begin
  if monthly_budget < 0 or monthly_budget >= 1000000 then
    perform private.refuse(
      400, 'invalid_budget',
      'The budget must be between 0 and 999,999 US dollars, or null for no limit. Enter another amount.'
    );
  end if;
  update public.organizations o
  set monthly_budget = set_organization_budget.monthly_budget
  where o.id = me.organization_id
  returning * into organization;
  return organization;
end
$$;
comment on function private.set_organization_budget(numeric) is
  'Sets the monthly budget of the caller''s organization. Definer: clients cannot write organizations; the function '
  'checks the caller''s role.';
grant execute on function private.set_organization_budget(numeric) to authenticated;

create function public.set_organization_budget(monthly_budget numeric)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.set_organization_budget(monthly_budget)
$$;
comment on function public.set_organization_budget(numeric) is
  'Client RPC for the owner and admins: what the members whose plan comes from the organization may cost together in a '
  'UTC month, in US dollars. Null removes the limit.';
grant execute on function public.set_organization_budget(numeric) to authenticated;

alter table public.organization_costs enable row level security;

grant select on public.organization_costs to authenticated;
grant select, insert, update, delete on public.organization_costs to service_role;

create policy organization_costs_select_admin on public.organization_costs
  for select to authenticated
  using (organization_id = any (array(select private.my_administrated_organization_ids())));

-- From sql/12_admin/10_tables.sql

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

-- From sql/12_admin/20_activity.sql

-- The log of what users did, and its rate limits.

create function private.within_rate(bucket text, subject text, max_count integer, unit text default 'minute')
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- A single statement, so concurrent calls cannot exceed the limit.
  insert into private.rate_counters as c (bucket, subject, minute, count)
  select within_rate.bucket, within_rate.subject, date_trunc(unit, now(), 'UTC'), 1
  where max_count > 0
  on conflict on constraint rate_counters_pkey do update
  set count = case when excluded.minute > c.minute then 1 else c.count + 1 end,
      minute = greatest(c.minute, excluded.minute)
  where excluded.minute > c.minute or c.count < max_count;
  return found;
end
$$;
comment on function private.within_rate(text, text, integer, text) is
  'Counts one call in the current minute, hour or day (UTC); false if the limit is reached.';

create function private.require_rate(bucket text, profile_id uuid, max_count integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not private.within_rate(bucket, profile_id::text, max_count) then
    perform private.refuse(
      429, 'rate_limited',
      'Too many requests were made in a short time. Wait a minute and try again.',
      private.limit_detail('minute', max_count)
    );
  end if;
end
$$;
comment on function private.require_rate(text, uuid, integer) is
  'Counts one call of a profile in the current minute. Refuses with 429 when the limit is reached.';

create function private.require_small_object(data jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if data is null or jsonb_typeof(data) <> 'object' then
    perform private.refuse(400, 'invalid_data', 'The data is not a JSON object. Send an object, such as {}.');
  end if;
  if octet_length(data::text) > 4096 then
    perform private.refuse(413, 'data_too_large', 'The data is larger than 4 KiB. Send less data.', '{"limit": 4096}');
  end if;
end
$$;
comment on function private.require_small_object(jsonb) is
  'Refuses with 400 a value that is not a JSON object, and with 413 an object of more than 4 KiB.';

create function private.parse_address(text)
returns inet
language plpgsql
immutable
set search_path = ''
as $$
begin
  return host(btrim($1)::inet)::inet;
exception when invalid_text_representation then
  return null;
end
$$;
comment on function private.parse_address(text) is
  'Reads an IP address without its network; null if the text is not an address.';
grant execute on function private.parse_address(text) to service_role;

create function private.request_address()
returns inet
language sql
stable
set search_path = ''
as $$
  select private.parse_address(split_part(
    nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-forwarded-for', ',', 1
  ))
$$;
comment on function private.request_address() is 'The client''s address of this REST request, from x-forwarded-for.';

create function private.log_activity(profile_id uuid, action text, data jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Skips an account that is being deleted. Its subscription may still end, and its login may sign in once more.
  insert into public.user_activity (user_id, action, data)
  select p.id, log_activity.action, log_activity.data
  from public.profiles p
  where p.id = profile_id
    and not p.is_deleted;
exception when others then
  raise warning 'activity % of % was not logged: %', action, profile_id, sqlerrm;
end
$$;
comment on function private.log_activity(uuid, text, jsonb) is
  'Logs an action of a user. A failure is only a warning, so that logging never makes the action fail. Called by the '
  'triggers that log activity.';

create function private.log_sign_in()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(p.id, 'signed_in') from public.profiles p where p.auth_id = new.id;
  return null;
exception when others then
  raise warning 'sign-in of % was not logged: %', new.id, sqlerrm;
  return null;
end
$$;
comment on function private.log_sign_in() is
  'Trigger on auth.users: logs a sign-in. Auth sets last_sign_in_at at every sign-in but not at a token refresh. '
  'Definer: the Auth service has no rights here.';

create function private.log_turn()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'turn_started', jsonb_build_object('session_id', new.session_id));
  return null;
end
$$;
comment on function private.log_turn() is
  'Trigger on chat_turns: logs that a turn began. Definer: the role that starts a turn cannot write the log.';

create function private.log_upload_activity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'file_uploaded',
    jsonb_build_object('file_id', new.id, 'session_id', new.session_id));
  return null;
end
$$;
comment on function private.log_upload_activity() is
  'Trigger: logs an upload as activity. Definer: private.log_activity is not granted.';

create function private.log_billing_activity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'subscription_changed',
    jsonb_build_object('subscription_id', new.id, 'status', new.status));
  return null;
end
$$;
comment on function private.log_billing_activity() is
  'Trigger: logs a new subscription or a change of its status as activity. Definer: private.log_activity is not '
  'granted.';

create function private.log_my_activity(action text, data jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me uuid := private.current_profile_id();
begin
  perform private.require_can_act();
  if action is null or action !~ '^[a-z][a-z0-9_.:-]{0,63}$' then
    perform private.refuse(
      400, 'invalid_action',
      'The name of an action has up to 64 characters: a-z, 0-9 and _.:-, a letter first. Use another name.'
    );
  end if;
  perform private.require_small_object(data);
  perform private.require_rate('log_activity', me, (private.limits()).activity_per_minute);
  perform private.require_daily_rate('log_activity_day', me, (private.limits()).activity_per_day);
  insert into public.user_activity (user_id, action, data) values (me, log_my_activity.action, log_my_activity.data);
end
$$;
comment on function private.log_my_activity(text, jsonb) is
  'Logs an action of the caller. Definer: clients cannot write the log; the caller is taken from the token.';
grant execute on function private.log_my_activity(text, jsonb) to authenticated;

create function public.log_activity(action text, data jsonb default '{}')
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.log_my_activity(action, data)
$$;
comment on function public.log_activity(text, jsonb) is
  'Client RPC: logs an action of the caller. data is an object of at most 4 KiB. 429 after 60 calls in a minute or '
  '1,000 in a day.';
grant execute on function public.log_activity(text, jsonb) to authenticated;

create trigger parley_auth_user_signed_in
  after update on auth.users
  for each row when (new.last_sign_in_at is distinct from old.last_sign_in_at and new.last_sign_in_at is not null)
  execute function private.log_sign_in();

create trigger chat_turns_log_turn
  after insert on public.chat_turns
  for each row execute function private.log_turn();

create trigger chat_files_log_upload
  after insert on public.chat_files
  for each row when (new.origin = 'user' and new.user_id is not null)
  execute function private.log_upload_activity();

create trigger subscriptions_log_start
  after insert on public.subscriptions
  for each row when (new.user_id is not null)
  execute function private.log_billing_activity();

create trigger subscriptions_log_change
  after update of status on public.subscriptions
  for each row when (old.status is distinct from new.status and new.user_id is not null)
  execute function private.log_billing_activity();

-- From sql/12_admin/30_audit.sql

-- The check that the caller is an admin, and the audit log of everything that admins do.

create function private.require_admin()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  caller public.profiles;
  calls text;
begin
  select * into caller from public.profiles p where p.id = private.current_profile_id();
  if caller.role is distinct from 'admin' or not private.may_act() then
    -- The refusal rolls back every row, also one of the audit log. Only the log of Postgres keeps it.
    get diagnostics calls = pg_context;
    raise log 'admin_call_refused %', jsonb_build_object(
      'profile_id', caller.id, 'action', substring(calls from 'function private\.(?!require_admin)(\w+)')
    );
  end if;
  if caller.role is distinct from 'admin' then
    perform private.refuse(403, 'not_allowed', 'Only admins of this service can do this. Ask an admin to do it.');
  end if;
  perform private.require_can_act();
  return caller.id;
end
$$;
comment on function private.require_admin() is
  'Returns the caller''s profile id. Refuses with 403 unless the profile is an admin''s now, whatever the token says, '
  'and with 401 a token whose sign-in has ended. Postgres logs admin_call_refused with the caller and the action.';

create function private.audit(
  action text, user_id uuid, before jsonb default null, after jsonb default null, details jsonb default '{}'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.audit_logs (admin_id, user_id, action, before, after, details, ip_address)
  values (private.current_profile_id(), $2, $1, $3, $4, jsonb_strip_nulls($5), private.request_address())
$$;
comment on function private.audit(text, uuid, jsonb, jsonb, jsonb) is
  'Writes an action of the calling admin into the audit log. Every admin function calls it in the transaction of its '
  'change.';

create function private.keep_audit_log()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'DELETE'
    and current_setting('parley.retention', true) = 'on'
    and current_user = (select pg_get_userbyid(c.relowner) from pg_catalog.pg_class c where c.oid = tg_relid)
  then
    return old;
  end if;
  perform private.refuse(
    403, 'audit_log_is_final',
    'Rows of the audit log cannot be changed or deleted. Leave them; the retention policy deletes old rows.'
  );
  return null;
end
$$;
comment on function private.keep_audit_log() is
  'Trigger: refuses update and truncate. It allows delete only for the owner of the table, in a transaction that has '
  'set parley.retention to on.';

create function private.page_size(asked integer, usual integer)
returns integer
language sql
immutable
set search_path = ''
as $$
  select least(greatest(coalesce(asked, usual), 1), 100)
$$;
comment on function private.page_size(integer, integer) is 'How many rows a page of an admin list has: 1 to 100.';

create function private.page_number(asked integer)
returns integer
language sql
immutable
set search_path = ''
as $$
  select greatest(coalesce(asked, 1), 1)
$$;
comment on function private.page_number(integer) is
  'The page of an admin list that the caller asks for; pages count from 1.';

create function private.describe_page(total bigint, number integer, size integer)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'total', total, 'total_pages', (total + size - 1) / size, 'current_page', number, 'page_size', size
  )
$$;
comment on function private.describe_page(bigint, integer, integer) is
  'The part of an admin list that describes the page: total, total_pages, current_page and page_size.';

create function private.admin_list_audit(page integer, page_size integer, user_id uuid, admin_id uuid, action text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  size integer := private.page_size(page_size, 50);
  number integer := private.page_number(page);
  entries jsonb;
  total bigint;
begin
  perform private.require_admin();
  -- Not materialized, so that an index can serve the page without a scan of every matching row.
  with wanted as not materialized (
    select *
    from public.audit_logs l
    where (admin_list_audit.user_id is null or l.user_id = admin_list_audit.user_id)
      and (admin_list_audit.admin_id is null or l.admin_id = admin_list_audit.admin_id)
      and (admin_list_audit.action is null or l.action = admin_list_audit.action)
  ),
  listed as (
    select * from wanted w order by w.created_at desc, w.id limit size offset (number - 1)::bigint * size
  )
  select
    (select count(*) from wanted),
    (select coalesce(jsonb_agg(to_jsonb(e) order by e.created_at desc, e.id), '[]') from listed e)
  into total, entries;

  -- Comes last, so that a page does not list its own request.
  perform private.audit('admin_list_audit', user_id, details => jsonb_build_object(
    'page', number, 'page_size', size, 'admin_id', admin_id, 'action', substring(action from '^[a-z_]{1,60}$')
  ));
  return jsonb_build_object('entries', entries) || private.describe_page(total, number, size);
end
$$;
comment on function private.admin_list_audit(integer, integer, uuid, uuid, text) is
  'One page of the audit log. Definer: clients cannot read the log; admins only, audited.';
grant execute on function private.admin_list_audit(integer, integer, uuid, uuid, text) to authenticated;

create function public.admin_list_audit(
  page integer default 1,
  page_size integer default 50,
  user_id uuid default null,
  admin_id uuid default null,
  action text default null
)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.admin_list_audit(page, page_size, user_id, admin_id, action)
$$;
comment on function public.admin_list_audit(integer, integer, uuid, uuid, text) is
  'Admin RPC: { entries, total, total_pages, current_page, page_size }, newest first. A page has at most 100 entries.';
grant execute on function public.admin_list_audit(integer, integer, uuid, uuid, text) to authenticated;

create trigger audit_logs_keep
  before update or delete on public.audit_logs
  for each row execute function private.keep_audit_log();
create trigger audit_logs_keep_all
  before truncate on public.audit_logs
  for each statement execute function private.keep_audit_log();

-- From sql/12_admin/40_users.sql

-- What admins can see about users: lists, one user, summaries and statistics.

create function private.require_user(user_id uuid)
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  select * into profile from public.profiles p where p.id = user_id and not p.is_deleted;
  if profile.id is null then
    perform private.refuse(404, 'user_not_found', 'This user does not exist. Check the id or the email address.');
  end if;
  return profile;
end
$$;
comment on function private.require_user(uuid) is 'Returns the profile that an admin asks for, or refuses with 404.';

create function private.lock_user(user_id uuid)
returns public.profiles
language plpgsql
set search_path = ''
as $$
begin
  perform from public.profiles p where p.id = user_id for no key update;
  return private.require_user(user_id);
end
$$;
comment on function private.lock_user(uuid) is
  'As require_user. Locks the profile until the transaction ends, so that the audit log''s before and after are '
  'correct.';

create function private.activity_summary(profile_id uuid)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(a.count), 0)::bigint, coalesce(sum(a.this_week), 0)::bigint, max(a.last_at),
    (array_agg(a.action order by a.count desc, a.action))[1]
  from (
    select u.action, count(*) as count, count(*) filter (where u.created_at > now() - interval '7 days') as this_week,
      max(u.created_at) as last_at
    from public.user_activity u
    where u.user_id = profile_id
    group by u.action
  ) a
$$;
comment on function private.activity_summary(uuid) is
  'Counts the activity of a profile. actions_this_week covers the last seven days.';

create function private.get_user_activity_summary(user_id uuid)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language plpgsql
security definer
set search_path = ''
as $$
begin
  if user_id is distinct from private.current_profile_id() then
    perform private.require_admin();
    perform private.require_user(user_id);
    perform private.audit('get_user_activity_summary', user_id);
  end if;
  return query select * from private.activity_summary(user_id);
end
$$;
comment on function private.get_user_activity_summary(uuid) is
  'As activity_summary: users for themselves, admins for anybody. Definer: users cannot read the activity of others; '
  'the function checks the caller.';
grant execute on function private.get_user_activity_summary(uuid) to authenticated;

create function private.get_user_stats()
returns table (total_users bigint, active_users_today bigint, new_users_this_week bigint, total_usage_metrics bigint)
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform private.audit('get_user_stats', null);
  return query
  select
    (select count(*) from public.profiles p where not p.is_deleted),
    (select count(distinct u.user_id)
      from public.user_activity u where u.created_at >= date_trunc('day', now(), 'UTC')),
    (select count(*) from public.profiles p where not p.is_deleted and p.created_at > now() - interval '7 days'),
    (select count(*) from public.usage_metrics);
end
$$;
comment on function private.get_user_stats() is
  'Four numbers about the service. A user is active today with activity since 00:00 UTC. Definer: they count rows of '
  'all users; admins only, audited.';
grant execute on function private.get_user_stats() to authenticated;

create function private.like_pattern(search text)
returns text
language sql
immutable
set search_path = ''
as $$
  select '%' || regexp_replace(lower(search), '([\\%_])', '\\\1', 'g') || '%'
$$;
comment on function private.like_pattern(text) is
  'A LIKE pattern that finds this text anywhere. Wildcards in the text are taken literally.';

create function private.user_order(sort text, direction text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  sort_key text := case sort
    when 'created_at' then 'p.created_at'
    when 'email' then 'lower(p.email)'
    when 'user_name' then 'lower(p.user_name)'
  end;
begin
  if sort_key is null or direction is null or direction not in ('asc', 'desc') then
    perform private.refuse(
      400, 'invalid_sort',
      'Users cannot be sorted in this way. Sort by created_at, email or user_name, asc or desc.'
    );
  end if;
  return format('%s %s, p.id %s', sort_key, direction, direction);
end
$$;
comment on function private.user_order(text, text) is
  'The ORDER BY clause of a list of users, from a fixed set of columns. Refuses anything else with 400.';

create function private.find_users(
  search text, plan text, role public.user_role, sort_order text, first bigint, page_size integer
)
returns table (ids uuid[], total bigint, is_estimate boolean)
language plpgsql
set search_path = ''
as $$
declare
  pattern text := private.like_pattern(search);
  condition text := concat_ws(' and ',
    'not p.is_deleted',
    case when search is not null then '(lower(p.email) like $1 or lower(p.user_name) like $1)' end,
    case when plan is not null then 'p.subscription_plan = $2' end,
    case when role is not null then 'p.role = $3' end
  );
  page text := format('order by %s limit $4 offset $5', sort_order);
  explained json;
begin
  -- No address and no name is this long.
  if char_length(search) > 500 then
    return query select '{}'::uuid[], 0::bigint, false;
    return;
  end if;

  execute 'explain (format json) select from public.profiles p where ' || condition
  into explained using pattern, plan, role;
  total := (explained -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
  is_estimate := total > 20000;
  if is_estimate then
    -- Many rows match, so the index of the sort order soon finds a page. Counting all matches would take longer.
    execute format('select array(select p.id from public.profiles p where %s %s)', condition, page)
    into ids using pattern, plan, role, page_size, first;
    total := case when ids = '{}' then least(total, first) else greatest(total, first + cardinality(ids)) end;
  else
    -- Few rows match. The planner misjudges text searches, so all matches are materialized by the text index and then
    -- counted and sorted. Without a search the planner chooses well and need not fetch every profile for one page.
    execute format(
      'with p as %s (select p.id, p.created_at, p.email, p.user_name from public.profiles p where %s)
       select array(select p.id from p %s), (select count(*) from p)',
      case when search is null then 'not materialized' else 'materialized' end, condition, page
    ) into ids, total using pattern, plan, role, page_size, first;
  end if;
  return next;
end
$$;
comment on function private.find_users(text, text, public.user_role, text, bigint, integer) is
  'Ids of one page of users and the number of matches: counted up to about 20,000, the planner''s estimate beyond.';

create function private.describe_users(ids uuid[])
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id, 'email', p.email, 'user_name', p.user_name, 'avatar_url', p.avatar_url, 'role', p.role,
    'is_active', p.is_active, 'email_confirmed', p.email_confirmed, 'auth_provider', p.auth_provider,
    'membership_status', p.membership_status, 'subscription_plan', p.subscription_plan,
    'subscription_quota', p.subscription_quota, 'subscription_usage', p.subscription_usage,
    'tokens', p.tokens, 'tokens_expires_at', p.tokens_expires_at,
    'organization_id', p.organization_id, 'organization_role', p.organization_role, 'created_at', p.created_at,
    'session_count', (select count(*) from public.chat_sessions s where s.user_id = p.id),
    'flagged_notes', (select count(*) from public.admin_notes n where n.user_id = p.id and n.is_flagged)
  ) || activity.counts || usage.counts order by wanted.position), '[]')
  from unnest(ids) with ordinality as wanted (id, position)
  join public.profiles p on p.id = wanted.id
  cross join lateral (
    select jsonb_build_object('activity_count', count(*), 'last_activity', max(a.created_at)) as counts
    from public.user_activity a
    where a.user_id = p.id
  ) activity
  cross join lateral (
    select jsonb_build_object(
      'request_count', coalesce(sum(m.request_count), 0),
      'total_tokens', coalesce(sum(m.total_tokens), 0),
      'web_searches', coalesce(sum(m.web_searches), 0),
      'file_searches', coalesce(sum(m.file_searches), 0),
      'code_runs', coalesce(sum(m.code_runs), 0),
      'images', coalesce(sum(m.images), 0),
      'total_cost', coalesce(sum(m.total_cost), 0)
    ) as counts
    from public.usage_metrics m
    where m.user_id = p.id
  ) usage
$$;
comment on function private.describe_users(uuid[]) is
  'The users with these ids, in this order, as admin lists show them, with counts of their activity and usage.';

create function private.hash_search(search text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return encode(
    extensions.hmac(convert_to(lower(btrim(search)), 'UTF8'), convert_to(private.identity_pepper(), 'UTF8'), 'sha256'),
    'hex'
  );
end
$$;
comment on function private.hash_search(text) is
  'Returns the keyed hash under which the audit log stores what an admin searched for, because the text may be the '
  'address of a user who is deleted later. Call it with an address to find out who searched for it.';

create function private.admin_list_users(
  page integer, page_size integer, search text, plan text, role public.user_role, sort text, direction text
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  sort_order text := private.user_order(sort, direction);
  size integer := private.page_size(page_size, 20);
  number integer := private.page_number(page);
  wanted text := nullif(btrim(search), '');
  found_users record;
begin
  perform private.require_admin();
  perform private.audit('admin_list_users', null, details => jsonb_build_object(
    'page', number, 'page_size', size, 'search_hash', private.hash_search(wanted),
    'plan', (select l.slug from public.plans l where l.slug = admin_list_users.plan), 'role', role, 'sort', sort,
    'direction', direction
  ));
  select * into found_users
  from private.find_users(wanted, plan, role, sort_order, (number - 1)::bigint * size, size);
  return jsonb_build_object(
    'users', private.describe_users(found_users.ids), 'total_is_estimate', found_users.is_estimate
  ) || private.describe_page(found_users.total, number, size);
end
$$;
comment on function private.admin_list_users(integer, integer, text, text, public.user_role, text, text) is
  'One page of users. Definer: users cannot read other profiles; admins only, audited.';
grant execute on function private.admin_list_users(integer, integer, text, text, public.user_role, text, text)
  to authenticated;

create function public.admin_list_users(
  page integer default 1,
  page_size integer default 20,
  search text default null,
  plan text default null,
  role public.user_role default null,
  sort text default 'created_at',
  direction text default 'desc'
)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.admin_list_users(page, page_size, search, plan, role, sort, direction)
$$;
comment on function public.admin_list_users(integer, integer, text, text, public.user_role, text, text) is
  'Admin RPC: { users, total, total_is_estimate, total_pages, current_page, page_size }, at most 100 users a page. '
  'search finds text in address or name. total is counted up to about 20,000 matches and estimated beyond.';
grant execute on function public.admin_list_users(integer, integer, text, text, public.user_role, text, text)
  to authenticated;

create function private.admin_get_user(user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  perform private.require_admin();
  profile := private.require_user(user_id);
  perform private.audit('admin_get_user', user_id);
  return private.describe_users(array[user_id]) -> 0 || jsonb_build_object(
    'profile', to_jsonb(profile),
    'organization', (select to_jsonb(o) from public.organizations o where o.id = profile.organization_id),
    'activity', (select to_jsonb(a) from private.activity_summary(user_id) a),
    'note_count', (select count(*) from public.admin_notes n where n.user_id = profile.id)
  );
end
$$;
comment on function private.admin_get_user(uuid) is
  'All data about a user except content. Definer: users cannot read other profiles; admins only, audited.';
grant execute on function private.admin_get_user(uuid) to authenticated;

create function public.admin_get_user(user_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.admin_get_user(user_id)
$$;
comment on function public.admin_get_user(uuid) is
  'Admin RPC: a user as in admin_list_users, with profile (the whole row), organization, activity and note_count. 404 '
  'user_not_found.';
grant execute on function public.admin_get_user(uuid) to authenticated;

create function public.get_user_activity_summary(user_id uuid default null)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language sql
security invoker
set search_path = ''
as $$
  select * from private.get_user_activity_summary(coalesce(user_id, private.current_profile_id()))
$$;
comment on function public.get_user_activity_summary(uuid) is
  'Client RPC: the caller''s own activity in numbers. Admins can ask for any user.';
grant execute on function public.get_user_activity_summary(uuid) to authenticated;

create function public.get_user_stats()
returns table (total_users bigint, active_users_today bigint, new_users_this_week bigint, total_usage_metrics bigint)
language sql
security invoker
set search_path = ''
as $$
  select * from private.get_user_stats()
$$;
comment on function public.get_user_stats() is
  'Admin RPC: the number of users, of users active today, of new users this week, and of usage metrics.';
grant execute on function public.get_user_stats() to authenticated;

-- From sql/12_admin/50_edit_users.sql

-- What admins can change about users: role, suspension and credits. Also the first admin.

create function private.queue_admin_change()
returns void
language sql
set search_path = ''
as $$
  select pg_advisory_xact_lock(hashtextextended('parley.admins', 0))
$$;
comment on function private.queue_admin_change() is
  'Lets one transaction at a time change who is an admin, so that two admins who leave at once cannot both go.';

create function private.lock_admins()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform private.queue_admin_change();
  -- The transaction that held the lock may have demoted the caller.
  perform private.require_admin();
end
$$;
comment on function private.lock_admins() is 'As require_admin. Changes of who is an admin run one after the other.';

create function private.require_admin_left(before public.profiles)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if before.role <> 'admin' or not before.is_active then
    return;
  end if;
  -- Locks the remaining admin's row, so that an account that is being deleted at the same moment does not count.
  perform from public.profiles p
  where p.role = 'admin' and p.is_active and not p.is_deleted
  order by p.id
  limit 1
  for no key update;
  if not found then
    perform private.refuse(409, 'last_admin', 'This user is the last admin. Make another user an admin first.');
  end if;
end
$$;
comment on function private.require_admin_left(public.profiles) is
  'Called after an admin was demoted, suspended or deleted. Refuses with 409 if no admin is left who can act.';

create function private.admin_set_role(user_id uuid, role public.user_role)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.lock_admins();
  if role is null then
    perform private.refuse(400, 'invalid_role', 'This role does not exist. Choose user, premium, admin or banned.');
  end if;
  before := private.lock_user(user_id);
  update public.profiles p set role = admin_set_role.role where p.id = user_id returning * into after;
  perform private.require_admin_left(before);
  perform private.audit(
    'admin_set_role', user_id, jsonb_build_object('role', before.role), jsonb_build_object('role', after.role)
  );
  return after;
end
$$;
comment on function private.admin_set_role(uuid, public.user_role) is
  'Gives a user a role, but never demotes the last admin. Definer: clients cannot write roles; admins only, audited.';
grant execute on function private.admin_set_role(uuid, public.user_role) to authenticated;

create function public.admin_set_role(user_id uuid, role public.user_role)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_set_role(user_id, role)
$$;
comment on function public.admin_set_role(uuid, public.user_role) is
  'Admin RPC: sets a user''s role and returns the changed profile. A banned user can start nothing from the next '
  'request on. 409 last_admin.';
grant execute on function public.admin_set_role(uuid, public.user_role) to authenticated;

create function private.admin_set_active(user_id uuid, is_active boolean)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.lock_admins();
  if is_active is null then
    perform private.refuse(
      400, 'invalid_is_active',
      'The value must be true or false. Send true to lift a suspension, false to suspend the user.'
    );
  end if;
  before := private.lock_user(user_id);
  update public.profiles p set is_active = admin_set_active.is_active where p.id = user_id returning * into after;
  perform private.require_admin_left(before);
  perform private.audit(
    'admin_set_active', user_id,
    jsonb_build_object('is_active', before.is_active), jsonb_build_object('is_active', after.is_active)
  );
  return after;
end
$$;
comment on function private.admin_set_active(uuid, boolean) is
  'Suspends a user or lifts the suspension. Definer: clients cannot write is_active; admins only, audited.';
grant execute on function private.admin_set_active(uuid, boolean) to authenticated;

create function public.admin_set_active(user_id uuid, is_active boolean)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_set_active(user_id, is_active)
$$;
comment on function public.admin_set_active(uuid, boolean) is
  'Admin RPC: false suspends a user, true lifts the suspension. Returns the changed profile. 409 last_admin.';
grant execute on function public.admin_set_active(uuid, boolean) to authenticated;

create function private.grant_credits(profile_id uuid, amount integer, expires_at timestamptz)
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  update public.profiles p
  set tokens = case when p.tokens_expires_at <= now() then 0 else p.tokens end + amount,
      tokens_expires_at = case
        -- Credits that never expire keep no expiry. A grant without expiry removes the expiry of the whole balance.
        when grant_credits.expires_at is not null and not (p.tokens > 0 and p.tokens_expires_at is null)
          then greatest(p.tokens_expires_at, grant_credits.expires_at)
      end
  where p.id = profile_id
  returning * into profile;
  return profile;
end
$$;
comment on function private.grant_credits(uuid, integer, timestamptz) is
  'Adds credits in one statement. An expired balance counts as zero. The later of both expiries holds; null means '
  'never.';

create function private.admin_grant_credits(user_id uuid, amount integer, expires_at timestamptz)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.require_admin();
  if amount is null or amount not between 1 and 1000000 then
    perform private.refuse(400, 'invalid_amount', 'The amount must be between 1 and 1,000,000. Enter another amount.');
  end if;
  if expires_at <= now() then
    perform private.refuse(
      400, 'invalid_expiry',
      'The expiry must be in the future, or null for never. Choose another date.'
    );
  end if;
  before := private.lock_user(user_id);
  after := private.grant_credits(user_id, amount, expires_at);
  perform private.audit(
    'admin_grant_credits', user_id,
    jsonb_build_object('tokens', before.tokens, 'tokens_expires_at', before.tokens_expires_at),
    jsonb_build_object('tokens', after.tokens, 'tokens_expires_at', after.tokens_expires_at)
  );
  return after;
end
$$;
comment on function private.admin_grant_credits(uuid, integer, timestamptz) is
  'Gives a user credits. Definer: clients cannot write credits; admins only, audited.';
grant execute on function private.admin_grant_credits(uuid, integer, timestamptz) to authenticated;

create function public.admin_grant_credits(user_id uuid, amount integer, expires_at timestamptz default null)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_grant_credits(user_id, amount, expires_at)
$$;
comment on function public.admin_grant_credits(uuid, integer, timestamptz) is
  'Admin RPC: gives credits, one message each, until expires_at or for ever. Returns the changed profile.';
grant execute on function public.admin_grant_credits(uuid, integer, timestamptz) to authenticated;

create function private.setup_admin(email text, allow_unconfirmed boolean default false)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  before public.profiles;
begin
  select * into before
  from public.profiles p
  where lower(p.email) = lower(btrim(setup_admin.email)) and not p.is_deleted
  for no key update;
  if before.id is null then
    perform private.refuse(
      404, 'user_not_found',
      'Nobody has signed up with this address. Check the address, or sign up with it first.'
    );
  end if;
  if not (before.email_confirmed or allow_unconfirmed) then
    perform private.refuse(
      403, 'email_not_confirmed',
      'This address is not confirmed, so anybody may have signed up with it. Confirm the address first.'
    );
  end if;
  update public.profiles p set role = 'admin', is_active = true where p.id = before.id;
  perform private.audit(
    'setup_admin', before.id, jsonb_build_object('role', before.role, 'is_active', before.is_active),
    '{"role": "admin", "is_active": true}'
  );
  return before.id;
end
$$;
comment on function private.setup_admin(text, boolean) is
  'Makes the user with this address an admin. Refuses with 403 an unconfirmed address unless allow_unconfirmed is '
  'true. npm run db:setup-admin calls it as postgres, because no admin exists yet who could.';

-- From sql/12_admin/55_grant_plan.sql

-- Plans that admins give to users.

create function private.admin_grant_plan(user_id uuid, plan text, ends_at timestamptz)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.require_admin();
  if plan is not null and not exists (select from public.plans l where l.slug = plan) then
    perform private.refuse(
      400, 'invalid_plan', 'This plan does not exist. Choose a plan of the table plans, or null to end the grant.'
    );
  end if;
  if ends_at <= now() then
    perform private.refuse(
      400, 'invalid_expiry',
      'The expiry must be in the future, or null for never. Choose another date.'
    );
  end if;
  before := private.lock_user(user_id);
  update public.profiles p
  set granted_plan = admin_grant_plan.plan,
      granted_plan_ends_at = case when admin_grant_plan.plan is not null then admin_grant_plan.ends_at end
  where p.id = user_id
  returning * into after;
  perform private.audit(
    'admin_grant_plan', user_id,
    jsonb_build_object('granted_plan', before.granted_plan, 'granted_plan_ends_at', before.granted_plan_ends_at),
    jsonb_build_object('granted_plan', after.granted_plan, 'granted_plan_ends_at', after.granted_plan_ends_at)
  );
  return after;
end
$$;
comment on function private.admin_grant_plan(uuid, text, timestamptz) is
  'Gives a user a plan, or ends the grant. Definer: clients cannot write plans; admins only, audited.';
grant execute on function private.admin_grant_plan(uuid, text, timestamptz) to authenticated;

create function public.admin_grant_plan(user_id uuid, plan text, ends_at timestamptz default null)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_grant_plan(user_id, plan, ends_at)
$$;
comment on function public.admin_grant_plan(uuid, text, timestamptz) is
  'Admin RPC: gives a plan until ends_at or for ever, whatever the user buys. The better of both plans counts. Null '
  'ends the grant. Returns the changed profile.';
grant execute on function public.admin_grant_plan(uuid, text, timestamptz) to authenticated;

-- From sql/12_admin/60_notes.sql

-- Notes that admins write about users.

create function private.admin_add_note(user_id uuid, note text, is_flagged boolean)
returns public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
declare
  admin uuid := private.require_admin();
  added public.admin_notes;
begin
  perform private.require_user(user_id);
  if coalesce(char_length(btrim(note)), 0) not between 1 and 5000 then
    perform private.refuse(400, 'invalid_note', 'A note must have between 1 and 5000 characters. Change the text.');
  end if;
  insert into public.admin_notes (user_id, admin_id, note, is_flagged)
  values (admin_add_note.user_id, admin, btrim(admin_add_note.note), coalesce(admin_add_note.is_flagged, false))
  returning * into added;
  perform private.audit(
    'admin_add_note', user_id, null, jsonb_build_object('note_id', added.id, 'is_flagged', added.is_flagged)
  );
  return added;
end
$$;
comment on function private.admin_add_note(uuid, text, boolean) is
  'Adds a note about a user. Definer: clients cannot write notes; admins only, audited.';
grant execute on function private.admin_add_note(uuid, text, boolean) to authenticated;

create function public.admin_add_note(user_id uuid, note text, is_flagged boolean default false)
returns public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select private.admin_add_note(user_id, note, is_flagged)
$$;
comment on function public.admin_add_note(uuid, text, boolean) is
  'Admin RPC: adds a note about a user and returns it. The user cannot see it.';
grant execute on function public.admin_add_note(uuid, text, boolean) to authenticated;

create function private.admin_flag_note(note_id uuid, is_flagged boolean)
returns public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.admin_notes;
  after public.admin_notes;
begin
  perform private.require_admin();
  select * into before from public.admin_notes n where n.id = note_id for update;
  if before.id is null then
    perform private.refuse(404, 'note_not_found', 'This note does not exist. Reload the notes of the user.');
  end if;
  update public.admin_notes n set is_flagged = coalesce(admin_flag_note.is_flagged, true)
  where n.id = note_id
  returning * into after;
  perform private.audit(
    'admin_flag_note', after.user_id, jsonb_build_object('is_flagged', before.is_flagged),
    jsonb_build_object('is_flagged', after.is_flagged), jsonb_build_object('note_id', note_id)
  );
  return after;
end
$$;
comment on function private.admin_flag_note(uuid, boolean) is
  'Flags a note or removes the flag. Definer: clients cannot write notes; admins only, audited.';
grant execute on function private.admin_flag_note(uuid, boolean) to authenticated;

create function public.admin_flag_note(note_id uuid, is_flagged boolean default true)
returns public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select private.admin_flag_note(note_id, is_flagged)
$$;
comment on function public.admin_flag_note(uuid, boolean) is
  'Admin RPC: flags a note or removes the flag, and returns the changed note. 404 note_not_found.';
grant execute on function public.admin_flag_note(uuid, boolean) to authenticated;

create function private.admin_list_notes(user_id uuid, only_flagged boolean)
returns setof public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform private.audit(
    'admin_list_notes', user_id, details => jsonb_build_object('only_flagged', coalesce(only_flagged, false))
  );
  return query
  select n.*
  from public.admin_notes n
  where (admin_list_notes.user_id is null or n.user_id = admin_list_notes.user_id)
    and (n.is_flagged or not coalesce(only_flagged, false))
  order by n.created_at desc, n.id
  limit 1000;
end
$$;
comment on function private.admin_list_notes(uuid, boolean) is
  'Notes about one user, or about all users. Definer: clients cannot read notes; admins only, audited.';
grant execute on function private.admin_list_notes(uuid, boolean) to authenticated;

create function public.admin_list_notes(user_id uuid default null, only_flagged boolean default false)
returns setof public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select * from private.admin_list_notes(user_id, only_flagged)
$$;
comment on function public.admin_list_notes(uuid, boolean) is
  'Admin RPC: notes about one user, or about all users, newest first, at most 1000.';
grant execute on function public.admin_list_notes(uuid, boolean) to authenticated;

-- From sql/12_admin/70_assistant_files.sql

-- What admins read of the files of assistants. The files function adds, retries and deletes them.

create function private.admin_list_assistant_files(assistant_slug text)
returns setof public.chat_files
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  return query
    select * from public.chat_files f
    where f.assistant_slug = admin_list_assistant_files.assistant_slug
    order by f.created_at, f.id;
end
$$;
comment on function private.admin_list_assistant_files(text) is
  'The files of an assistant. Definer: no policy lets clients read these rows; admins only.';
grant execute on function private.admin_list_assistant_files(text) to authenticated;

create function public.admin_list_assistant_files(assistant_slug text)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select * from private.admin_list_assistant_files(assistant_slug)
$$;
comment on function public.admin_list_assistant_files(text) is
  'Admin RPC: lists the files of an assistant, oldest first, with their status and error. An unknown assistant has '
  'none.';
grant execute on function public.admin_list_assistant_files(text) to authenticated;

-- From sql/13_custom_instructions.sql

-- Custom instructions: what a user wants every assistant to know. They are part of every turn.

create table public.custom_instructions (
  user_id uuid primary key default private.current_profile_id(),
  content text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint custom_instructions_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint custom_instructions_content_check check (char_length(content) between 1 and 4000)
);

comment on table public.custom_instructions is
  'One text for each profile, added to the instructions of every assistant.';

create trigger custom_instructions_touch
  before update on public.custom_instructions
  for each row execute function private.touch_updated_at();
create trigger custom_instructions_short_texts
  before insert or update of content on public.custom_instructions
  for each row execute function private.require_short_texts('content', '4000');

alter table public.custom_instructions enable row level security;

grant select, delete on public.custom_instructions to authenticated;
-- Upserts need the grant on user_id. The policies limit its value to the caller's own id.
grant insert (user_id, content), update (user_id, content) on public.custom_instructions to authenticated;
grant select, insert, update, delete on public.custom_instructions to service_role;

create policy custom_instructions_select_own on public.custom_instructions
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

create policy custom_instructions_insert_own on public.custom_instructions
  for insert to authenticated
  with check ((select private.require_signed_in()) and user_id = (select private.current_profile_id()));

create policy custom_instructions_update_own on public.custom_instructions
  for update to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()))
  with check (user_id = (select private.current_profile_id()));

create policy custom_instructions_delete_own on public.custom_instructions
  for delete to authenticated
  using ((select private.require_signed_in()) and user_id = (select private.current_profile_id()));

-- From sql/14_lookouts/10_tables.sql

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

-- From sql/14_lookouts/20_edit.sql

-- Creates and edits lookouts, logs new ones, and deletes them with their account.

create function private.lookout_lease()
returns interval
language sql
immutable
set search_path = ''
as $$
  -- Supabase ends a hosted function after 150 seconds.
  select interval '3 minutes'
$$;
comment on function private.lookout_lease() is 'How long a caller holds the lease of a claimed run.';
grant execute on function private.lookout_lease() to service_role;

create function private.lookout_limit(profile_id uuid)
returns integer
language sql
stable
set search_path = ''
as $$
  select (private.plan_of(profile_id)).max_lookouts
$$;
comment on function private.lookout_limit(uuid) is 'How many lookouts the plan of a profile allows; null is unlimited.';

create function private.lock_lookout(lookout_id uuid, profile_id uuid)
returns public.lookouts
language plpgsql
set search_path = ''
as $$
declare
  lookout public.lookouts;
begin
  select * into lookout
  from public.lookouts l
  where l.id = lookout_id and l.user_id = profile_id
  for no key update;
  if lookout.id is null then
    perform private.refuse(
      404, 'lookout_not_found',
      'This lookout does not exist or belongs to another user. Reload the list of lookouts.'
    );
  end if;
  return lookout;
end
$$;
comment on function private.lock_lookout(uuid, uuid) is 'Locks a lookout of a user, or refuses with 404.';

create function private.require_lookout_limit(profile_id uuid, newer public.lookouts default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_lookouts integer := private.lookout_limit(profile_id);
begin
  if max_lookouts <= (
    select count(*)
    from public.lookouts l
    where l.user_id = profile_id
      and l.status <> 'archived'
      and (newer.id is null or (l.created_at, l.id) < (newer.created_at, newer.id))
  ) then
    perform private.refuse(
      402, 'lookout_limit_reached',
      'You have as many active lookouts as your plan allows. Archive a lookout or upgrade the plan.',
      jsonb_build_object('limit', max_lookouts)
    );
  end if;
end
$$;
comment on function private.require_lookout_limit(uuid, public.lookouts) is
  'Refuses with 402 if the plan has no room for one more lookout. With newer, only lookouts that are older than it '
  'count.';

create function private.require_lookout_room(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  max_lookouts integer := (private.limits()).max_lookouts;
begin
  if max_lookouts <= (select count(*) from public.lookouts l where l.user_id = profile_id) then
    perform private.refuse(
      409, 'too_many_lookouts',
      'You have as many lookouts as this service keeps, archived ones included. Delete archived lookouts.',
      jsonb_build_object('limit', max_lookouts)
    );
  end if;
  perform private.require_daily_rate('create_lookout', profile_id, (private.limits()).lookouts_per_day);
end
$$;
comment on function private.require_lookout_room(uuid) is
  'Refuses one more lookout: with 409 if the user has too many in all, with 429 if the user created too many today. '
  'Called under the profile''s lock.';

create function private.create_lookout(auth_user_id uuid, title text, prompt text, assistant_slug text, frequency text,
  cron_schedule text, timezone text, next_run_at timestamptz)
returns public.lookouts
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id);
  lookout public.lookouts;
begin
  perform private.assistant_for_turn(assistant_slug, profile_id);
  perform private.require_lookout_limit(profile_id);
  perform private.require_lookout_room(profile_id);
  insert into public.lookouts
    (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
  values (profile_id, create_lookout.title, create_lookout.prompt, create_lookout.assistant_slug,
    create_lookout.frequency, create_lookout.cron_schedule, create_lookout.timezone, create_lookout.next_run_at)
  returning * into lookout;
  return lookout;
end
$$;
comment on function private.create_lookout(uuid, text, text, text, text, text, text, timestamptz) is
  'Creates a lookout if the user may act, the plan includes the assistant, and the plan has room. Definer: the '
  'functions of turns are not granted.';
grant execute on function private.create_lookout(uuid, text, text, text, text, text, text, timestamptz) to service_role;

create function public.create_lookout(auth_user_id uuid, title text, prompt text, assistant_slug text, frequency text,
  cron_schedule text, timezone text, next_run_at timestamptz)
returns public.lookouts
language sql
security invoker
set search_path = ''
as $$
  select private.create_lookout(
    auth_user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at
  )
$$;
comment on function public.create_lookout(uuid, text, text, text, text, text, text, timestamptz) is
  'Service RPC of the lookouts function, which computes next_run_at. 402 lookout_limit_reached or plan_required, 403 '
  'account_blocked.';
grant execute on function public.create_lookout(uuid, text, text, text, text, text, text, timestamptz) to service_role;

create function private.lookout_schedule(lookout public.lookouts)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('frequency', lookout.frequency, 'cron_schedule', lookout.cron_schedule,
    'timezone', lookout.timezone, 'is_off', lookout.next_run_at is null)
$$;
comment on function private.lookout_schedule(public.lookouts) is
  'The values of a lookout that its next run is computed from.';

create function private.store_lookout(lookout public.lookouts, changes jsonb, new_status text)
returns public.lookouts
language sql
set search_path = ''
as $$
  update public.lookouts l
  set title = coalesce(changes ->> 'title', l.title),
      prompt = coalesce(changes ->> 'prompt', l.prompt),
      assistant_slug = coalesce(changes ->> 'assistant_slug', l.assistant_slug),
      frequency = coalesce(changes ->> 'frequency', l.frequency),
      cron_schedule = coalesce(changes ->> 'cron_schedule', l.cron_schedule),
      timezone = coalesce(changes ->> 'timezone', l.timezone),
      status = new_status,
      next_run_at = case
        when new_status in ('active', 'running') then coalesce((changes ->> 'next_run_at')::timestamptz, l.next_run_at)
      end
  where l.id = lookout.id
  returning l
$$;
comment on function private.store_lookout(public.lookouts, jsonb, text) is
  'Stores changes of a lookout. A lookout that is paused or archived has no next run.';

create function private.update_lookout(auth_user_id uuid, lookout_id uuid, seen jsonb, changes jsonb)
returns public.lookouts
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- A suspended user may still pause or archive a lookout.
  profile_id uuid := private.lock_profile(auth_user_id,
    must_act => changes not in ('{"status": "paused"}', '{"status": "archived"}'));
  lookout public.lookouts := private.lock_lookout(lookout_id, profile_id);
  new_status text;
begin
  if private.lookout_schedule(lookout) <> seen then
    return null;
  end if;

  new_status := case when changes ->> 'status' = 'active' and lookout.status = 'running' then 'running'
    else coalesce(changes ->> 'status', lookout.status) end;
  if lookout.status = 'archived' and new_status <> 'archived' then
    perform private.require_lookout_limit(profile_id);
  end if;
  if changes ? 'assistant_slug' then
    perform private.assistant_for_turn(changes ->> 'assistant_slug', profile_id);
  end if;
  return private.store_lookout(lookout, changes, new_status);
end
$$;
comment on function private.update_lookout(uuid, uuid, jsonb, jsonb) is
  'Changes a lookout of a user. Returns null if its schedule has changed since the caller read it. Definer: the '
  'functions of turns are not granted.';
grant execute on function private.update_lookout(uuid, uuid, jsonb, jsonb) to service_role;

create function public.update_lookout(auth_user_id uuid, lookout_id uuid, seen jsonb, changes jsonb)
returns public.lookouts
language sql
security invoker
set search_path = ''
as $$
  select private.update_lookout(auth_user_id, lookout_id, seen, changes)
$$;
comment on function public.update_lookout(uuid, uuid, jsonb, jsonb) is
  'Service RPC of the lookouts function. seen holds the frequency, cron_schedule, timezone and is_off from which the '
  'caller computed next_run_at in changes. Returns a row of nulls if they have changed since; the caller then reads '
  'the lookout again.';
grant execute on function public.update_lookout(uuid, uuid, jsonb, jsonb) to service_role;

create function private.delete_lookout(auth_user_id uuid, lookout_id uuid)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id, must_act => false);
  lookout public.lookouts := private.lock_lookout(lookout_id, profile_id);
begin
  delete from public.lookouts l where l.id = lookout.id;
  return profile_id;
end
$$;
comment on function private.delete_lookout(uuid, uuid) is
  'Deletes a lookout of a user and returns the profile, or refuses with 404. Definer: private.lock_profile is not '
  'granted.';
grant execute on function private.delete_lookout(uuid, uuid) to service_role;

create function public.delete_lookout(auth_user_id uuid, lookout_id uuid)
returns uuid
language sql
security invoker
set search_path = ''
as $$
  select private.delete_lookout(auth_user_id, lookout_id)
$$;
comment on function public.delete_lookout(uuid, uuid) is
  'Service RPC of the lookouts function: deletes a lookout and returns the profile. 404 lookout_not_found.';
grant execute on function public.delete_lookout(uuid, uuid) to service_role;

create function private.log_lookout()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'lookout_created', jsonb_build_object('lookout_id', new.id));
  return null;
end
$$;
comment on function private.log_lookout() is
  'Trigger: logs a new lookout as activity. Definer: private.log_activity is not granted.';

create function private.drop_lookouts()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Takes the locks in the order of private.lock_run. No run can start meanwhile, because that waits for the profile.
  perform from public.chat_sessions s
  where s.id = any (array(
    select r.session_id
    from public.lookouts l
    join public.lookout_runs r on r.lookout_id = l.id
    where l.user_id = new.id and r.status = 'running'
  ))
  for update;
  delete from public.lookouts l where l.user_id = new.id;
  return null;
end
$$;
comment on function private.drop_lookouts() is
  'Trigger: deletes the lookouts of an account that is being deleted, however the deletion began. Definer: the role '
  'that deletes an account cannot write lookouts.';

create trigger lookouts_log_creation
  after insert on public.lookouts
  for each row execute function private.log_lookout();

create trigger profiles_drop_lookouts
  after update of is_deleted on public.profiles
  for each row when (new.is_deleted and not old.is_deleted)
  execute function private.drop_lookouts();

-- From sql/14_lookouts/30_claims.sql

-- Chooses the runs to start: asked for by the user, due by schedule, or interrupted.

create function private.run_lookout_now(auth_user_id uuid, lookout_id uuid)
returns public.lookout_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id);
  lookout public.lookouts := private.lock_lookout(lookout_id, profile_id);
  run public.lookout_runs;
begin
  if lookout.next_run_at is null then
    perform private.refuse(
      409, 'lookout_not_active',
      'A paused or archived lookout does not run. Resume the lookout first.'
    );
  end if;
  if lookout.lease_until is not null then
    perform private.refuse(409, 'lookout_running', 'This lookout is already running. Wait until the run is complete.');
  end if;

  update public.lookouts l
  set status = 'running', lease_until = now() + private.lookout_lease()
  where l.id = lookout.id;
  insert into public.lookout_runs (lookout_id, user_id, scheduled_at)
  values (lookout.id, lookout.user_id, clock_timestamp())
  returning * into run;
  return run;
end
$$;
comment on function private.run_lookout_now(uuid, uuid) is
  'Claims a run that the user asks for, outside the schedule. Definer: the functions of profiles are not granted.';
grant execute on function private.run_lookout_now(uuid, uuid) to service_role;

create function public.run_lookout_now(auth_user_id uuid, lookout_id uuid)
returns public.lookout_runs
language sql
security invoker
set search_path = ''
as $$
  select private.run_lookout_now(auth_user_id, lookout_id)
$$;
comment on function public.run_lookout_now(uuid, uuid) is
  'Service RPC of the lookouts function: creates a run that the user asks for, claimed by the calling function. 409 '
  'lookout_running or lookout_not_active.';
grant execute on function public.run_lookout_now(uuid, uuid) to service_role;

create function private.claim_interrupted_runs(max_count integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  run_ids uuid[];
begin
  -- These lookouts have no running run. A function claimed a time that had already run, and died before it set the next
  -- time. The time stays as it is and is due again.
  update public.lookouts l
  set lease_until = null, status = case when l.status = 'running' then 'active' else l.status end
  where l.id in (
    select i.id
    from public.lookouts i
    where i.lease_until <= now()
      and not exists (select from public.lookout_runs r where r.lookout_id = i.id and r.status = 'running')
    for no key update skip locked
  );
  with lapsed as (
    select l.id
    from public.lookouts l
    where l.lease_until <= now()
    order by l.lease_until
    limit max_count
    for no key update skip locked
  ),
  claimed as (
    update public.lookouts l
    set lease_until = now() + private.lookout_lease()
    from lapsed
    where l.id = lapsed.id
    returning l.id, l.user_id
  ),
  runs as (
    update public.lookout_runs r
    set attempts = r.attempts + 1
    from claimed c
    where r.lookout_id = c.id and r.user_id = c.user_id and r.status = 'running'
    returning r.id
  )
  select coalesce(array_agg(runs.id), '{}') into run_ids from runs;
  return run_ids;
end
$$;
comment on function private.claim_interrupted_runs(integer) is
  'Takes over runs whose lease has expired: their function died, or they had to wait. Releases a lease without a run.';
grant execute on function private.claim_interrupted_runs(integer) to service_role;

create function private.claim_scheduled_runs(max_count integer)
returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  run_ids uuid[];
begin
  -- Claims wait for each other for a moment. Two at the same time would choose the same lookouts, and one would get
  -- none.
  perform pg_advisory_xact_lock(hashtextextended('private.claim_scheduled_runs', 0));
  with waiting as (
    -- The limit keeps a claim short, however many wait.
    select l.id, l.user_id, l.next_run_at
    from public.lookouts l
    where l.status = 'active' and l.next_run_at <= now() and l.lease_until is null
    order by l.next_run_at
    limit 5000
  ),
  ranked as (
    select w.id, w.next_run_at,
      exists (select from public.lookouts r where r.user_id = w.user_id and r.lease_until is not null) as has_running,
      row_number() over (partition by w.user_id order by w.next_run_at) as position
    from waiting w
  ),
  -- Users without a running lookout come first, and one lookout of each before the second of anyone. Many lookouts of
  -- one user therefore do not delay another user's.
  fair as (
    select r.id from ranked r order by r.has_running, r.position, r.next_run_at limit max_count
  ),
  due as (
    select l.id
    from public.lookouts l
    where l.id in (select f.id from fair f)
    for no key update skip locked
  ),
  claimed as (
    update public.lookouts l
    set status = 'running', lease_until = now() + private.lookout_lease()
    from due
    where l.id = due.id
    returning l.id, l.user_id, l.next_run_at
  ),
  runs as (
    -- Claims a time that has already run too, so that the lookout gets its next time. The run itself stays as it is.
    insert into public.lookout_runs as r (lookout_id, user_id, scheduled_at)
    select c.id, c.user_id, c.next_run_at from claimed c
    on conflict on constraint lookout_runs_lookout_id_user_id_scheduled_at_key do update
    set attempts = r.attempts + 1
    returning r.id
  )
  select coalesce(array_agg(runs.id), '{}') into run_ids from runs;
  return run_ids;
end
$$;
comment on function private.claim_scheduled_runs(integer) is
  'Creates and claims runs of due lookouts, in turn for each user.';
grant execute on function private.claim_scheduled_runs(integer) to service_role;

create function public.claim_due_lookouts(max_count integer)
returns table (
  run_id uuid, lookout_id uuid, scheduled_at timestamptz, frequency text, cron_schedule text, timezone text
)
language plpgsql
security invoker
set search_path = ''
as $$
declare
  run_ids uuid[] := private.claim_interrupted_runs(max_count);
begin
  run_ids := run_ids || private.claim_scheduled_runs(max_count - cardinality(run_ids));
  return query
  select r.id, l.id, r.scheduled_at, l.frequency, l.cron_schedule, l.timezone
  from public.lookout_runs r
  join public.lookouts l on l.id = r.lookout_id
  where r.id = any (run_ids);
end
$$;
comment on function public.claim_due_lookouts(integer) is
  'Service RPC of the lookouts function: claims due and interrupted runs. Each run belongs to one caller until its '
  'lease expires.';
grant execute on function public.claim_due_lookouts(integer) to service_role;

create function private.count_due_lookouts(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select least(max_count, count(*))::integer
  from (
    (
      select from public.lookouts l
      where l.status = 'active' and l.next_run_at <= now() and l.lease_until is null
      limit max_count
    )
    union all
    (select from public.lookouts l where l.lease_until <= now() limit max_count)
  ) due
$$;
comment on function private.count_due_lookouts(integer) is
  'Counts lookouts that are due or were interrupted, up to max_count. The dispatcher calls it.';

-- From sql/14_lookouts/40_runs.sql

-- The start of a run. Each run is a turn in a chat session of its own.

create function private.open_run_session(run public.lookout_runs, lookout public.lookouts)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  new_id uuid;
begin
  insert into public.chat_sessions (user_id, assistant_slug, title)
  values (lookout.user_id, lookout.assistant_slug, lookout.title)
  returning id into new_id;
  update public.lookout_runs r
  set session_id = new_id, turn_started_at = now()
  where r.id = run.id;
  return new_id;
end
$$;
comment on function private.open_run_session(public.lookout_runs, public.lookouts) is
  'Creates the chat session of a run.';

create function private.check_run(run public.lookout_runs, lookout public.lookouts)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if run.attempts > 5 then
    perform private.refuse(
      503, 'run_abandoned',
      'The run was started several times and never completed. Run the lookout again, or contact support.'
    );
  end if;
  perform private.require_active(run.user_id);
  if lookout.status not in ('active', 'running') then
    perform private.refuse(
      409, 'lookout_not_active',
      'The lookout was paused or archived before the run started. Resume the lookout first.'
    );
  end if;
  -- After a downgrade the oldest lookouts keep running.
  perform private.require_lookout_limit(run.user_id, lookout);
end
$$;
comment on function private.check_run(public.lookout_runs, public.lookouts) is
  'Refuses a run that may not start. The checks of start_turn follow.';

create function private.start_lookout_run(run_id uuid, next_run_at timestamptz)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.lookout_runs;
  lookout public.lookouts;
  login uuid;
begin
  select * into run from public.lookout_runs r where r.id = run_id;
  if run.id is null or run.turn_started_at is not null then
    return null;
  end if;
  -- Locks the profile first, as create_lookout does.
  select p.auth_id into login from public.profiles p where p.id = run.user_id for no key update;
  select * into run from public.lookout_runs r where r.id = run_id for no key update;
  if run.id is null or run.status <> 'running' or run.turn_started_at is not null then
    return null;
  end if;
  select * into lookout from public.lookouts l where l.id = run.lookout_id;
  perform private.check_run(run, lookout);
  update public.lookout_runs r set next_run_at = start_lookout_run.next_run_at where r.id = run.id;
  -- From here on the end of the turn ends the run. run_ending gives up after this time.
  update public.lookouts l set lease_until = now() + interval '1 hour' where l.id = lookout.id;

  return private.start_turn(login, private.open_run_session(run, lookout), run.id::text, lookout.prompt,
    jsonb_build_array(jsonb_build_object('type', 'text', 'text', lookout.prompt)), null, false, true, '{}');
end
$$;
comment on function private.start_lookout_run(uuid, timestamptz) is
  'Creates the session and the message of a run and charges it, in one transaction. A refusal leaves nothing behind, '
  'and a run starts only once. Definer: the functions of turns are not granted.';
grant execute on function private.start_lookout_run(uuid, timestamptz) to service_role;

create function public.start_lookout_run(run_id uuid, next_run_at timestamptz default null)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_lookout_run(run_id, next_run_at)
$$;
comment on function public.start_lookout_run(uuid, timestamptz) is
  'Service RPC of the lookouts function: starts the turn of a claimed run and returns it as start_turn does. Returns '
  'null if nothing is left to start. Refuses as start_turn does; 402 lookout_limit_reached after a downgrade, 503 '
  'run_abandoned after 5 attempts.';
grant execute on function public.start_lookout_run(uuid, timestamptz) to service_role;

-- From sql/14_lookouts/50_settle.sql

-- The end of a run: how it ended, the next time of its lookout, and another start after a failure that passes.

create function private.run_error(status text, code text, message text)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object('status', status, 'code', code, 'message', message)
$$;
comment on function private.run_error(text, text, text) is 'The ending of a run that did not complete.';

create function private.run_ending(run public.lookout_runs)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  question public.chat_messages;
  reply public.chat_messages;
begin
  if run.turn_started_at is null then
    return null;
  end if;
  if run.session_id is null then
    return private.run_error(
      'failed', 'session_deleted',
      'The chat was deleted while the reply was written. Run the lookout again.'
    );
  end if;
  select * into question
  from public.chat_messages m
  where m.session_id = run.session_id and m.client_id = run.id::text;
  reply := private.reply_to(question);

  if reply.status = 'streaming' then
    -- Recovery settles every turn long before this.
    return case when run.turn_started_at < now() - interval '1 hour' then
      private.run_error(
        'failed', 'run_abandoned',
        'The reply was never completed. Run the lookout again, or contact support.'
      )
    end;
  end if;
  if reply.status = 'failed' then
    return private.run_error('failed', coalesce(reply.error ->> 'code', 'internal'),
      coalesce(reply.error ->> 'message', 'Something went wrong on our side. Try again, or contact support.'));
  end if;
  return jsonb_build_object('status', 'complete');
end
$$;
comment on function private.run_ending(public.lookout_runs) is
  'How the turn of a run ended. Null while the turn is running, or if it has not started.';

create function private.lock_run(run_id uuid)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  run public.lookout_runs;
begin
  select * into run from public.lookout_runs r where r.id = run_id;
  -- Locks session, lookout and run in the order in which the deletion of a session reaches them.
  perform from public.chat_sessions s where s.id = run.session_id for update;
  perform from public.lookouts l where l.id = run.lookout_id for no key update;
  select * into run from public.lookout_runs r where r.id = run_id for no key update;
  return run;
end
$$;
comment on function private.lock_run(uuid) is
  'Returns a run and locks it with its lookout and session; null if the run is gone.';

create function private.release_lookout(run public.lookout_runs, next_run_at timestamptz)
returns void
language sql
set search_path = ''
as $$
  -- If the lookout was paused, archived or edited meanwhile, next_run_at differs and only the lease ends.
  update public.lookouts l
  set lease_until = null,
      status = case
        when l.next_run_at = run.scheduled_at and l.frequency = 'once' then 'archived'
        when l.next_run_at = run.scheduled_at and release_lookout.next_run_at is null then 'paused'
        when l.status = 'running' then 'active'
        else l.status
      end,
      next_run_at = case
        when l.next_run_at <> run.scheduled_at then l.next_run_at
        when l.next_run_at = run.scheduled_at and l.frequency <> 'once' then release_lookout.next_run_at
      end,
      last_run_at = case
        when run.status = 'skipped' then l.last_run_at
        else coalesce(run.finished_at, l.last_run_at)
      end,
      last_run_session_id = case when run.status = 'skipped' then l.last_run_session_id else run.session_id end
  where l.id = run.lookout_id
$$;
comment on function private.release_lookout(public.lookout_runs, timestamptz) is
  'Ends the lease of a lookout after a run and sets its next time. A lookout that runs once is archived.';

create function private.trim_runs(lookout_id uuid, user_id uuid)
returns void
language sql
set search_path = ''
as $$
  delete from public.lookout_runs r
  where r.lookout_id = trim_runs.lookout_id
    and r.user_id = trim_runs.user_id
    and r.status <> 'running'
    and r.scheduled_at < (
      select k.scheduled_at
      from public.lookout_runs k
      where k.lookout_id = trim_runs.lookout_id and k.user_id = trim_runs.user_id
      order by k.scheduled_at desc
      offset 99
      limit 1
    )
$$;
comment on function private.trim_runs(uuid, uuid) is
  'Keeps the last 100 runs of a lookout. The caller holds the lock of the lookout, so concurrent writers wait.';

create function private.is_without_reply(session_id uuid)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from public.chat_sessions s
    where s.id = is_without_reply.session_id
      and s.message_count <= 2
      and not exists (
        select from public.chat_messages m
        where m.session_id = s.id and m.user_id = s.user_id and m.sender = 'assistant' and m.content <> ''
      )
  )
$$;
comment on function private.is_without_reply(uuid) is
  'True for the chat of a run that has no reply text, and that the user has not continued.';

create function private.repeat_run(run public.lookout_runs, ending jsonb)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  repeated public.lookout_runs;
begin
  if coalesce(ending ->> 'code', '') not in ('provider_busy', 'provider_error', 'provider_timeout')
    or run.attempts not between 1 and 4
    or not private.is_without_reply(run.session_id)
  then
    return null;
  end if;
  update public.lookout_runs r
  set session_id = null, turn_started_at = null
  where r.id = run.id
  returning * into repeated;
  delete from public.chat_sessions s where s.id = run.session_id;
  update public.lookouts l
  set lease_until = now() + interval '1 minute' * 2 ^ run.attempts
  where l.id = run.lookout_id;
  return repeated;
end
$$;
comment on function private.repeat_run(public.lookout_runs, jsonb) is
  'Lets a run wait and start again if OpenAI failed for a reason that passes, and nothing was written: after 2, 4, 8 '
  'and 16 minutes. Its message was refunded. Returns null for other endings.';

create function private.settle_run(run public.lookout_runs, ending jsonb)
returns public.lookout_runs
language plpgsql
set search_path = ''
as $$
declare
  ended public.lookout_runs;
begin
  if ending ->> 'status' = 'failed' then
    delete from public.chat_sessions s where s.id = run.session_id and private.is_without_reply(s.id);
  end if;
  update public.lookout_runs r
  set status = ending ->> 'status', error = nullif(ending - 'status', '{}'), finished_at = now()
  where r.id = run.id
  returning * into ended;
  return ended;
end
$$;
comment on function private.settle_run(public.lookout_runs, jsonb) is
  'Records how a run ended. A failed run leaves no session without a reply.';

create function private.settle_lookout_run(run_id uuid, next_run_at timestamptz, outcome jsonb)
returns public.lookout_runs
language plpgsql
security definer
set search_path = ''
as $$
declare
  run public.lookout_runs := private.lock_run(run_id);
  ending jsonb := coalesce(private.run_ending(run), outcome);
  repeated public.lookout_runs;
begin
  if run.id is null then
    return null;
  end if;
  if run.status = 'running' and ending is null then
    update public.lookout_runs r set attempts = greatest(0, r.attempts - 1) where r.id = run.id;
    update public.lookouts l set lease_until = now() + interval '1 minute' where l.id = run.lookout_id;
    return run;
  end if;
  if run.status = 'running' then
    repeated := private.repeat_run(run, ending);
    if repeated.id is not null then
      return repeated;
    end if;
    run := private.settle_run(run, ending);
  elsif exists (select from public.lookout_runs r where r.lookout_id = run.lookout_id and r.status = 'running') then
    -- The run ended earlier. The lookout's lease now belongs to another run.
    return run;
  end if;
  perform private.release_lookout(run, coalesce(settle_lookout_run.next_run_at, run.next_run_at));
  perform private.trim_runs(run.lookout_id, run.user_id);
  return run;
end
$$;
comment on function private.settle_lookout_run(uuid, timestamptz, jsonb) is
  'Settles a run once and sets the next time of its lookout. Definer: the functions of turns are not granted.';
grant execute on function private.settle_lookout_run(uuid, timestamptz, jsonb) to service_role;

create function public.settle_lookout_run(run_id uuid, next_run_at timestamptz default null, outcome jsonb default null)
returns public.lookout_runs
language sql
security invoker
set search_path = ''
as $$
  select private.settle_lookout_run(run_id, next_run_at, outcome)
$$;
comment on function public.settle_lookout_run(uuid, timestamptz, jsonb) is
  'Service RPC of the lookouts function: records how a run ended, from its turn or else from outcome (status, code, '
  'message). Sets the next time unless the lookout was changed meanwhile. A returned status of running means that '
  'OpenAI still writes the reply.';
grant execute on function public.settle_lookout_run(uuid, timestamptz, jsonb) to service_role;

create function public.defer_lookout_run(run_id uuid, until timestamptz)
returns boolean
language plpgsql
security invoker
set search_path = ''
as $$
begin
  update public.lookouts l
  set lease_until = until
  from public.lookout_runs r
  where r.id = run_id
    and r.status = 'running'
    and r.started_at > now() - interval '1 hour'
    and l.id = r.lookout_id;
  if not found then
    return false;
  end if;
  update public.lookout_runs r set attempts = greatest(0, r.attempts - 1) where r.id = run_id;
  return true;
end
$$;
comment on function public.defer_lookout_run(uuid, timestamptz) is
  'Service RPC of the lookouts function: postpones a run that has to wait for a limit a minute. Returns false if the '
  'run has waited for an hour.';
grant execute on function public.defer_lookout_run(uuid, timestamptz) to service_role;

create function private.end_lookout_run()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.settle_lookout_run(r.id, null, null)
  from public.lookout_runs r
  where r.status = 'running'
    and case tg_table_name
      when 'chat_turns' then r.session_id = new.session_id
      -- A run that starts again has let its chat go itself.
      else r.id = new.id and r.turn_started_at is not null
    end;
  return null;
end
$$;
comment on function private.end_lookout_run() is
  'Trigger, at the commit: ends the run whose turn has just ended or whose chat was deleted. The transaction that '
  'settles the turn ends the run too, whoever settles it. Definer: settling is not granted.';

create constraint trigger chat_turns_end_lookout_run
  after update on public.chat_turns
  deferrable initially deferred
  for each row when (old.status = 'active' and new.status <> 'active')
  execute function private.end_lookout_run();
create constraint trigger lookout_runs_end_deleted
  after update on public.lookout_runs
  deferrable initially deferred
  for each row when (new.status = 'running' and old.session_id is not null and new.session_id is null)
  execute function private.end_lookout_run();

create function private.log_lookout_run()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'lookout_run',
    jsonb_build_object('lookout_id', new.lookout_id, 'run_id', new.id, 'status', new.status));
  return null;
end
$$;
comment on function private.log_lookout_run() is
  'Trigger: logs the end of a run as activity. Definer: private.log_activity is not granted.';

create trigger lookout_runs_log_end
  after update of status on public.lookout_runs
  for each row when (old.status = 'running' and new.status <> 'running')
  execute function private.log_lookout_run();

-- From sql/15_bridge.sql

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

-- From sql/16_retention/10_outbox.sql

-- The outbox: objects that Parley no longer needs and still has to delete at OpenAI, in Storage and at Stripe.

create table private.remote_deletions (
  id bigint generated always as identity primary key,
  kind text not null,
  provider text not null generated always as (
    case kind
      when 'stripe_customer' then 'stripe'
      when 'stripe_email' then 'stripe'
      when 'object' then 'storage'
      else 'openai'
    end
  ) stored,
  remote_id text not null,
  session_id uuid,
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  constraint remote_deletions_kind_remote_id_key unique (kind, remote_id),
  constraint remote_deletions_kind_check
    check (kind in (
      'response', 'conversation', 'vector_store_file', 'vector_store', 'file', 'object', 'stripe_customer',
      'stripe_email'
    )),
  constraint remote_deletions_attempts_check check (attempts >= 0)
);

comment on table private.remote_deletions is
  'The outbox: objects at OpenAI, in Storage and at Stripe that are to be deleted. Written in the transaction that '
  'drops the reference to them.';
comment on column private.remote_deletions.provider is
  'The service that deletes it. Each claim covers one provider, so a hung provider cannot block the others.';
comment on column private.remote_deletions.kind is
  'What is deleted. For stripe_email, the old address of a customer is replaced with the present one of its profile.';
comment on column private.remote_deletions.remote_id is
  'The name of the object there: an id, store/file for an attachment, or the path of an object in Storage.';
comment on column private.remote_deletions.session_id is
  'The session it belonged to. No foreign key, because the session may be gone. A conversation waits for the '
  'responses of its session.';
comment on column private.remote_deletions.due_at is
  'When the next attempt may start. A claim moves it into the future; that is the lease.';
comment on column private.remote_deletions.last_error is 'Name or status of the last failure.';

create function private.enqueue_deletion(kind text, remote_id text, session_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  -- Makes an existing entry due again, because the worker that holds it may have tried too early.
  insert into private.remote_deletions as d (kind, remote_id, session_id)
  values (enqueue_deletion.kind, enqueue_deletion.remote_id, enqueue_deletion.session_id)
  on conflict on constraint remote_deletions_kind_remote_id_key do update
  set due_at = clock_timestamp(), attempts = 0
$$;
comment on function private.enqueue_deletion(text, text, uuid) is 'Puts one object into the outbox.';

create function private.enqueue_session_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Ids of the old Assistants API no longer name anything.
  if starts_with(old.thread_id, 'conv_') then
    perform private.enqueue_deletion('conversation', old.thread_id, old.id);
  end if;
  return null;
end
$$;
comment on function private.enqueue_session_deletion() is
  'Trigger: enqueues the conversation of a session that is deleted or gets another conversation. Definer: the outbox '
  'is closed to all roles.';

create trigger chat_sessions_outbox_deleted
  after delete on public.chat_sessions
  for each row execute function private.enqueue_session_deletion();
create trigger chat_sessions_outbox_thread
  after update of thread_id on public.chat_sessions
  for each row when (old.thread_id is distinct from new.thread_id)
  execute function private.enqueue_session_deletion();

create function private.enqueue_response_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('response', old.response_id, old.session_id);
  return null;
end
$$;
comment on function private.enqueue_response_deletion() is
  'Trigger: enqueues the stored response of a message or turn that is deleted or gets another response. Definer: the '
  'outbox is closed to all roles.';

create trigger chat_messages_outbox_deleted
  after delete on public.chat_messages
  for each row when (old.response_id is not null)
  execute function private.enqueue_response_deletion();
create trigger chat_turns_outbox_deleted
  after delete on public.chat_turns
  for each row when (old.response_id is not null)
  execute function private.enqueue_response_deletion();
create trigger chat_turns_outbox_response
  after update of response_id on public.chat_turns
  for each row when (old.response_id <> new.response_id)
  execute function private.enqueue_response_deletion();

create function private.enqueue_store_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('vector_store', old.store_id, old.session_id);
  return null;
end
$$;
comment on function private.enqueue_store_deletion() is
  'Trigger: enqueues a store at OpenAI that is replaced or whose row is deleted. Definer: the outbox is closed to all '
  'roles.';

create trigger vector_stores_outbox_deleted
  after delete on public.vector_stores
  for each row when (old.store_id is not null)
  execute function private.enqueue_store_deletion();
create trigger vector_stores_outbox_store
  after update of store_id on public.vector_stores
  for each row when (old.store_id is distinct from new.store_id and old.store_id is not null)
  execute function private.enqueue_store_deletion();

create function private.enqueue_file_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if old.openai_file_id is not null then
    -- If the session or assistant is deleted too, its store is deleted with all attachments.
    perform private.enqueue_deletion('vector_store_file', v.store_id || '/' || old.openai_file_id, old.session_id)
    from public.vector_stores v
    where (v.session_id = old.session_id or v.assistant_slug = old.assistant_slug)
      and v.store_id is not null
      and not private.is_image(old)
      and (
        exists (select from public.chat_sessions s where s.id = v.session_id)
        or exists (select from public.assistants a where a.slug = v.assistant_slug)
      );
    perform private.enqueue_deletion('file', old.openai_file_id, old.session_id);
  end if;
  return null;
end
$$;
comment on function private.enqueue_file_deletion() is
  'Trigger: enqueues the OpenAI file of a row that is deleted, fails, or gets another file. Definer: the outbox is '
  'closed to all roles.';

create function private.enqueue_object_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('object', old.storage_path, old.session_id);
  return null;
end
$$;
comment on function private.enqueue_object_deletion() is
  'Trigger: enqueues the Storage object of a file that is deleted, gets another object, or fails before its bytes are '
  'known to be stored. Definer: the outbox is closed to all roles.';

create trigger chat_files_outbox_deleted
  after delete on public.chat_files
  for each row execute function private.enqueue_file_deletion();
create trigger chat_files_outbox_replaced
  after update of openai_file_id on public.chat_files
  for each row when (old.openai_file_id is distinct from new.openai_file_id)
  execute function private.enqueue_file_deletion();
create trigger chat_files_outbox_object_deleted
  after delete on public.chat_files
  for each row execute function private.enqueue_object_deletion();
create trigger chat_files_outbox_object_failed
  after update of status on public.chat_files
  for each row when (old.status <> 'failed' and new.status = 'failed' and new.sha256 is null)
  execute function private.enqueue_object_deletion();
create trigger chat_files_outbox_object_replaced
  after update of storage_path on public.chat_files
  for each row when (old.storage_path <> new.storage_path)
  execute function private.enqueue_object_deletion();

create function private.set_openai_file(file_id uuid, openai_file_id text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_files f
  set openai_file_id = set_openai_file.openai_file_id
  where f.id = file_id and f.status in ('indexing', 'ready');
  if not found then
    perform private.enqueue_deletion('file', set_openai_file.openai_file_id);
  end if;
  return found;
end
$$;
comment on function private.set_openai_file(uuid, text) is
  'Stores the OpenAI id of a file. If the row was deleted meanwhile, the file is enqueued for deletion. Definer: '
  'private.enqueue_deletion is not granted.';
grant execute on function private.set_openai_file(uuid, text) to service_role;

create function public.set_openai_file(file_id uuid, openai_file_id text)
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.set_openai_file(file_id, openai_file_id)
$$;
comment on function public.set_openai_file(uuid, text) is
  'Service RPC: stores the OpenAI id of a file; false if the row is gone or failed.';
grant execute on function public.set_openai_file(uuid, text) to service_role;

create function private.abandon_remote(kind text, remote_id text, session_id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
  select private.enqueue_deletion(kind, remote_id, session_id)
$$;
comment on function private.abandon_remote(text, text, uuid) is
  'Enqueues an object that no row names. Definer: the outbox is closed to all roles.';
grant execute on function private.abandon_remote(text, text, uuid) to service_role;

create function public.abandon_remote(kind text, remote_id text, session_id uuid default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.abandon_remote(kind, remote_id, session_id)
$$;
comment on function public.abandon_remote(text, text, uuid) is
  'Service RPC: enqueues an object at OpenAI or in Storage that no row names.';
grant execute on function public.abandon_remote(text, text, uuid) to service_role;

create function private.can_delete(deletion private.remote_deletions)
returns boolean
language sql
stable
set search_path = ''
as $$
  -- A response that is still running would add its items to the conversation.
  select deletion.due_at <= now() and (deletion.kind <> 'conversation' or not exists (
    select from private.remote_deletions r where r.session_id = deletion.session_id and r.kind = 'response'
  ))
$$;
comment on function private.can_delete(private.remote_deletions) is
  'True for a deletion that is due. A conversation waits until the responses of its session are deleted.';

create function private.claim_remote_deletions(provider text, max_count integer)
returns setof private.remote_deletions
language sql
security definer
set search_path = ''
as $$
  update private.remote_deletions d
  set due_at = now() + interval '5 minutes'
  where d.id in (
    select w.id
    from private.remote_deletions w
    where w.provider = claim_remote_deletions.provider and w.due_at <= now() and private.can_delete(w)
    order by w.due_at, w.id
    limit max_count
    for update skip locked
  )
  returning d.*
$$;
comment on function private.claim_remote_deletions(text, integer) is
  'Claims due deletions of one provider, with a lease of five minutes. Definer: the outbox is closed to all roles.';
grant execute on function private.claim_remote_deletions(text, integer) to service_role;

create function public.claim_remote_deletions(provider text, max_count integer)
returns table (id bigint, kind text, remote_id text, attempts integer, due_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select d.id, d.kind, d.remote_id, d.attempts, d.due_at from private.claim_remote_deletions(provider, max_count) d
$$;
comment on function public.claim_remote_deletions(text, integer) is
  'Service RPC of the clean-up: claims due deletions for openai, storage or stripe, each for one caller at a time. '
  'The caller ends the claim by settle_remote_deletions.';
grant execute on function public.claim_remote_deletions(text, integer) to service_role;

create function private.settle_remote_deletions(claimed_until timestamptz, outcomes jsonb)
returns void
language sql
security definer
set search_path = ''
as $$
  -- An entry that was enqueued again after the claim has another due_at, and stays.
  delete from private.remote_deletions d
  using jsonb_each_text(outcomes) o
  where d.id = o.key::bigint and d.due_at = claimed_until and o.value is null;
  update private.remote_deletions d
  set attempts = d.attempts + 1,
      due_at = now() + least(interval '6 hours', interval '1 minute' * 2 ^ least(d.attempts, 10)),
      last_error = left(o.value, 200)
  from jsonb_each_text(outcomes) o
  where d.id = o.key::bigint and d.due_at = claimed_until and o.value is not null;
$$;
comment on function private.settle_remote_deletions(timestamptz, jsonb) is
  'Settles a claim: deletes each entry, or schedules another attempt after one minute, doubling to six hours. Definer: '
  'the outbox is closed to all roles.';
grant execute on function private.settle_remote_deletions(timestamptz, jsonb) to service_role;

create function public.settle_remote_deletions(claimed_until timestamptz, outcomes jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.settle_remote_deletions(claimed_until, outcomes)
$$;
comment on function public.settle_remote_deletions(timestamptz, jsonb) is
  'Service RPC of the clean-up: settles a claim. claimed_until is the due_at of the claim. outcomes names each entry '
  'by its id: null deletes the entry, and an error lets it wait.';
grant execute on function public.settle_remote_deletions(timestamptz, jsonb) to service_role;

create function private.count_due_deletions(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (
    select from private.remote_deletions d
    where d.provider in ('openai', 'storage', 'stripe') and d.due_at <= now() and private.can_delete(d)
    limit max_count
  ) due
$$;
comment on function private.count_due_deletions(integer) is
  'Counts deletions that are due, up to max_count. The dispatcher calls it.';

alter table private.remote_deletions enable row level security;

-- Every row is soon deleted. Autovacuum comes before the dead rows slow the claims.
alter table private.remote_deletions set (autovacuum_vacuum_scale_factor = 0.01);

-- Serve the due entries of a provider, oldest first, and the check for responses that a conversation waits for.
create index remote_deletions_provider_due_at_idx on private.remote_deletions (provider, due_at, id);
create index remote_deletions_response_session_id_idx on private.remote_deletions (session_id) where kind = 'response';

-- From sql/16_retention/20_clean_up.sql

-- Functions of the clean-up: expired stores, stray objects, and cursors for long lists.

create table private.cleanup_cursors (
  name text primary key,
  position text not null
);

comment on table private.cleanup_cursors is 'Where the clean-up continues when it reads long lists.';

create function public.expire_due_stores(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  with expired as (
    update public.vector_stores v
    set status = 'expired', expired_at = now()
    where v.id in (
      select d.id
      from public.vector_stores d
      where d.status = 'active' and d.expires_at <= now()
      order by d.expires_at
      limit max_count
      for update skip locked
    )
    returning v.id
  )
  select count(*)::integer from expired
$$;
comment on function public.expire_due_stores(integer) is
  'Service RPC of the clean-up: marks stores as expired and returns how many.';
grant execute on function public.expire_due_stores(integer) to service_role;

create function public.release_expired_stores(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  -- The trigger on store_id enqueues each store for deletion.
  with released as (
    update public.vector_stores v
    set store_id = null
    where v.id in (
      select e.id
      from public.vector_stores e
      where e.status = 'expired' and e.store_id is not null
      order by e.expired_at
      limit max_count
      for update skip locked
    )
    returning v.id
  )
  select count(*)::integer from released
$$;
comment on function public.release_expired_stores(integer) is
  'Service RPC of the clean-up: enqueues expired stores for deletion and returns how many. Their rows stay.';
grant execute on function public.release_expired_stores(integer) to service_role;

create function public.claim_stores_to_check(max_count integer)
returns setof text
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set lease_until = now() + interval '10 minutes'
  where v.id in (
    select n.id
    from public.vector_stores n
    where n.status = 'active'
      and n.expires_at between now() and now() + interval '1 hour'
      and (n.lease_until is null or n.lease_until <= now())
    order by n.expires_at
    limit max_count
    for update skip locked
  )
  returning v.store_id
$$;
comment on function public.claim_stores_to_check(integer) is
  'Service RPC of the clean-up: claims stores that expire within the hour, so that one caller asks OpenAI about each.';
grant execute on function public.claim_stores_to_check(integer) to service_role;

create function public.find_abandoned_stores(max_count integer)
returns table (session_id uuid, assistant_slug text)
language sql
stable
security invoker
set search_path = ''
as $$
  select v.session_id, v.assistant_slug
  from public.vector_stores v
  where v.status = 'recreating' and v.lease_until <= now()
  order by v.lease_until
  limit max_count
$$;
comment on function public.find_abandoned_stores(integer) is
  'Service RPC of the clean-up: sessions and assistants whose store was being created when its caller stopped. '
  'claim_vector_store decides who continues.';
grant execute on function public.find_abandoned_stores(integer) to service_role;

create function private.find_unknown(kind text, remote_ids text[])
returns setof text
language sql
stable
security definer
set search_path = ''
as $$
  select asked.remote_id
  from unnest(remote_ids) as asked (remote_id)
  where not exists (
      select from private.remote_deletions d where d.kind = find_unknown.kind and d.remote_id = asked.remote_id
    )
    and case find_unknown.kind
      when 'vector_store' then not exists (select from public.vector_stores v where v.store_id = asked.remote_id)
      when 'file' then not exists (select from public.chat_files f where f.openai_file_id = asked.remote_id)
    end
$$;
comment on function private.find_unknown(text, text[]) is
  'Returns the ids at OpenAI that no row and no deletion names. Definer: the outbox is closed to all roles.';
grant execute on function private.find_unknown(text, text[]) to service_role;

create function public.find_unknown(kind text, remote_ids text[])
returns setof text
language sql
stable
security invoker
set search_path = ''
as $$
  select private.find_unknown(kind, remote_ids)
$$;
comment on function public.find_unknown(text, text[]) is
  'Service RPC of the clean-up: returns the stores (vector_store) or files (file) at OpenAI that no row and no '
  'deletion names.';
grant execute on function public.find_unknown(text, text[]) to service_role;

create function private.move_cursor(cursor_name text, new_position text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into private.cleanup_cursors as c (name, position)
  values (cursor_name, coalesce(new_position, ''))
  on conflict (name) do update set position = excluded.position
$$;
comment on function private.move_cursor(text, text) is
  'Stores where the next run continues a list; null means from its start. Definer: the table is closed to all roles.';
grant execute on function private.move_cursor(text, text) to service_role;

create function public.move_cursor(cursor_name text, new_position text default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.move_cursor(cursor_name, new_position)
$$;
comment on function public.move_cursor(text, text) is
  'Service RPC of the clean-up: stores where its next run continues a list; null means from its start.';
grant execute on function public.move_cursor(text, text) to service_role;

create function private.read_cursor(cursor_name text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce((select c.position from private.cleanup_cursors c where c.name = cursor_name), '')
$$;
comment on function private.read_cursor(text) is
  'Returns where to continue a list; empty means from its start. Definer: the table is closed to all roles.';
grant execute on function private.read_cursor(text) to service_role;

create function public.read_cursor(cursor_name text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select private.read_cursor(cursor_name)
$$;
comment on function public.read_cursor(text) is
  'Service RPC of the clean-up: returns where to continue a list; empty means from its start.';
grant execute on function public.read_cursor(text) to service_role;

create function private.count_due_files(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (
    select from public.chat_files f
    where f.status in ('pending', 'indexing') and f.retry_at <= now()
    limit max_count
  ) due
$$;
comment on function private.count_due_files(integer) is
  'Counts files whose next attempt is due, up to max_count. The dispatcher calls it.';

create function private.enqueue_stray_objects(max_count integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  seen text[];
  strays text[];
begin
  -- Reads one slice of the bucket in index order, so the time of a run does not grow with the bucket.
  seen := array(
    select o.name
    from storage.objects o
    where o.bucket_id = 'chat-files' and o.name > private.read_cursor('objects')
    order by o.name
    limit max_count
  );
  perform private.move_cursor('objects', case when cardinality(seen) = max_count then seen[max_count] end);

  strays := array(
    select o.name
    from storage.objects o
    where o.bucket_id = 'chat-files'
      and o.name = any (seen)
      and o.created_at < now() - interval '1 day'
      and not exists (select from public.chat_files f where f.storage_path = o.name and private.holds_object(f))
      and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name)
  );
  perform private.enqueue_deletion('object', stray) from unnest(strays) as stray;
  return cardinality(strays);
end
$$;
comment on function private.enqueue_stray_objects(integer) is
  'Searches a slice of the bucket for objects older than a day that have no row, and enqueues them. Definer: the '
  'outbox is closed to all roles.';
grant execute on function private.enqueue_stray_objects(integer) to service_role;

create function public.enqueue_stray_objects(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  select private.enqueue_stray_objects(max_count)
$$;
comment on function public.enqueue_stray_objects(integer) is
  'Service RPC of the clean-up: enqueues objects that nobody registered and returns how many.';
grant execute on function public.enqueue_stray_objects(integer) to service_role;

alter table private.cleanup_cursors enable row level security;

-- From sql/16_retention/30_purges.sql

-- Retention: deletes old rows, one batch of one kind at a time.

create table private.retention_policy (
  is_only boolean primary key default true,
  activity_days integer default 365,
  audit_days integer default 730,
  identity_days integer not null default 395,
  anonymous_days integer default 30,
  batch_rows integer not null default 5000,
  constraint retention_policy_is_only_check check (is_only),
  constraint retention_policy_check check (
    least(activity_days, audit_days, anonymous_days, batch_rows) > 0 and identity_days >= 0
  )
);
insert into private.retention_policy default values;

create table private.purge_counts (
  day date not null,
  kind text not null,
  deleted bigint not null,
  reached timestamptz,
  primary key (day, kind)
);

comment on table private.retention_policy is
  'One row: how many days activity (ACTIVITY_RETENTION_DAYS) and audit rows (AUDIT_RETENTION_DAYS) are kept, and how '
  'many rows a batch has.';
comment on column private.retention_policy.activity_days is
  'For user_activity and sync_logs; null keeps them for ever.';
comment on column private.retention_policy.audit_days is 'For audit_logs; null keeps them for ever.';
comment on column private.retention_policy.identity_days is
  'How long an address without an account gets no trial if it had one. With 0, nothing is remembered of an address.';
comment on column private.retention_policy.anonymous_days is
  'After how many idle days an anonymous login is deleted; null keeps it for ever.';
comment on table private.purge_counts is 'How many rows of a kind retention deleted on a UTC day; kept for a year.';
comment on column private.purge_counts.reached is
  'Time of the last row deleted that day. The next batch starts there and skips index entries of deleted rows. '
  'infinity: the kind is done for the day.';

-- A purge deletes up to max_rows rows from a time on, oldest first. It returns how many it deleted and the time of the
-- last. It skips rows that another transaction has locked; they wait for another day. The lock keeps ctid stable, so
-- ctid names the rows. A purge without an index reads the whole table. When its batch is not full, it returns infinity,
-- so that it runs once a day.

create function private.purge_before(
  target regclass, time_column text, since timestamptz, until timestamptz, max_rows integer,
  condition text default 'true', out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
begin
  execute format(
    'with gone as (
       delete from %1$s d
       where d.ctid = any (array(
         select t.ctid from %1$s t
         where t.%2$I >= $1 and t.%2$I < $2 and %3$s
         order by t.%2$I
         limit $3
         for update skip locked
       ))
       returning d.%2$I as gone_at
     )
     select count(*)::integer, max(g.gone_at) from gone g',
    target, time_column, condition
  ) into deleted, reached using since, until, max_rows;
end
$$;
comment on function private.purge_before(regclass, text, timestamptz, timestamptz, integer, text) is
  'Deletes one batch of rows of a table whose time is at or after since and before until, oldest first.';

create function private.purge_usage_counters(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- A refund changes the current period only.
  select * from private.purge_before(
    'public.usage_counters', 'reset_at', since, now() - interval '1 day', max_rows
  ) p
$$;
comment on function private.purge_usage_counters(timestamptz, integer) is
  'Purge: counters whose period ended more than a day ago.';

create function private.purge_deleted_turns(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'private.deleted_turns', 'deleted_at', since, now() - interval '1 day', max_rows
  ) p
$$;
comment on function private.purge_deleted_turns(timestamptz, integer) is
  'Purge: deleted turns whose cost nobody has booked for a day.';

create function private.purge_user_activity(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'public.user_activity', 'created_at', since,
    now() - make_interval(days => (select p.activity_days from private.retention_policy p)), max_rows
  ) p
$$;
comment on function private.purge_user_activity(timestamptz, integer) is
  'Purge: activity older than activity_days of the policy.';

create function private.purge_sync_logs(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'public.sync_logs', 'created_at', since,
    now() - make_interval(days => (select p.activity_days from private.retention_policy p)), max_rows
  ) p
$$;
comment on function private.purge_sync_logs(timestamptz, integer) is
  'Purge: attempts to issue or redeem a code, older than activity_days of the policy.';

create function private.purge_audit_logs(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
begin
  -- The trigger of the table asks for this setting. It is cleared at once, so that no other statement profits from it.
  perform set_config('parley.retention', 'on', true);
  select * into deleted, reached from private.purge_before(
    'public.audit_logs', 'created_at', since,
    now() - make_interval(days => (select p.audit_days from private.retention_policy p)), max_rows
  ) p;
  perform set_config('parley.retention', '', true);
end
$$;
comment on function private.purge_audit_logs(timestamptz, integer) is
  'Purge: audit rows older than audit_days of the policy. The trigger of the table lets only its owner delete.';

create function private.purge_bridge_tokens(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'public.bridge_tokens', 'expires_at', since, now() - interval '1 day', max_rows
  ) p
$$;
comment on function private.purge_bridge_tokens(timestamptz, integer) is
  'Purge: bridge codes, used or not, that expired more than a day ago.';

create function private.purge_organization_invitations(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- For 30 days a late invitee learns that the invitation expired, and the organization sees whom to invite again.
  select * from private.purge_before(
    'public.organization_invitations', 'expires_at', since, now() - interval '30 days', max_rows
  ) p
$$;
comment on function private.purge_organization_invitations(timestamptz, integer) is
  'Purge: invitations that expired more than 30 days ago.';

create function private.purge_stripe_events(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- Stripe itself keeps events for 30 days, so it cannot send any of these again.
  select * from private.purge_before(
    'public.stripe_events', 'received_at', since, now() - interval '90 days', max_rows,
    $c$t.status in ('processed', 'ignored')$c$
  ) p
$$;
comment on function private.purge_stripe_events(timestamptz, integer) is
  'Purge: processed and ignored events older than 90 days; never an event that failed or is still pending.';

create function private.purge_rate_counters(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.rate_counters c
    where c.ctid = any (array(
      select o.ctid
      from private.rate_counters o
      -- In any order and without an index, because each call of the limiter would have to write an index on minute.
      where o.minute >= since and o.minute < now() - interval '1 day'
      limit max_rows
      for update skip locked
    ))
    returning c.minute
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_rate_counters(timestamptz, integer) is
  'Purge: counters of the limiter that have not changed for a day.';

create function private.purge_history(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.purge_counts c
    where c.ctid = any (array(
      select o.ctid
      from private.purge_counts o
      where o.day >= since::date and o.day < (now() at time zone 'UTC')::date - 365
      limit max_rows
      for update skip locked
    ))
    returning c.day
  )
  select count(*)::integer, null::timestamptz from gone g
$$;
comment on function private.purge_history(timestamptz, integer) is 'Purge: retention''s own counts older than a year.';

create function private.can_use_schema(schema_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from pg_namespace n where n.nspname = schema_name and has_schema_privilege(n.oid, 'usage')
  )
$$;
comment on function private.can_use_schema(text) is
  'Whether a schema of the platform exists and this role may use it: cron of pg_cron, net of pg_net, vault.';

create function private.purge_cron_runs(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
begin
  deleted := 0;
  reached := null;
  if not private.can_use_schema('cron') then
    return;
  end if;
  with gone as (
    delete from cron.job_run_details d
    where d.runid in (
      select o.runid
      from cron.job_run_details o
      -- Only runs of Parley's jobs, and no run that is still going on.
      where o.command ~ '\mprivate\.run_(sql|function)_schedule\('
        and o.end_time >= since and o.end_time < now() - interval '7 days'
      order by o.runid
      limit max_rows
    )
    returning d.runid
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end
  into deleted, reached
  from gone;
exception when insufficient_privilege then
  raise warning 'cron.job_run_details is not ours to shorten: %', sqlerrm;
end
$$;
comment on function private.purge_cron_runs(timestamptz, integer) is
  'Purge: pg_cron''s records of schedule runs older than seven days. Does nothing without pg_cron.';

create function private.purge_failed_sign_ups(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  with gone as (
    delete from auth.users u
    where u.id in (
      select o.id
      from auth.users o
      where o.last_sign_in_at is null
        -- A confirmed address can sign in at any time, and ensure_profile makes the profile then.
        and o.email_confirmed_at is null
        and o.phone_confirmed_at is null
        -- A recently sent link or code may still be used.
        and greatest(o.created_at, o.updated_at, o.confirmation_sent_at, o.invited_at, o.recovery_sent_at)
          < now() - interval '7 days'
        and o.created_at >= since
        and not exists (select from public.profiles p where p.auth_id = o.id)
        and not exists (select from auth.sessions s where s.user_id = o.id)
      order by o.id
      limit max_rows
      for update of o skip locked
    )
    returning u.id
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_failed_sign_ups(timestamptz, integer) is
  'Purge: logins without a profile that nobody confirmed or used for seven days. A person who signs up again gets a '
  'new login.';

create function private.purge_kind(kind text, max_rows integer)
returns boolean
language plpgsql
set search_path = ''
as $$
<<batch>>
declare
  today date := (now() at time zone 'UTC')::date;
  since timestamptz := coalesce(
    (select c.reached from private.purge_counts c where c.day = today and c.kind = purge_kind.kind), '-infinity'
  );
  deleted integer;
  reached timestamptz;
begin
  if since = 'infinity' then
    return false;
  end if;
  execute format('select p.deleted, p.reached from private.%I($1, $2) p', 'purge_' || kind)
  into deleted, reached using since, max_rows;
  if deleted = 0 and reached is null then
    return false;
  end if;
  insert into private.purge_counts as c (day, kind, deleted, reached)
  values (today, purge_kind.kind, batch.deleted::bigint, batch.reached)
  on conflict on constraint purge_counts_pkey do update
  set deleted = c.deleted + excluded.deleted, reached = excluded.reached;
  return true;
end
$$;
comment on function private.purge_kind(text, integer) is
  'Runs one batch of one kind, from where the last batch of the day ended, and counts it. False if there was nothing '
  'to delete or record.';

create function private.run_retention()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  max_rows integer := (select p.batch_rows from private.retention_policy p);
  kind text;
  first_failure text;
begin
  -- One kind a call, so that each batch commits at once. Kinds without an index come last and run when the others are
  -- done.
  foreach kind in array array[
    'waiting_turns', 'usage_counters', 'user_activity', 'sync_logs', 'audit_logs', 'bridge_tokens',
    'organization_invitations', 'stripe_events', 'history', 'cron_runs', 'rate_counters', 'deleted_turns',
    'identities', 'anonymous_logins', 'failed_sign_ups'
  ] loop
    begin
      if private.purge_kind(kind, max_rows) then
        return true;
      end if;
    exception when others then
      raise warning 'retention passes over %: %', kind, sqlstate;
      first_failure := coalesce(first_failure, sqlstate);
    end;
  end loop;
  if first_failure is not null then
    raise exception 'retention_failed' using
      errcode = first_failure, hint = 'The log names the kinds that were passed over.';
  end if;
  return false;
end
$$;
comment on function private.run_retention() is
  'Deletes one batch; false when nothing is left. A kind that fails is skipped, and its SQLSTATE is raised once the '
  'others have nothing left. Its schedule calls it as the owner of the tables.';

alter table private.retention_policy enable row level security;
alter table private.purge_counts enable row level security;

-- Serve retention, oldest first. The end of a counter never changes, so counting does not write this index.
create index usage_counters_reset_at_idx on public.usage_counters (reset_at);
create index stripe_events_received_at_idx on public.stripe_events (received_at)
  where status in ('processed', 'ignored');
create index organization_invitations_expires_at_idx on public.organization_invitations (expires_at);

-- From sql/17_schedule/10_tables.sql

-- The list of schedules. On Supabase, pg_cron has a job for each row. Locally, the scheduler of the stack reads the
-- list.

create table private.schedules (
  name text primary key,
  cron text not null,
  function_path text,
  sql_function text,
  body jsonb not null default '{}',
  due_function text,
  per_call integer not null default 1,
  max_parallel integer not null default 1,
  is_enabled boolean not null default true,
  last_run_at timestamptz,
  last_status text,
  last_failure text,
  last_failed_at timestamptz,
  constraint schedules_name_check check (name ~ '^[a-z][a-z0-9-]{0,49}$'),
  constraint schedules_target_check check (num_nonnulls(function_path, sql_function) = 1),
  constraint schedules_function_path_check check (function_path ~ '^[a-z][a-z0-9-]*(/[a-z0-9-]+)*$'),
  constraint schedules_sql_function_check check (sql_function ~ '^[a-z][a-z0-9_]*$'),
  constraint schedules_due_function_check check (due_function ~ '^[a-z][a-z0-9_]*$'),
  constraint schedules_per_call_check check (per_call > 0),
  constraint schedules_max_parallel_check check (max_parallel between 1 and 100)
);

create table private.schedule_calls (
  id bigint generated always as identity primary key,
  schedule_name text not null,
  called_at timestamptz not null default now(),
  request_id bigint,
  asks_again boolean,
  constraint schedule_calls_schedule_name_fkey foreign key (schedule_name)
    references private.schedules (name) on update cascade on delete cascade
);

comment on table private.schedules is
  'Scheduled work: an edge function, called with the secret key, or a function of schema private.';
comment on column private.schedules.cron is 'Five fields, in UTC.';
comment on column private.schedules.function_path is
  'Path below /functions/v1. The request is a POST with body and call_id.';
comment on column private.schedules.sql_function is
  'Name of a function of schema private that takes no arguments and returns boolean: true asks for another call.';
comment on column private.schedules.due_function is
  'Name of a function of schema private that counts the work that is due, up to its argument. Null: each run makes one '
  'call.';
comment on column private.schedules.per_call is 'How much of the due work one call of the edge function does.';
comment on column private.schedules.max_parallel is 'The most calls of the edge function at the same time.';
comment on column private.schedules.last_status is
  'ok, or one word for the failure: an HTTP status, a SQLSTATE, unreachable, timeout, no_answer, unfinished, '
  'not_configured.';
comment on column private.schedules.last_failure is
  'The status of the last failure. It stays after a later run has succeeded.';
comment on table private.schedule_calls is 'The calls of edge functions whose end is not known yet.';
comment on column private.schedule_calls.request_id is 'The request of pg_net. Null for a call of the local scheduler.';
comment on column private.schedule_calls.asks_again is
  'Null while the function works. Then true if it did some of the due work, so that the rest is looked for at once.';

alter table private.schedules enable row level security;
alter table private.schedule_calls enable row level security;

-- Serves the foreign key, and the count of the calls of a schedule.
create index schedule_calls_schedule_name_idx on private.schedule_calls (schedule_name);

create function private.record_schedule_run(schedule_name text, status text)
returns void
language sql
set search_path = ''
as $$
  update private.schedules s
  set last_run_at = now(),
      last_status = status,
      last_failure = case when status in ('ok', 'unfinished') then s.last_failure else status end,
      last_failed_at = case when status in ('ok', 'unfinished') then s.last_failed_at else now() end
  where s.name = schedule_name
$$;
comment on function private.record_schedule_run(text, text) is 'Stores when a schedule ran and how the run ended.';

-- From sql/17_schedule/20_sql_functions.sql

-- Schedules that call a function of the database.

create function private.run_sql_schedule(schedule_name text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  target text := (select s.sql_function from private.schedules s where s.name = schedule_name);
  is_more boolean;
  status text;
begin
  -- Allows one run at a time. The lock holds for this call only; another caller may continue the run between two calls.
  if target is null or not pg_try_advisory_xact_lock(hashtextextended('private.schedules:' || schedule_name, 0)) then
    return false;
  end if;
  begin
    execute format('select private.%I()', target) into is_more;
    if is_more is null then
      raise null_value_not_allowed;
    end if;
    status := case
      when not is_more then 'ok'
      -- Supabase ends a statement after two minutes, and a run with all its calls is one statement.
      when clock_timestamp() > statement_timestamp() + interval '90 seconds' then 'unfinished'
    end;
  exception when others then
    status := sqlstate;
  end;
  if status is not null then
    perform private.record_schedule_run(schedule_name, status);
  end if;
  return status is null;
end
$$;
comment on function private.run_sql_schedule(text) is
  'Calls the function of a schedule once. Returns true if it has to be called again; otherwise it records how the run '
  'ended. Called by the statement of sql_schedule_command.';

-- A DO block: a procedure with SET cannot COMMIT.
create function private.sql_schedule_command(schedule_name text)
returns text
language sql
immutable
set search_path = ''
as $$
  select format('do $run$begin while private.run_sql_schedule(%L) loop commit; end loop; end$run$', schedule_name)
$$;
comment on function private.sql_schedule_command(text) is
  'The statement that runs a schedule of an SQL function to its end, each call in a transaction of its own. pg_cron '
  'and the local scheduler run it outside a transaction.';

-- From sql/17_schedule/30_edge_functions.sql

-- The dispatcher: calls edge functions as often as the due work needs. pg_cron and pg_net use it on Supabase, and the
-- scheduler of the local stack uses it otherwise.

create function private.read_http_results()
returns table (call_id bigint, name text, status text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_use_schema('net') then
    return;
  end if;
  return query
  select c.id, c.schedule_name, case
    when r.status_code between 200 and 299 then 'ok'
    when r.status_code is not null then r.status_code::text
    when r.timed_out then 'timeout'
    else 'unreachable'
  end
  from private.schedule_calls c
  -- Uses the existing index on created: a response is never older than its request.
  join net._http_response r on r.id = c.request_id and r.created >= c.called_at;
end
$$;
comment on function private.read_http_results() is
  'Responses of pg_net to calls that are still open. Read at every run, and by npm run schedules.';

create function private.close_call(call_id bigint, status text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  closed private.schedule_calls;
begin
  delete from private.schedule_calls c where c.id = call_id returning * into closed;
  if closed.id is not null then
    perform private.record_schedule_run(closed.schedule_name, status);
  end if;
  return coalesce(closed.asks_again and status = 'ok', false);
end
$$;
comment on function private.close_call(bigint, text) is
  'Ends a call with its status. Returns true if the function asked for the next run at once.';

create function private.close_ended_calls()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.close_call(r.call_id, r.status) from private.read_http_results() r;
  -- Two minutes is longer than a request may take: the caller died, or the server crashed and lost the responses.
  perform private.close_call(c.id, case when c.asks_again is null then 'no_answer' else 'ok' end)
  from private.schedule_calls c
  where c.called_at < now() - interval '2 minutes';
end
$$;
comment on function private.close_ended_calls() is
  'Ends the calls that pg_net has an answer for, and those that will never have one. Every run of any schedule calls '
  'it, because the response to a daily request is deleted before the next day.';

create function private.open_calls(schedule_name text)
returns setof bigint
language plpgsql
set search_path = ''
as $$
declare
  target private.schedules;
  free integer;
  due integer;
begin
  -- Runs wait for each other for a moment. Two that counted at the same time would make calls for the same work.
  perform pg_advisory_xact_lock(hashtextextended('private.open_calls', 0));
  perform private.close_ended_calls();
  select * into target
  from private.schedules s
  where s.name = schedule_name and s.function_path is not null and s.is_enabled;
  if target.name is null then
    return;
  end if;
  select target.max_parallel - count(*)::integer into free
  from private.schedule_calls c
  where c.schedule_name = target.name and c.asks_again is null;
  if free <= 0 then
    return;
  end if;
  if target.due_function is null then
    due := target.per_call;
  else
    execute format('select private.%I($1)', target.due_function) into due using free * target.per_call;
  end if;
  if due = 0 then
    perform private.record_schedule_run(target.name, 'ok');
  end if;
  return query
  insert into private.schedule_calls (schedule_name)
  select target.name
  from generate_series(1, least(free, ceil(due::numeric / target.per_call)::integer))
  returning id;
end
$$;
comment on function private.open_calls(text) is
  'Returns the ids of the calls that the due work of a schedule needs now, beside those that are still open. The '
  'caller makes each call and ends it by private.close_call.';

create function private.read_vault(secret_name text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_use_schema('vault') then
    return null;
  end if;
  return (select nullif(v.decrypted_secret, '') from vault.decrypted_secrets v where v.name = secret_name);
end
$$;
comment on function private.read_vault(text) is
  'A secret of Supabase Vault; null if the secret or Vault does not exist.';

create function private.run_function_schedule(schedule_name text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  functions_url text := private.read_vault('parley_functions_url');
  secret_key text := private.read_vault('parley_secret_key');
  target private.schedules;
  opened bigint;
begin
  if functions_url is null or secret_key is null or not private.can_use_schema('net') then
    perform private.record_schedule_run(schedule_name, 'not_configured');
    return;
  end if;
  select * into target from private.schedules s where s.name = schedule_name;
  for opened in select o.id from private.open_calls(schedule_name) as o (id) loop
    -- The key is not a token: the gateway would refuse it in the Authorization header.
    update private.schedule_calls c
    set request_id = net.http_post(
      url => rtrim(functions_url, '/') || '/' || target.function_path,
      body => target.body || jsonb_build_object('call_id', opened),
      headers => jsonb_build_object('apikey', secret_key, 'content-type', 'application/json'),
      timeout_milliseconds => 90000
    )
    where c.id = opened;
  end loop;
exception when others then
  perform private.record_schedule_run(schedule_name, sqlstate);
end
$$;
comment on function private.run_function_schedule(text) is
  'Lets pg_net call the edge function of a schedule, with URL and secret key from Vault. Called by pg_cron, and by a '
  'call that has done its part. The next run of any schedule reads the responses.';

create function private.finish_call(call_id bigint, has_worked boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  asked text;
begin
  update private.schedule_calls c
  set asks_again = has_worked
  where c.id = call_id and c.asks_again is null
  returning c.schedule_name into asked;
  -- Without pg_cron, the local scheduler looks for more work when it gets the function's response.
  if has_worked and asked is not null and private.can_use_schema('cron') then
    perform private.run_function_schedule(asked);
  end if;
end
$$;
comment on function private.finish_call(bigint, boolean) is
  'Reports that a call has done its part. After one that has worked, the next run starts at once. Definer: the list is '
  'closed to all roles.';
grant execute on function private.finish_call(bigint, boolean) to service_role;

create function public.finish_call(call_id bigint, has_worked boolean)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.finish_call(call_id, has_worked)
$$;
comment on function public.finish_call(bigint, boolean) is
  'Service RPC of scheduled functions: the call has done its part. has_worked is false if it found nothing to do.';
grant execute on function public.finish_call(bigint, boolean) to service_role;

-- From sql/17_schedule/40_cron_jobs.sql

-- Keeps the jobs of pg_cron equal to the list of schedules.

create function private.sync_cron_jobs()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  wanted record;
  changed integer := 0;
begin
  if not private.can_use_schema('cron') then
    return null;
  end if;
  for wanted in
    select s.job_name, s.cron, s.command, j.jobid
    from (
      select 'parley:' || e.name as job_name, e.cron, case
        when e.function_path is null then private.sql_schedule_command(e.name)
        else format('select private.run_function_schedule(%L)', e.name)
      end as command
      from private.schedules e
      where e.is_enabled
    ) s
    full join (
      select c.jobid, c.jobname::text as job_name, c.schedule, c.command
      from cron.job c
      where starts_with(c.jobname::text, 'parley:') and c.username = current_user::text
    ) j on j.job_name = s.job_name
    where (s.cron, s.command) is distinct from (j.schedule, j.command)
  loop
    if wanted.job_name is null then
      perform cron.unschedule(wanted.jobid);
    else
      perform cron.schedule(wanted.job_name, wanted.cron, wanted.command);
    end if;
    changed := changed + 1;
  end loop;
  return changed;
end
$$;
comment on function private.sync_cron_jobs() is
  'Makes the pg_cron jobs named parley:… equal to the list. Returns how many differed, null without pg_cron. Called '
  'by the trigger, and by hand after pg_cron is installed. Definer: a job runs as the role that creates it.';

create function private.follow_schedules()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform private.sync_cron_jobs();
  return null;
end
$$;
comment on function private.follow_schedules() is 'Trigger: updates the jobs of pg_cron after the list changed.';

create trigger schedules_follow_insert_delete
  after insert or delete on private.schedules
  for each statement execute function private.follow_schedules();
create trigger schedules_follow_update
  after update of name, cron, function_path, sql_function, is_enabled on private.schedules
  for each statement execute function private.follow_schedules();

-- Supabase offers both extensions and lets role postgres create them. Elsewhere they may be missing or need another
-- role.
do $$
declare
  wanted record;
begin
  for wanted in
    select a.name, case a.name when 'pg_cron' then 'pg_catalog' else 'extensions' end as schema_name
    from pg_available_extensions a
    where a.name in ('pg_cron', 'pg_net') and a.installed_version is null
  loop
    begin
      execute format('create extension %I with schema %I', wanted.name, wanted.schema_name);
    exception when others then
      raise notice '% is not installed here (%). When it is: select private.sync_cron_jobs();', wanted.name, sqlerrm;
    end;
  end loop;
end
$$;

-- From sql/17_schedule/50_list.sql

-- The schedules of Parley, and the tables that Realtime publishes.

insert into private.schedules (name, cron, function_path, due_function, per_call, max_parallel)
values
  ('lookouts', '* * * * *', 'lookouts/run', 'count_due_lookouts', 50, 20),
  ('turn-recovery', '* * * * *', 'turn-recovery', 'count_stale_turns', 50, 10),
  ('file-indexing', '* * * * *', 'vector-store-cleanup/files', 'count_due_files', 20, 5),
  ('remote-deletions', '* * * * *', 'vector-store-cleanup/deletions', 'count_due_deletions', 300, 20),
  ('stripe-events', '* * * * *', 'stripe-webhook/events', 'count_due_stripe_events', 300, 4);
insert into private.schedules (name, cron, function_path)
values ('vector-store-cleanup', '*/15 * * * *', 'vector-store-cleanup');
insert into private.schedules (name, cron, sql_function)
values
  ('finish-account-deletions', '* * * * *', 'settle_account_deletions'),
  ('refresh-entitlements', '* * * * *', 'refresh_entitlements'),
  -- Once a day; the runs of the same hour continue what a run left unfinished.
  ('retention', '*/10 3 * * *', 'run_retention');

-- Realtime sends changes of published tables to users whose policies let them read the row. The publication may not
-- exist.
do $$
declare
  wanted text;
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables) then
    return;
  end if;
  foreach wanted in array array['chat_sessions', 'chat_messages'] loop
    if not exists (
      select from pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = wanted
    ) then
      execute format('alter publication supabase_realtime add table public.%I', wanted);
    end if;
  end loop;
exception when insufficient_privilege then
  raise notice 'supabase_realtime belongs to somebody else: add chat_sessions and chat_messages there by hand.';
end
$$;

-- From sql/18_accounts/10_tables.sql

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

-- From sql/18_accounts/20_erase.sql

-- Erases an account: its customers at Stripe, its chats, and the profile's own rows.

create function private.holder_of_customer(customer public.stripe_customers)
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(
    customer.user_id,
    -- In an upsert, the trigger runs before the existing row is known.
    (select c.user_id from public.stripe_customers c where c.id = customer.id),
    (select p.id from public.profiles p where p.stripe_customer_id = customer.id),
    (
      select p.id
      from public.profiles p
      where p.id = case
        when customer.metadata ->> 'profile_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
          then (customer.metadata ->> 'profile_id')::uuid
      end
    )
  )
$$;
comment on function private.holder_of_customer(public.stripe_customers) is
  'The profile whose deletion also deletes this customer. A link comes first. The metadata, which Parley''s server '
  'writes when it creates a customer, counts only for a customer without a link. Nobody gains a right by it.';
grant execute on function private.holder_of_customer(public.stripe_customers) to service_role;

create function private.enqueue_customer(customer_id text)
returns void
language sql
set search_path = ''
as $$
  -- An entry that is already in the outbox keeps its due time and attempts.
  select private.enqueue_deletion('stripe_customer', customer_id)
  where not exists (
    select from private.remote_deletions d where d.kind = 'stripe_customer' and d.remote_id = customer_id
  )
$$;
comment on function private.enqueue_customer(text) is
  'Puts a customer at Stripe into the outbox, unless it is there already.';

create function private.enqueue_customer_deletions(profile_id uuid)
returns void
language sql
set search_path = ''
as $$
  -- The update fires the triggers that remove personal data and enqueue the deletion.
  update public.stripe_customers c
  set email = null, name = null
  where (
      c.user_id = enqueue_customer_deletions.profile_id
      or (c.user_id is null and c.metadata ->> 'profile_id' = enqueue_customer_deletions.profile_id::text)
    )
    and private.holder_of_customer(c) = enqueue_customer_deletions.profile_id;

  update public.subscriptions s
  set custom_field_data = null, cancellation_comment = null
  where s.user_id = enqueue_customer_deletions.profile_id
    and num_nonnulls(s.custom_field_data, s.cancellation_comment) > 0;

  select private.enqueue_customer(p.stripe_customer_id)
  from public.profiles p
  where p.id = enqueue_customer_deletions.profile_id
    and p.stripe_customer_id is not null
$$;
comment on function private.enqueue_customer_deletions(uuid) is
  'Enqueues the Stripe customers of a closed profile for deletion, also customers that were created and never linked. '
  'Rows stay without personal data, because other rows refer to them. Subscriptions lose what the user wrote.';

create function private.forget_customer()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  holder uuid := private.holder_of_customer(new);
begin
  if exists (select from public.profiles p where p.id = holder and p.is_deleted) then
    new.email := null;
    new.name := null;
    -- For a customer that is not linked, only this says whose it was.
    new.metadata := case when new.user_id is null then jsonb_build_object('profile_id', holder) else '{}'::jsonb end;
  end if;
  return new;
end
$$;
comment on function private.forget_customer() is
  'Trigger: removes personal data that Stripe still sends about the customer of a deleted account.';

create function private.enqueue_customer_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from public.profiles p where p.id = private.holder_of_customer(new) and p.is_deleted) then
    perform private.enqueue_customer(new.id);
  end if;
  return null;
end
$$;
comment on function private.enqueue_customer_deletion() is
  'Trigger: enqueues a customer that appears or is linked after its account was deleted. Definer: the outbox is '
  'closed to all roles.';

create function private.forget_subscription()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from public.profiles p where p.id = new.user_id and p.is_deleted) then
    new.custom_field_data := null;
    new.cancellation_comment := null;
  end if;
  return new;
end
$$;
comment on function private.forget_subscription() is
  'Trigger: removes what the user of a deleted account wrote in the checkout or when canceling. Stripe still sends it.';

create trigger subscriptions_forget
  before insert or update on public.subscriptions
  for each row when (num_nonnulls(new.custom_field_data, new.cancellation_comment) > 0)
  execute function private.forget_subscription();

create trigger stripe_customers_forget
  before insert or update on public.stripe_customers
  for each row execute function private.forget_customer();

create trigger stripe_customers_let_go
  after insert or update on public.stripe_customers
  for each row when (not new.is_deleted)
  execute function private.enqueue_customer_deletion();

create function private.enqueue_account_deletion(profile_id uuid)
returns void
language sql
set search_path = ''
as $$
  insert into private.account_deletions (profile_id)
  values (enqueue_account_deletion.profile_id)
  on conflict on constraint account_deletions_pkey do nothing
$$;
comment on function private.enqueue_account_deletion(uuid) is
  'Adds an account to the list of deletions, which the schedule works through.';

create function private.close_account(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  address text;
begin
  perform private.lock_with_members(close_account.profile_id);
  select lower(p.email) into address from public.profiles p where p.id = close_account.profile_id;
  perform private.enqueue_account_deletion(close_account.profile_id);
  perform private.remember_account(close_account.profile_id);

  -- If the user was the last member, the organization is deleted. Otherwise the ownership passes on.
  perform private.anonymize_profile(close_account.profile_id);
  -- Skips an invitation that is being accepted, because that transaction holds the organization and waits for a
  -- profile. It deletes the invitation itself.
  delete from public.organization_invitations i
  where i.id in (
    select d.id from public.organization_invitations d
    where d.invited_by = close_account.profile_id or d.email = address
    for update skip locked
  );
  perform private.enqueue_customer_deletions(close_account.profile_id);
end
$$;
comment on function private.close_account(uuid) is
  'Closes an account at once, whatever its size: nobody can act with it, nothing of it is public, and its data is due '
  'to be erased. A second call changes nothing.';

create function private.erase_chats(profile_id uuid, max_rows integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  budget integer := max_rows;
  erased integer;
  files integer;
  doomed uuid;
begin
  for doomed in
    select s.id from public.chat_sessions s where s.user_id = erase_chats.profile_id limit max_rows
  loop
    -- Locks the session before its messages and turns, as private.lock_session_of does.
    perform from public.chat_sessions s where s.id = doomed for update;
    delete from public.chat_messages m
    where m.id in (
      select d.id from public.chat_messages d
      where d.session_id = doomed and d.user_id = erase_chats.profile_id
      order by d.seq
      limit budget
    );
    get diagnostics erased = row_count;
    budget := budget - erased;
    exit when budget <= 0;

    select count(*)::integer into files from public.chat_files f where f.session_id = doomed;
    delete from public.chat_sessions s where s.id = doomed;
    budget := budget - 1 - files;
    exit when budget <= 0;
  end loop;
  return budget;
end
$$;
comment on function private.erase_chats(uuid, integer) is
  'Deletes chats of a profile, long chats message by message. Returns how many more rows this batch may delete.';

create function private.erase_account(profile_id uuid, max_rows integer)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  budget integer := private.erase_chats(profile_id, max_rows);
  erased integer;
  target text;
begin
  foreach target in array array[
    'user_activity', 'sync_logs', 'bridge_tokens', 'admin_notes', 'usage_counters', 'custom_instructions'
  ] loop
    exit when budget <= 0;
    execute format(
      'delete from public.%1$I where ctid = any (array(
         select t.ctid from public.%1$I t where t.user_id = $1 limit $2
       ))',
      target
    ) using erase_account.profile_id, budget;
    get diagnostics erased = row_count;
    budget := budget - erased;
  end loop;
  if budget <= 0 then
    return true;
  end if;

  delete from private.rate_counters r where r.subject = erase_account.profile_id::text;
  perform private.enqueue_customer_deletions(erase_account.profile_id);
  perform private.enqueue_deletion('object', o.name)
  from storage.objects o
  where o.bucket_id = 'chat-files'
    and o.name like erase_account.profile_id || '/%'
    and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name)
  limit budget;
  get diagnostics erased = row_count;
  return erased >= budget;
end
$$;
comment on function private.erase_account(uuid, integer) is
  'Erases one batch of a closed account; true if more is left and the caller should call again.';

-- From sql/18_accounts/30_deletion.sql

-- The deletion of an account: requested by the user, continued by the schedule, or started by the deletion of the
-- login.

create function private.require_sole_member(me public.profiles)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if me.organization_role is distinct from 'owner' then
    return;
  end if;
  -- A user who joins waits for this lock and then finds no organization.
  perform from public.organizations o where o.id = me.organization_id for no key update;
  if exists (select from public.profiles p where p.organization_id = me.organization_id and p.id <> me.id) then
    perform private.refuse(
      409, 'owner_must_transfer',
      'Your organization has other members. Transfer the ownership or delete the organization first.'
    );
  end if;
end
$$;
comment on function private.require_sole_member(public.profiles) is
  'Refuses with 409 the owner of an organization that has other members.';

create function private.end_sessions(auth_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from auth.sessions s where s.user_id = auth_user_id;
exception when insufficient_privilege then
  -- The sessions are deleted with the login and cannot be used until then.
  raise warning 'sessions of % stay until the login goes', auth_user_id;
end
$$;
comment on function private.end_sessions(uuid) is
  'Signs a login out everywhere, so that no session can be refreshed. The table belongs to the Auth service.';

create function private.request_account_deletion()
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles;
begin
  select * into me from public.profiles p where p.auth_id = auth.uid();
  if me.id is null then
    me := private.ensure_profile(auth.uid());
  end if;
  if me.role = 'admin' then
    -- As in private.lock_admins: if two admins leave at once, one is refused.
    perform private.queue_admin_change();
  end if;
  perform private.lock_with_members(me.id);
  select * into me from public.profiles p where p.id = me.id;
  if not me.is_deleted then
    perform private.require_signed_in();
    perform private.require_sole_member(me);
    perform private.close_account(me.id);
    perform private.require_admin_left(me);
    -- The calling function continues. The schedule takes over after a minute without a call.
    update private.account_deletions d set due_at = now() + interval '1 minute' where d.profile_id = me.id;
  end if;
  perform private.end_sessions(me.auth_id);
  return jsonb_build_object('profile_id', me.id, 'stripe_customers', to_jsonb(array(
    select c.id from public.stripe_customers c where c.user_id = me.id and not c.is_deleted order by c.id
  )));
end
$$;
comment on function private.request_account_deletion() is
  'Closes the caller''s account and signs it out, or refuses and changes nothing. Suspended users can call it too, but '
  'no token whose sign-in has ended. '
  'Definer: clients cannot write profiles and sessions; the caller is taken from the token.';
grant execute on function private.request_account_deletion() to authenticated;

create function public.request_account_deletion()
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.request_account_deletion()
$$;
comment on function public.request_account_deletion() is
  'Client RPC behind DELETE /account, which then calls continue_account_deletion. Returns { profile_id, '
  'stripe_customers }, also when called again. 409 owner_must_transfer, last_admin; 401 unknown_user if the login is '
  'gone, session_ended if the sign-in of the token has ended.';
grant execute on function public.request_account_deletion() to authenticated;

create function private.continue_account_deletion(profile_id uuid)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform from private.account_deletions d
  where d.profile_id = continue_account_deletion.profile_id
  for update;
  if not found or not private.erase_account(continue_account_deletion.profile_id, 2000) then
    return false;
  end if;
  update private.account_deletions d
  set due_at = now() + interval '1 minute'
  where d.profile_id = continue_account_deletion.profile_id;
  return true;
end
$$;
comment on function private.continue_account_deletion(uuid) is
  'Erases a batch of a closed account. Definer: the list of deletions is closed to all roles, and the function erases '
  'only accounts on it.';
grant execute on function private.continue_account_deletion(uuid) to service_role;

create function public.continue_account_deletion(profile_id uuid)
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.continue_account_deletion(profile_id)
$$;
comment on function public.continue_account_deletion(uuid) is
  'Service RPC of the account function: erases up to 2000 rows of an account that request_account_deletion has '
  'closed. Returns true if more is left and the caller should call again.';
grant execute on function public.continue_account_deletion(uuid) to service_role;

create function private.settle_account_deletions()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  deletion private.account_deletions;
begin
  select * into deletion
  from private.account_deletions d
  where d.due_at <= now()
  order by d.due_at
  limit 1
  for update skip locked;
  if deletion.profile_id is null then
    return false;
  end if;

  begin
    perform private.close_account(deletion.profile_id);
    if not private.erase_account(deletion.profile_id, 5000) then
      delete from auth.users u
      using public.profiles p
      where p.id = deletion.profile_id and u.id = p.auth_id;
      -- Runs once more after 15 minutes, when every request that was running at the closing has ended.
      update private.account_deletions d
      set due_at = d.requested_at + interval '15 minutes'
      where d.profile_id = deletion.profile_id;
      delete from private.account_deletions d
      where d.profile_id = deletion.profile_id and d.due_at <= now();
    end if;
  exception when others then
    raise warning 'deletion of profile % waits: %', deletion.profile_id, sqlstate;
    update private.account_deletions d
    set due_at = now() + interval '10 minutes'
    where d.profile_id = deletion.profile_id;
  end;
  return exists (select from private.account_deletions d where d.due_at <= now());
end
$$;
comment on function private.settle_account_deletions() is
  'Runs one step of one deletion that no function works on: a batch, or the login when nothing else is left. True '
  'asks for another call. Called by the schedule.';

create function private.handle_auth_user_deleted()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  gone uuid;
begin
  select p.id into gone from public.profiles p where p.auth_id = old.id;
  if gone is null then
    return old;
  end if;
  perform private.lock_with_members(gone);
  -- Comes before the block that may fail, so that the schedule can repair any failure there.
  perform private.enqueue_account_deletion(gone);
  -- The login, which has the address, is gone when the schedule continues.
  perform private.remember_account(gone);
  begin
    perform private.close_account(gone);
    -- Skips an account that another transaction is erasing. The schedule completes a large account, so that Auth does
    -- not wait.
    perform from private.account_deletions d where d.profile_id = gone for update skip locked;
    if found then
      perform private.erase_account(gone, 5000);
    end if;
  exception when others then
    raise warning 'account of auth user % waits to be deleted: %', old.id, sqlerrm;
  end;
  return old;
exception when others then
  raise warning 'account of auth user % was not deleted: %', old.id, sqlerrm;
  return old;
end
$$;
comment on function private.handle_auth_user_deleted() is
  'Trigger on auth.users: deletes the account of a deleted login, as request_account_deletion does. The ownership of '
  'an organization passes on. The trigger never makes the deletion of a login fail. Definer: the Auth service has no '
  'rights here.';

create trigger parley_auth_user_deleted
  before delete on auth.users
  for each row execute function private.handle_auth_user_deleted();

-- From sql/18_accounts/40_export.sql

-- The export of an account, section by section and page by page.

create function private.export_sections()
returns table (section text, source text, keys text[], condition text, session_key text, is_hidden boolean)
language sql
immutable
set search_path = ''
as $$
  values
    ('profiles', 'public.profiles', '{id}'::text[], 't.id = $1', null, false),
    ('custom_instructions', 'public.custom_instructions', '{user_id}', 't.user_id = $1', null, false),
    ('chat_sessions', 'public.chat_sessions', '{id}', 't.user_id = $1', null, false),
    ('chat_messages', 'public.chat_messages', '{session_id,seq}', null, 'integer', false),
    ('chat_turns', 'public.chat_turns', '{session_id,id}', null, 'uuid', false),
    ('tool_calls', 'public.tool_calls', '{session_id,id}', null, 'uuid', false),
    ('chat_files', 'public.chat_files', '{session_id,id}', null, 'uuid', false),
    ('vector_stores', 'public.vector_stores', '{session_id,id}', null, 'uuid', false),
    ('usage_counters', 'public.usage_counters', '{feature,period_start}', 't.user_id = $1', null, false),
    ('usage_metrics', 'public.usage_metrics', '{day,feature_type,model}', 't.user_id = $1', null, false),
    ('monthly_costs', 'public.monthly_costs', '{month}', 't.user_id = $1', null, false),
    ('stripe_customers', 'public.stripe_customers', '{id}', 't.user_id = $1', null, false),
    ('subscriptions', 'public.subscriptions', '{id}', 't.user_id = $1', null, false),
    ('subscription_items', 'public.subscription_items', '{id}',
      't.subscription_id in (select s.id from public.subscriptions s where s.user_id = $1)', null, false),
    ('payments', 'public.payments', '{id}', 't.user_id = $1', null, false),
    ('credit_grants', 'private.credit_grants', '{id}', 't.user_id = $1', null, true),
    ('organizations', 'public.organizations', '{id}',
      't.id = (select p.organization_id from public.profiles p where p.id = $1)', null, false),
    ('organization_invitations',
      '(select id, organization_id, email, role, invited_by, expires_at, created_at, updated_at
        from public.organization_invitations)',
      '{id}', 't.invited_by = $1', null, true),
    ('lookouts', 'public.lookouts', '{id}', 't.user_id = $1', null, false),
    ('lookout_runs', 'public.lookout_runs', '{lookout_id,scheduled_at}',
      't.user_id = $1 and t.lookout_id = any (array(select l.id from public.lookouts l where l.user_id = $1))',
      null, false),
    ('user_activity', 'public.user_activity', '{created_at,id}', 't.user_id = $1', null, false),
    ('bridge_tokens',
      '(select id, user_id, session_data, client_ip, user_agent, expires_at, redeemed_at, created_at
        from public.bridge_tokens)',
      '{id}', 't.user_id = $1', null, true),
    ('sync_logs', 'public.sync_logs', '{created_at,id}', 't.user_id = $1', null, true)
$$;
comment on function private.export_sections() is
  'The sections of an export. A section has the rows of source (t) that meet condition ($1 is the profile), in the '
  'order of keys. Keys are unique for a user and never change. With session_key, which is the type of the second key, '
  'rows are read session by session, in index order. is_hidden marks tables that clients cannot read.';
grant execute on function private.export_sections() to authenticated;

create function private.export_query(
  source text, keys text[], condition text, session_key text, after text[], max_rows integer
)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when session_key is null then format(
    'select array[%s], row_to_json(t)::text from %s t where %s %s order by %s',
    (select string_agg(format('t.%I::text', key), ', ' order by n) from unnest(keys) with ordinality as k (key, n)),
    source, condition,
    case when after is not null then format('and (%s) > (%s)', columns.list, (
      select string_agg(quote_nullable(value), ', ' order by n) from unnest(after) with ordinality as a (value, n)
    )) end,
    columns.list
  ) else format(
    'select array[s.id::text, t.%2$I::text], row_to_json(t)::text
     from (select c.id from public.chat_sessions c where c.user_id = $1 %4$s order by c.id) s
     cross join lateral (
       select r.* from %1$s r where r.session_id = s.id and r.user_id = $1 %5$s order by r.%2$I limit %3$s
     ) t
     order by s.id, t.%2$I',
    source, keys[2], max_rows,
    case when after is not null then format('and c.id >= %L', after[1]) end,
    case when after is not null then format(
      'and r.%I > case when s.id = %L then %L else %L end::%s', keys[2], after[1], after[2],
      case session_key when 'integer' then '0' else '00000000-0000-0000-0000-000000000000' end, session_key
    ) end
  ) end
  from (
    select string_agg(format('t.%I', key), ', ' order by n) as list from unnest(keys) with ordinality as k (key, n)
  ) columns
$$;
comment on function private.export_query(text, text[], text, text, text[], integer) is
  'The query of a section without its limit: keys as text, and the row as JSON. Only after comes from the caller, and '
  'it is quoted.';
grant execute on function private.export_query(text, text[], text, text, text[], integer) to authenticated;

create function private.read_export_page(section text, after text[])
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  max_rows constant integer := 1000;
  max_bytes constant integer := 1000000;
  me uuid := private.current_profile_id();
  query text := (
    select private.export_query(s.source, s.keys, s.condition, s.session_key, after, max_rows)
    from private.export_sections() s
    where s.section = read_export_page.section
      and (after is null or cardinality(after) = cardinality(s.keys))
  );
  bodies text[] := array[]::text[];
  bytes integer := 0;
  last_keys text[];
  body text;
begin
  -- Refuses an account that was deleted during its export, so that the rest is not exported as empty.
  if me is null then
    perform private.refuse(401, 'unknown_user', 'This login no longer exists. Sign in again or create a new account.');
  end if;
  if query is null then
    perform private.refuse(
      400, 'invalid_cursor',
      'The cursor of the export does not fit its section. Send the cursor of the previous page, or none.'
    );
  end if;

  for last_keys, body in execute query || ' limit ' || max_rows using me
  loop
    bodies := array_append(bodies, body);
    bytes := bytes + octet_length(body);
    exit when bytes >= max_bytes;
  end loop;
  return format('{"next":%s,"rows":[%s]}',
    case when cardinality(bodies) = max_rows or bytes >= max_bytes then to_json(last_keys)::text else 'null' end,
    array_to_string(bodies, ',')
  )::json;
end
$$;
comment on function private.read_export_page(text, text[]) is
  'One page of a section, with the caller''s rows as the running role sees them: 1000 rows at most, or about a '
  'megabyte.';
grant execute on function private.read_export_page(text, text[]) to authenticated;

create function private.read_hidden_export_page(section text, after text[])
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.read_export_page(section, after);
end
$$;
comment on function private.read_hidden_export_page(text, text[]) is
  'As read_export_page. Definer: the user owns rows in tables that clients cannot read; the caller is taken from the '
  'token.';
grant execute on function private.read_hidden_export_page(text, text[]) to authenticated;

create function private.export_account(section text, after text[])
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  is_hidden boolean := (select s.is_hidden from private.export_sections() s where s.section = export_account.section);
begin
  if is_hidden is null then
    perform private.refuse(
      404, 'unknown_section',
      'An export has no section with this name. Use one of the section names of AccountExport in types/api.ts.'
    );
  end if;
  if is_hidden then
    return private.read_hidden_export_page(section, after);
  end if;
  return private.read_export_page(section, after);
end
$$;
comment on function private.export_account(text, text[]) is
  'One page of a section. Tables that clients can read are read under the caller''s own row-level security.';
grant execute on function private.export_account(text, text[]) to authenticated;

create function public.export_account(section text, after text[] default null)
returns json
language sql
stable
security invoker
set search_path = ''
as $$
  select private.export_account(section, after)
$$;
comment on function public.export_account(text, text[]) is
  'Client RPC behind GET /account/export: { next, rows } of one section, such as chat_messages. next is the after of '
  'the next page, null on the last page.';
grant execute on function public.export_account(text, text[]) to authenticated;

-- From sql/19_identities/10_tables.sql

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

-- From sql/19_identities/20_hashes.sql

-- Hashes of addresses and phone numbers, and the key that they need.

create function private.identity_pepper()
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return coalesce(
    (select p.pepper from private.identity_peppers p), private.read_vault('parley_identity_pepper')
  );
exception when others then
  -- Without a key, no usage is remembered. Users can still sign up and delete their accounts.
  raise warning 'the key of identities cannot be read: %', sqlstate;
  return null;
end
$$;
comment on function private.identity_pepper() is 'Returns the key of the hashes of addresses; null if there is none.';

create function private.keep_identity_pepper(new_pepper text default null)
returns void
language plpgsql
set search_path = ''
as $$
declare
  kept text := coalesce(new_pepper, private.identity_pepper(), encode(extensions.gen_random_bytes(32), 'hex'));
begin
  if kept = private.identity_pepper() then
    return;
  end if;
  delete from private.identity_peppers;
  begin
    if private.read_vault('parley_identity_pepper') is null then
      perform vault.create_secret(kept, 'parley_identity_pepper');
    else
      perform vault.update_secret(s.id, kept) from vault.secrets s where s.name = 'parley_identity_pepper';
    end if;
  exception when invalid_schema_name or undefined_table or undefined_function or insufficient_privilege then
    insert into private.identity_peppers (pepper) values (kept);
  end;
end
$$;
comment on function private.keep_identity_pepper(text) is
  'Stores a key, or creates one if there is none: in Supabase Vault, or in private.identity_peppers where Vault is '
  'missing. Called by the migration, and by npm run db:restore with the key of the backup.';

create function private.canonical_email(address text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  clean text := lower(btrim(address));
  -- The domain follows the last @, because the local part may contain one in quotes.
  domain text := regexp_replace(clean, '^.*@', '');
  mailbox text := regexp_replace(regexp_replace(clean, '@[^@]*$', ''), '(.)\+.*$', '\1');
begin
  if domain in ('gmail.com', 'googlemail.com') then
    -- Source: https://support.google.com/mail/answer/7436150
    return replace(mailbox, '.', '') || '@gmail.com';
  end if;
  return mailbox || '@' || domain;
end
$$;
comment on function private.canonical_email(text) is
  'Returns the address of the mailbox: in lower case, trimmed, without +tag, and at Gmail without dots. Used for '
  'hashes only; sign-in and mails use the address as it is.';

create function private.login_hashes(login auth.users)
returns bytea[]
language plpgsql
stable
set search_path = ''
as $$
declare
  pepper text := private.identity_pepper();
begin
  if pepper is null
    or (select p.identity_days from private.retention_policy p) = 0
    or login.raw_app_meta_data::jsonb ->> 'is_test' = 'true'
  then
    return '{}'::bytea[];
  end if;
  return array(
    select extensions.hmac(convert_to(contact.value, 'UTF8'), convert_to(pepper, 'UTF8'), 'sha256') as hash
    from (
      values
        (login.email_confirmed_at, 'email:' || private.canonical_email(nullif(login.email::text, ''))),
        (login.phone_confirmed_at, 'phone:' || regexp_replace(nullif(login.phone::text, ''), '\D', '', 'g'))
    ) as contact (confirmed_at, value)
    where contact.confirmed_at is not null and contact.value is not null
    order by hash
  );
end
$$;
comment on function private.login_hashes(auth.users) is
  'Returns the hashes of the confirmed address and phone number of a login, in the order in which their rows are '
  'locked. Empty while identity_days of the retention policy is 0, and for a login whose app_metadata has is_test. '
  'Only the secret key can set it.';

select private.keep_identity_pepper();

-- From sql/19_identities/30_usage.sql

-- Usage that outlives an account: written when an address loses its account, read when it gets another.

create function private.base_plan(is_anonymous boolean)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when is_anonymous then 'anonymous' else 'free' end
$$;
comment on function private.base_plan(boolean) is
  'Returns the plan of a profile that has neither bought nor been given one.';

create function private.has_subscribed(profile_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select from public.subscriptions s
    where s.user_id = profile_id and s.status not in ('incomplete', 'incomplete_expired')
  );
end
$$;
comment on function private.has_subscribed(uuid) is
  'True for a profile that has or had a subscription, with or without a trial.';

create function private.may_have_trial(profile public.profiles)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not private.has_subscribed(profile.id) and not exists (
    select from auth.users u
    join private.identities i on i.hash = any (private.login_hashes(u))
    where u.id = profile.auth_id and i.trial_used_at is not null
  );
end
$$;
comment on function private.may_have_trial(public.profiles) is
  'False if the profile, or another account of its address or phone number, has ever subscribed.';

create function private.identity_of_usage(profile public.profiles)
returns private.identities
language plpgsql
stable
set search_path = ''
as $$
declare
  usage private.identities;
begin
  usage.period_start := private.quota_period_start(profile.quota_last_reset);
  usage.messages := case when usage.period_start > profile.quota_last_reset then 0 else profile.subscription_usage end;
  usage.day := (now() at time zone 'UTC')::date;
  usage.month := private.this_month();
  select coalesce(max(c.count) filter (where c.feature = 'messages'), 0),
    coalesce(max(c.count) filter (where c.feature = 'searches'), 0)
  into usage.messages_today, usage.searches
  from public.usage_counters c
  where c.user_id = profile.id
    and (
      (c.feature = 'messages' and c.period_start = date_trunc('day', now(), 'UTC'))
      or (c.feature = 'searches' and c.period_start = date_trunc('month', now(), 'UTC'))
    );
  usage.spent := coalesce((
    select c.spent + c.reserved + c.carried from public.monthly_costs c
    where c.user_id = profile.id and c.month = usage.month
  ), 0);
  usage.trial_used_at := case when private.has_subscribed(profile.id) then now() end;
  return usage;
end
$$;
comment on function private.identity_of_usage(public.profiles) is
  'Returns what a profile has used of its current periods, and whether it has subscribed. The hash is null.';

create function private.remember_usage(profile public.profiles, hashes bytea[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  usage private.identities := private.identity_of_usage(profile);
begin
  if usage.trial_used_at is null
    and greatest(usage.messages, usage.messages_today, usage.searches, usage.spent) = 0
  then
    return;
  end if;
  insert into private.identities as i
    (hash, messages, period_start, day, messages_today, month, searches, spent, trial_used_at)
  select h, usage.messages, usage.period_start, usage.day, usage.messages_today, usage.month, usage.searches,
    usage.spent, usage.trial_used_at
  from unnest(hashes) with ordinality as known (h, position)
  order by position
  -- Several accounts may have had the address. The larger number of a period counts.
  on conflict (hash) do update
  set (messages, period_start) = (
        select u.messages, u.period_start
        from (values (i.messages, i.period_start), (excluded.messages, excluded.period_start))
          as u (messages, period_start)
        where private.quota_period_start(u.period_start) = u.period_start
        order by u.messages desc, u.period_start desc
        limit 1
      ),
      day = excluded.day,
      messages_today = greatest(excluded.messages_today, case when i.day = excluded.day then i.messages_today end),
      month = excluded.month,
      searches = greatest(excluded.searches, case when i.month = excluded.month then i.searches end),
      spent = greatest(excluded.spent, case when i.month = excluded.month then i.spent end),
      trial_used_at = coalesce(excluded.trial_used_at, i.trial_used_at);
exception when others then
  raise warning 'usage of profile % was not remembered: %', profile.id, sqlstate;
end
$$;
comment on function private.remember_usage(public.profiles, bytea[]) is
  'Stores what a profile has used for the hashes of its login. A failure is only a warning, so that it never makes a '
  'deletion fail.';

create function private.remember_account(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.remember_usage(p, private.login_hashes(u))
  from public.profiles p
  join auth.users u on u.id = p.auth_id
  where p.id = remember_account.profile_id and not p.is_deleted;
end
$$;
comment on function private.remember_account(uuid) is
  'Stores what an account has used before it is closed. Does nothing for an account that is closed already.';

create function private.known_usage(hashes bytea[])
returns private.identities
language plpgsql
stable
set search_path = ''
as $$
declare
  today date := (now() at time zone 'UTC')::date;
  known private.identities;
begin
  select i.messages, i.period_start into known.messages, known.period_start
  from private.identities i
  where i.hash = any (hashes) and private.quota_period_start(i.period_start) = i.period_start
  order by i.messages desc, i.period_start desc
  limit 1;
  select coalesce(max(i.messages_today) filter (where i.day = today), 0),
    coalesce(max(i.searches) filter (where i.month = private.this_month()), 0),
    coalesce(max(i.spent) filter (where i.month = private.this_month()), 0)
  into known.messages_today, known.searches, known.spent
  from private.identities i
  where i.hash = any (hashes);
  return known;
end
$$;
comment on function private.known_usage(bytea[]) is
  'Returns what former accounts of an address or phone number have used of the current periods. messages is null if '
  'nothing is known.';

create function private.with_known_usage(profile public.profiles, hashes bytea[])
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  known private.identities := private.known_usage(hashes);
  own_start timestamptz := private.quota_period_start(profile.quota_last_reset);
  own_usage integer := case when own_start > profile.quota_last_reset then 0 else profile.subscription_usage end;
  given public.profiles := profile;
begin
  if coalesce(known.messages, 0) > own_usage then
    given.subscription_usage := known.messages;
    -- A fresh account also takes over when the period ends. A bought plan keeps the period of its subscription.
    given.quota_last_reset := case
      when own_usage = 0 and coalesce(profile.plan_source, 'none') = 'none' then known.period_start
      else own_start
    end;
  end if;
  return given;
end
$$;
comment on function private.with_known_usage(public.profiles, bytea[]) is
  'Returns a profile with the messages that former accounts of its address used, if they used more. Writes nothing.';

create function private.recall_counters(profile_id uuid, hashes bytea[])
returns void
language plpgsql
set search_path = ''
as $$
declare
  known private.identities := private.known_usage(hashes);
begin
  insert into public.usage_counters as c (user_id, feature, period_start, count, reset_at)
  select recall_counters.profile_id, used.feature, date_trunc(used.unit, now(), 'UTC'), used.count,
    date_trunc(used.unit, now(), 'UTC') + ('1 ' || used.unit)::interval
  from (values ('messages', 'day', known.messages_today), ('searches', 'month', known.searches))
    as used (feature, unit, count)
  where used.count > 0
  on conflict on constraint usage_counters_pkey do update set count = greatest(c.count, excluded.count);

  insert into public.monthly_costs as c (user_id, month, carried)
  select recall_counters.profile_id, private.this_month(), known.spent
  where known.spent > 0
  on conflict (user_id, month) do update
  set carried = greatest(c.carried, excluded.carried - c.spent - c.reserved);
end
$$;
comment on function private.recall_counters(uuid, bytea[]) is
  'Gives a profile the messages of the day, the searches and the cost of the month that former accounts of its address '
  'used, if they used more.';

create function private.follow_identities(profile public.profiles, before bytea[], after bytea[])
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  lost bytea[] := array(select h from unnest(before) as h where h <> all (after) order by h);
  gained bytea[] := array(select h from unnest(after) as h where h <> all (before) order by h);
begin
  if profile.id is null or cardinality(lost) + cardinality(gained) = 0 then
    return profile;
  end if;
  perform private.remember_usage(profile, lost);
  perform private.recall_counters(profile.id, gained);
  return private.with_known_usage(profile, gained);
end
$$;
comment on function private.follow_identities(public.profiles, bytea[], bytea[]) is
  'Stores the usage of a profile for an address that it gives up, and returns the profile with the usage of the '
  'address that it gets.';

create function private.remember_trial()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  insert into private.identities as i (hash, trial_used_at)
  select known.hash, now()
  from public.profiles p
  join auth.users u on u.id = p.auth_id
  cross join unnest(private.login_hashes(u)) as known (hash)
  where p.id = new.user_id and not p.is_deleted
  order by known.hash
  on conflict (hash) do update set trial_used_at = excluded.trial_used_at;
  return null;
end
$$;
comment on function private.remember_trial() is
  'Trigger: an address whose account has subscribed gets no other trial. Definer: the role of billing cannot read '
  'logins and hashes.';

create trigger subscriptions_remember_trial_on_insert
  after insert on public.subscriptions
  for each row when (new.user_id is not null and new.status not in ('incomplete', 'incomplete_expired'))
  execute function private.remember_trial();
create trigger subscriptions_remember_trial_on_update
  after update of user_id, status on public.subscriptions
  for each row when (
    new.user_id is not null and new.status not in ('incomplete', 'incomplete_expired')
    and (old.user_id is distinct from new.user_id or old.status is distinct from new.status)
  )
  execute function private.remember_trial();

-- From sql/19_identities/40_retention.sql

-- Retention of identities and of idle anonymous logins.

create function private.purge_identities(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
declare
  trials_since timestamptz := (
    select case p.identity_days when 0 then 'infinity' else now() - make_interval(days => p.identity_days) end
    from private.retention_policy p
  );
begin
  with ended as (
    select i.hash, i.trial_used_at
    from private.identities i
    where i.period_start >= since
      and (
        trials_since = 'infinity'
        or private.quota_period_start(i.period_start) > i.period_start and i.month < private.this_month()
          and (i.trial_used_at is null or i.trial_used_at < trials_since
            or greatest(i.messages, i.messages_today, i.searches, i.spent) > 0)
      )
    limit max_rows
    for update skip locked
  ),
  gone as (
    delete from private.identities i
    using ended e
    where i.hash = e.hash and (e.trial_used_at is null or e.trial_used_at < trials_since)
    returning i.hash
  ),
  cleared as (
    update private.identities i
    set messages = 0, messages_today = 0, searches = 0, spent = 0
    from ended e
    where i.hash = e.hash and e.trial_used_at >= trials_since
    returning i.hash
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end
  into deleted, reached
  from (select g.hash from gone g union all select c.hash from cleared c) as changed;
end
$$;
comment on function private.purge_identities(timestamptz, integer) is
  'Purge: usage of addresses whose periods have ended, and used trials older than identity_days of the policy. The '
  'times are not indexed, because a row exists only for an account that was deleted, moved or subscribed.';

create function private.purge_anonymous_logins(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- The trigger on auth.users deletes the account of each login, so a batch is small.
  with gone as (
    delete from auth.users u
    where u.id in (
      select o.id
      from auth.users o
      where o.is_anonymous
        and greatest(o.created_at, o.last_sign_in_at, o.updated_at)
          < now() - make_interval(days => (select r.anonymous_days from private.retention_policy r))
        -- Auth updates the session at each refresh of a token, at most an hour apart while an app is in use.
        and not exists (
          select from auth.sessions s
          where s.user_id = o.id
            and s.updated_at >= now() - make_interval(days => (select r.anonymous_days from private.retention_policy r))
        )
        and not exists (
          select from public.profiles p
          where p.auth_id = o.id and (p.plan_source <> 'none' or p.role not in ('user', 'banned'))
        )
      order by o.id
      limit least(max_rows, 50)
      for update of o skip locked
    )
    returning u.id
  )
  select count(*)::integer, case when count(*) < least(max_rows, 50) then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_anonymous_logins(timestamptz, integer) is
  'Purge: anonymous logins that nobody used for anonymous_days of the policy, with their accounts and what these have '
  'at OpenAI and in Storage. A login with a plan or a role that somebody gave it stays.';

-- From sql/19_identities/50_sign_ups.sql

-- The hook of Supabase Auth that limits sign-ups from one address.

create function private.address_prefix(address inet)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  own inet := address;
begin
  if address <<= inet '::ffff:0:0/96' then
    -- An IPv4 address in the notation of IPv6.
    own := inet '0.0.0.0' + (address - inet '::ffff:0:0');
  end if;
  return host(network(set_masklen(own, case family(own) when 4 then 32 else 64 end)));
end
$$;
comment on function private.address_prefix(inet) is
  'Returns the part of an address that stands for one customer: an IPv4 address, or the first 64 bits of IPv6.';

create function private.network_bucket(address inet)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return to_hex(hashtext(coalesce(private.address_prefix(address), '')) & 65535);
end
$$;
-- Source: https://github.com/orgs/supabase/discussions/34647
comment on function private.network_bucket(inet) is
  'Returns one of 65,536 subjects of a limit by address. Anybody can name another address in x-forwarded-for with each '
  'call, and a row for each would fill the table of counters. Two networks rarely share a subject.';

create function private.is_own_network(address inet)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return private.address_prefix(address)::inet <<= any (array[
    '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16',
    -- The prefix of ::1 is ::.
    '::/64', 'fc00::/7', 'fe80::/10'
  ]::inet[]);
end
$$;
comment on function private.is_own_network(inet) is
  'True for loopback, link-local and private addresses, which are those of this machine or of a proxy.';

create function private.limit_sign_ups(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_sign_ups constant integer := 30;
  address inet := private.parse_address(event #>> '{metadata,ip_address}');
begin
  if address is null
    or private.is_own_network(address)
    or private.within_rate('sign_up', private.address_prefix(address), max_sign_ups, 'hour')
  then
    return '{}'::jsonb;
  end if;
  return jsonb_build_object('error', jsonb_build_object(
    'http_code', 429,
    'message', 'Too many accounts were created from this network. Try again in an hour, or from another network.'
  ));
end
$$;
comment on function private.limit_sign_ups(jsonb) is
  'Hook before_user_created of Supabase Auth: allows 30 sign-ups an hour from one IPv4 address or 64 bits of IPv6. '
  'Source: https://supabase.com/docs/guides/auth/auth-hooks/before-user-created-hook. Definer: the Auth service has no '
  'rights here.';

-- A database without Supabase Auth has no such role.
do $$
begin
  if exists (select from pg_roles where rolname = 'supabase_auth_admin') then
    grant usage on schema private to supabase_auth_admin;
    grant execute on function private.limit_sign_ups(jsonb) to supabase_auth_admin;
  end if;
end
$$;

-- From sql/20_live_events.sql

-- Live events: what changed for a profile, sent to its clients by Realtime.
-- Source: https://supabase.com/docs/guides/realtime/broadcast#broadcast-from-the-database

create function private.announce(profile_id uuid, event text, payload jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Nobody listens for a deleted account, and its deletion would send an event for each of its chats.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null
    or not exists (select from public.profiles p where p.id = profile_id and not p.is_deleted)
  then
    return;
  end if;
  -- Dynamic, because the schema realtime may not exist.
  execute 'select realtime.send($1, $2, $3, true)' using payload, event, 'user:' || profile_id;
exception when others then
  raise warning 'The live event % was not sent: %', event, sqlerrm;
end
$$;
comment on function private.announce(uuid, text, jsonb) is
  'Sends a live event to the private channel of a profile. Realtime keeps payloads for three days, so they hold ids, '
  'kinds and states only. Does nothing without Realtime. An error becomes a warning and never fails the transaction.';

create function private.announce_chat()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform private.announce(new.user_id, 'chat_created', jsonb_build_object('session_id', new.id));
  elsif tg_op = 'DELETE' then
    perform private.announce(old.user_id, 'chat_deleted', jsonb_build_object('session_id', old.id));
  else
    perform private.announce(
      new.user_id, 'title_changed', jsonb_build_object('session_id', new.id, 'title_origin', new.title_origin)
    );
  end if;
  return null;
end
$$;
comment on function private.announce_chat() is
  'Trigger: announces a new or deleted chat, and a new title. Definer: no client may call private.announce.';

create function private.announce_message()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.announce(
    new.user_id,
    case when tg_op = 'INSERT' then 'message_created' else 'reply_settled' end,
    jsonb_build_object(
      'session_id', new.session_id, 'message_id', new.id, 'sender', new.sender, 'status', new.status
    )
  );
  return null;
end
$$;
comment on function private.announce_message() is
  'Trigger: announces a new message and the end of a reply. Definer: no client may call private.announce.';

create function private.announce_file()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.announce(
    new.user_id, 'file_changed',
    jsonb_build_object('file_id', new.id, 'session_id', new.session_id, 'origin', new.origin, 'status', new.status)
  );
  return null;
end
$$;
comment on function private.announce_file() is
  'Trigger: announces a new file and each new status of a file. Definer: no client may call private.announce.';

create function private.announce_usage()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.announce(new.id, 'usage_changed', '{}');
  return null;
end
$$;
comment on function private.announce_usage() is
  'Trigger: announces that get_my_usage returns something else, because a message was charged or refunded, or the '
  'plan or the credits changed. Definer: no client may call private.announce.';

create function private.allow_live_events()
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  if to_regclass('realtime.messages') is null then
    return false;
  end if;
  if not exists (
    select from pg_policies
    where schemaname = 'realtime' and tablename = 'messages' and policyname = 'parley_messages_select_own'
  ) then
    create policy parley_messages_select_own on realtime.messages
      for select to authenticated
      using (
        extension = 'broadcast'
        and (select realtime.topic()) = 'user:' || (select private.current_profile_id())::text
        and (select private.current_sign_in()) is not null
      );
  end if;
  return true;
exception when insufficient_privilege then
  return false;
end
$$;
comment on function private.allow_live_events() is
  'Creates the policy that lets users join their own channel while their sign-in lasts. There is no policy for '
  'inserts, so Realtime refuses broadcasts of clients. Returns false if Realtime has no tables yet or the caller may '
  'not create the policy. Repeating the call changes nothing.';

create trigger chat_sessions_announce
  after insert or delete on public.chat_sessions
  for each row execute function private.announce_chat();
create trigger chat_sessions_announce_title
  after update of title on public.chat_sessions
  for each row when (old.title is distinct from new.title)
  execute function private.announce_chat();

create trigger chat_messages_announce
  after insert on public.chat_messages
  for each row execute function private.announce_message();
create trigger chat_messages_announce_settled
  after update of status on public.chat_messages
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.announce_message();

create trigger chat_files_announce
  after insert on public.chat_files
  for each row when (new.user_id is not null)
  execute function private.announce_file();
create trigger chat_files_announce_status
  after update of status on public.chat_files
  for each row when (new.user_id is not null and old.status <> new.status)
  execute function private.announce_file();

-- Changes of the quota are not announced: an admin who edits a plan changes it for every profile of the plan.
create trigger profiles_announce_usage
  after update of subscription_usage, tokens, subscription_plan on public.profiles
  for each row when (
    old.subscription_usage <> new.subscription_usage
    or old.tokens <> new.tokens
    or old.subscription_plan <> new.subscription_plan
  )
  execute function private.announce_usage();

do $$
begin
  if not private.allow_live_events() then
    raise notice 'No live events yet. When Realtime runs, call private.allow_live_events() in the SQL editor.';
  end if;
end
$$;

-- From sql/21_tools/10_tables.sql

-- Tools: what assistants can do. The schema and the role of function tools, the tables, and who may read them.

create schema tools;
comment on schema tools is 'The functions that assistants may call. The API never exposes this schema.';
revoke all on schema tools from public;

create function private.make_tools_role()
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Roles belong to the whole server, so this one outlives a reset of the database.
  if not exists (select from pg_roles where rolname = 'parley_tools') then
    -- Without inherit, the policies for authenticated would not apply, and every query would return no rows.
    create role parley_tools nologin inherit;
  end if;
  if not pg_has_role('parley_tools', 'authenticated', 'usage') then
    grant authenticated to parley_tools;
  end if;
  -- Postgres 16 and newer give the creator of a role the right to administrate it, and no right to act as it.
  execute 'grant parley_tools to postgres' || case
    when current_setting('server_version_num')::integer >= 160000 then ' with set true, inherit false' else '' end;
end
$$;
comment on function private.make_tools_role() is
  'Creates the role that function tools run as, unless the server has it. A migration and db:restore call it.';
select private.make_tools_role();
grant usage on schema tools to parley_tools;

create table public.tools (
  slug text primary key,
  kind text not null,
  description text not null default '',
  parameters jsonb,
  is_strict boolean not null default false,
  needs_approval boolean not null default false,
  timeout_ms integer not null default 10000,
  max_calls integer not null default 8,
  required_plan text,
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint tools_required_plan_fkey foreign key (required_plan) references public.plans (slug),
  -- What OpenAI takes as the name of a function.
  constraint tools_slug_check check (slug ~ '^[a-zA-Z0-9_-]{1,64}$'),
  constraint tools_kind_check check (kind in ('function', 'http', 'client', 'mcp', 'provider')),
  constraint tools_parameters_check check (jsonb_typeof(parameters) = 'object'),
  constraint tools_kind_parameters_check check ((parameters is null) = (kind in ('mcp', 'provider'))),
  constraint tools_timeout_ms_check check (timeout_ms between 100 and 60000),
  constraint tools_max_calls_check check (max_calls > 0)
);

create table private.tool_targets (
  tool_slug text primary key,
  function text,
  url text,
  secret_name text,
  definition jsonb,
  constraint tool_targets_tool_slug_fkey foreign key (tool_slug)
    references public.tools (slug) on update cascade on delete cascade,
  -- Without encryption only on the own machine, where a deployed project calls nothing.
  constraint tool_targets_url_check check (
    url ~ '^(https://[^/?#@\s]+|http://(localhost|127\.0\.0\.1)(:\d+)?)([/?#]\S*)?$'
  )
);

create table private.tool_types (
  type_name text primary key,
  schema jsonb not null,
  constraint tool_types_schema_check check (jsonb_typeof(schema) = 'object')
);
insert into private.tool_types (type_name, schema) values
  ('text', '{"type": "string"}'),
  ('character varying', '{"type": "string"}'),
  ('boolean', '{"type": "boolean"}'),
  ('smallint', '{"type": "integer"}'),
  ('integer', '{"type": "integer"}'),
  ('bigint', '{"type": "integer"}'),
  ('numeric', '{"type": "number"}'),
  ('real', '{"type": "number"}'),
  ('double precision', '{"type": "number"}'),
  ('uuid', '{"type": "string", "format": "uuid"}'),
  ('date', '{"type": "string", "format": "date"}'),
  ('timestamp with time zone', '{"type": "string", "format": "date-time"}'),
  ('timestamp without time zone',
    '{"type": "string", "description": "Local date and time, such as 2026-01-31T09:00:00."}'),
  ('time without time zone', '{"type": "string", "description": "Local time, such as 09:00:00."}'),
  ('interval', '{"type": "string", "format": "duration"}');

create table public.assistant_tools (
  assistant_slug text not null,
  tool_slug text not null,
  created_at timestamptz not null default now(),
  constraint assistant_tools_pkey primary key (assistant_slug, tool_slug),
  constraint assistant_tools_assistant_slug_fkey foreign key (assistant_slug)
    references public.assistants (slug) on update cascade on delete cascade,
  constraint assistant_tools_tool_slug_fkey foreign key (tool_slug)
    references public.tools (slug) on update cascade on delete cascade
);

create table public.tool_calls (
  id uuid primary key default gen_random_uuid(),
  turn_id uuid not null,
  session_id uuid not null,
  user_id uuid not null,
  call_id text not null,
  -- No foreign key: the call stays readable after its tool was removed.
  tool_slug text not null,
  kind text not null default 'function',
  arguments jsonb,
  output jsonb,
  status text not null default 'pending',
  error text,
  reason text,
  step integer not null default 1,
  position integer not null default 0,
  attempts integer not null default 0,
  created_at timestamptz not null default now(),
  started_at timestamptz,
  decided_at timestamptz,
  finished_at timestamptz,
  constraint tool_calls_turn_id_call_id_key unique (turn_id, call_id),
  constraint tool_calls_turn_id_fkey foreign key (turn_id) references public.chat_turns (id) on delete cascade,
  constraint tool_calls_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint tool_calls_kind_check check (kind in ('function', 'http', 'client', 'mcp')),
  constraint tool_calls_status_check check (
    status in ('pending', 'awaiting_client', 'awaiting_approval', 'running', 'complete', 'failed', 'denied')
  ),
  constraint tool_calls_finished_at_check
    check ((finished_at is not null) = (status in ('complete', 'failed', 'denied'))),
  constraint tool_calls_error_check check (status not in ('failed', 'denied') or error is not null)
);

comment on table public.tools is
  'What assistants can do. Operators add tools in migrations, with private.add_function_tool and its siblings.';
comment on column public.tools.slug is 'The name that the model sees.';
comment on column public.tools.kind is
  'Who runs it: a function of this database, an HTTP address, the client, or OpenAI (mcp, provider).';
comment on column public.tools.parameters is 'The JSON Schema of the arguments. Null if OpenAI runs the tool.';
comment on column public.tools.is_strict is 'Whether OpenAI holds the model to the schema.';
comment on column public.tools.needs_approval is 'The user must approve each call before it runs.';
comment on column public.tools.timeout_ms is 'Milliseconds that a call of an http tool may take.';
comment on column public.tools.max_calls is 'The most calls of this tool in a turn.';
comment on column public.tools.required_plan is 'The lowest plan that may use the tool. Null means every plan.';
comment on table private.tool_targets is
  'Where tools run: the function with its argument types, or the URL, the name of its secret in Vault, and for '
  'OpenAI''s tools the definition.';
comment on table private.tool_types is
  'The types that arguments of function tools may have, as format_type names them, and their JSON Schema. Add a row '
  'to allow another type.';
comment on table public.assistant_tools is 'Which assistant has which tools.';
comment on table public.tool_calls is
  'The calls of tools in a turn. They are deleted with their turn. Only service RPCs write them.';
comment on column public.tool_calls.call_id is 'OpenAI''s id of the call, unique in the turn.';
comment on column public.tool_calls.kind is 'The kind of the tool; function if there is no such tool.';
comment on column public.tool_calls.arguments is 'What the model sent. Null if it was not valid JSON.';
comment on column public.tool_calls.error is
  'Why the call failed or was denied, as one sentence that the model is told.';
comment on column public.tool_calls.reason is 'The reason that the user gave for approving or denying the call.';
comment on column public.tool_calls.step is 'The response of the turn that made the call, from 1.';
comment on column public.tool_calls.position is 'The place of the call in its step.';
comment on column public.tool_calls.attempts is 'How often an http tool was called.';

create trigger tools_touch before update on public.tools for each row execute function private.touch_updated_at();

alter table public.tools enable row level security;
alter table public.assistant_tools enable row level security;
alter table public.tool_calls enable row level security;
alter table private.tool_targets enable row level security;
alter table private.tool_types enable row level security;

-- Clients need these columns to validate stored messages and to show what a call does. Nothing in them is secret.
grant select (slug, kind, description, parameters, needs_approval) on public.tools to authenticated;
grant select on public.assistant_tools, public.tool_calls to authenticated;
grant select on public.tools, public.assistant_tools to service_role;
grant select, insert, update, delete on public.tool_calls to service_role;

create policy tools_select_active on public.tools for select to authenticated using (is_active);
create policy assistant_tools_select_all on public.assistant_tools for select to authenticated using (true);
create policy tool_calls_select_own on public.tool_calls
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Serve the foreign keys; the second also serves the export.
create index tools_required_plan_idx on public.tools (required_plan);
create index assistant_tools_tool_slug_idx on public.assistant_tools (tool_slug);
create index tool_calls_session_id_user_id_id_idx on public.tool_calls (session_id, user_id, id);
-- Finds the calls that wait for their client.
create index tool_calls_waiting_idx on public.tool_calls (created_at)
  where status in ('awaiting_client', 'awaiting_approval');
create index chat_turns_waiting_idx on public.chat_turns (session_id) where status = 'waiting';

-- From sql/21_tools/20_describe.sql

-- Reads functions of schema tools: whether the model may call them, and the JSON Schema of their arguments.

create function private.type_schema(type_id oid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  kind pg_catalog.pg_type;
  item jsonb;
begin
  select * into kind from pg_catalog.pg_type t where t.oid = type_id;
  if kind.typtype = 'd' then
    return private.type_schema(kind.typbasetype);
  elsif kind.typtype = 'e' then
    return jsonb_build_object('type', 'string', 'enum', (
      select jsonb_agg(e.enumlabel order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = type_id
    ));
  elsif kind.typcategory = 'A' and kind.typelem <> 0 then
    item := private.type_schema(kind.typelem);
    return case when item is not null then jsonb_build_object('type', 'array', 'items', item) end;
  end if;
  return (select t.schema from private.tool_types t where t.type_name = pg_catalog.format_type(type_id, null));
end
$$;
comment on function private.type_schema(oid) is
  'Returns the JSON Schema of a type: of private.tool_types, an enum, a domain or an array of them. Null for others.';

create function private.function_arguments(function_id oid)
returns table (name text, type_id oid, is_optional boolean, "position" integer)
language sql
stable
set search_path = ''
as $$
  select p.proargnames[a.n], a.type_id, a.n > p.pronargs - p.pronargdefaults, a.n::integer
  from pg_catalog.pg_proc p, unnest(p.proargtypes::oid[]) with ordinality as a (type_id, n)
  where p.oid = function_id
$$;
comment on function private.function_arguments(oid) is
  'Returns the arguments of a function in their order, without the columns that it returns. For functions without '
  'OUT arguments.';

-- OpenAI's strict mode wants every argument required and nothing else allowed; an optional argument may be null.
-- Source: https://developers.openai.com/api/docs/guides/function-calling#strict-mode
create function private.function_parameters(function_id oid)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_build_object(
    'type', 'object',
    'properties', coalesce(jsonb_object_agg(a.name, s.schema || case when a.is_optional then
      jsonb_build_object('type', jsonb_build_array(s.schema -> 'type', 'null'))
      || case when s.schema ? 'enum' then jsonb_build_object('enum', s.schema -> 'enum' || 'null'::jsonb) else '{}' end
    else '{}' end) filter (where a.name is not null), '{}'),
    'required', coalesce(jsonb_agg(a.name order by a."position") filter (where a.name is not null), '[]'),
    'additionalProperties', false
  )
  from private.function_arguments(function_id) a, private.type_schema(a.type_id) as s (schema)
$$;
comment on function private.function_parameters(oid) is
  'Returns the JSON Schema of a function''s arguments, as OpenAI''s strict mode wants it. An argument with a default '
  'may be null, and then has its default.';

create function private.function_code(function_id oid)
returns text
language sql
stable
set search_path = ''
as $$
  -- In one pass, so that neither quotes in comments nor dashes in strings matter.
  select regexp_replace(
    coalesce(pg_catalog.pg_get_function_sqlbody(function_id), p.prosrc),
    '''([^'']|'''')*''|--[^\n]*|/\*([^*]|\*+[^*/])*\*+/', ' ', 'g'
  )
  from pg_catalog.pg_proc p
  where p.oid = function_id
$$;
comment on function private.function_code(oid) is 'Returns the body of a function without comments and strings.';

create function private.function_problem(function_id oid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  f pg_catalog.pg_proc;
  code text := private.function_code(function_id);
  bad text;
begin
  select * into f from pg_catalog.pg_proc p where p.oid = function_id;
  if f.prosecdef then
    return 'It is security definer, which would bypass the user''s policies. Make it security invoker.';
  elsif f.prokind <> 'f' then
    return 'It is no plain function. Write a function; procedures and aggregates cannot be called.';
  elsif (select l.lanname from pg_catalog.pg_language l where l.oid = f.prolang) not in ('sql', 'plpgsql') then
    return 'Its language is neither sql nor plpgsql. Use one of them.';
  elsif (select count(*) from pg_catalog.pg_proc p where p.pronamespace = f.pronamespace and p.proname = f.proname) > 1
  then
    return 'There are several functions with this name. Give each its own name.';
  elsif not exists (select from unnest(f.proconfig) as s where s like 'search\_path=%') then
    return 'It has no search_path of its own. Add "set search_path = ''''".';
  elsif exists (select from unnest(f.proconfig) as s where s not like 'search\_path=%') then
    return 'It sets more than search_path. Remove the other settings.';
  elsif f.provariadic <> 0 or exists (select from unnest(f.proargmodes) as m where m not in ('i', 't')) then
    return 'It has OUT, INOUT or VARIADIC arguments. Use "returns table (…)" or an array.';
  elsif f.prorettype in ('record'::regtype, 'trigger'::regtype) and not 't' = any (coalesce(f.proargmodes, '{}')) then
    return 'Its result has no named columns. Use "returns table (…)".';
  elsif exists (
    select from private.function_arguments(function_id) a where coalesce(a.name, '') = ''
  ) then
    return 'It has an argument without a name. Name every argument.';
  end if;

  select format('%s (%s)', a.name, pg_catalog.format_type(a.type_id, null)) into bad
  from private.function_arguments(function_id) a
  where private.type_schema(a.type_id) is null
  order by a."position"
  limit 1;
  if bad is not null then
    return format('The type of its argument %s cannot be described. Use another type, or add it to private.tool_types.',
      bad);
  elsif code ~* '\mset_config\M' or code ~* '\mexecute\M'
    or code ~* '(^|;|\mbegin\M|\mthen\M|\melse\M|\mloop\M)\s*(set|reset|discard|grant|revoke)\M'
  then
    return 'Its body changes settings or roles, or runs text as SQL. Remove set, set_config, reset and execute.';
  elsif coalesce(pg_catalog.obj_description(function_id, 'pg_proc'), '') = '' then
    return 'It has no comment. The model reads the comment to know what the function does: use "comment on function".';
  end if;
  return null;
end
$$;
comment on function private.function_problem(oid) is
  'Returns why the model may not call a function of schema tools, and what to do; null if it may. Checked when a tool '
  'is added, and again at every call, because a function can be replaced. Guards against accidents: the function is '
  'the operator''s.';

-- From sql/21_tools/30_add.sql

-- What operators call in migrations to give tools to assistants. Repeated calls replace the tool.

create function private.put_tool(assistant_slug text, tool public.tools, target private.tool_targets, options jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  unknown text := (
    select min(k.key) from jsonb_object_keys(options) as k (key)
    where k.key not in ('needs_approval', 'max_calls', 'required_plan', 'timeout_ms', 'is_strict')
  );
begin
  if unknown is not null then
    perform private.refuse(400, 'invalid_tool',
      'There is no such option. Use needs_approval, max_calls, required_plan, timeout_ms or is_strict.',
      jsonb_build_object('option', unknown));
  end if;
  if tool.kind = 'client' and (options ->> 'needs_approval')::boolean then
    perform private.refuse(400, 'invalid_tool',
      'The app runs a client tool itself and can ask the user. Remove needs_approval.');
  end if;
  if not exists (select from public.assistants a where a.slug = put_tool.assistant_slug) then
    perform private.refuse(404, 'assistant_not_found',
      'This assistant does not exist. Check its slug in the list of assistants.');
  end if;
  if exists (select from public.tools t where t.slug = tool.slug and t.kind <> tool.kind) then
    perform private.refuse(400, 'invalid_tool',
      'A tool of another kind has this name. Use another name, or call private.remove_tool first.');
  end if;
  -- Everything that the call does not name has its default, so that a migration says all there is to say.
  insert into public.tools (slug, kind, description, parameters, is_strict, needs_approval, timeout_ms, max_calls,
    required_plan)
  values (tool.slug, tool.kind, coalesce(tool.description, ''), tool.parameters,
    coalesce((options ->> 'is_strict')::boolean, tool.is_strict, false),
    coalesce((options ->> 'needs_approval')::boolean, false),
    coalesce((options ->> 'timeout_ms')::integer, 10000),
    coalesce((options ->> 'max_calls')::integer, 8), options ->> 'required_plan')
  on conflict (slug) do update
  set description = excluded.description, parameters = excluded.parameters, is_strict = excluded.is_strict,
      needs_approval = excluded.needs_approval, timeout_ms = excluded.timeout_ms, max_calls = excluded.max_calls,
      required_plan = excluded.required_plan, is_active = true;

  insert into private.tool_targets (tool_slug, function, url, secret_name, definition)
  values (tool.slug, target.function, target.url, target.secret_name, target.definition)
  on conflict (tool_slug) do update
  set function = excluded.function, url = excluded.url, secret_name = excluded.secret_name,
      definition = excluded.definition;
  insert into public.assistant_tools (assistant_slug, tool_slug) values (put_tool.assistant_slug, tool.slug)
  on conflict do nothing;
end
$$;
comment on function private.put_tool(text, public.tools, private.tool_targets, jsonb) is
  'Adds or replaces a tool and its target, and gives it to an assistant. The options are columns of public.tools.';

create function private.add_function_tool(assistant text, function text, options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
  matches oid[] := array(
    select p.oid from pg_catalog.pg_proc p
    where p.pronamespace = 'tools'::regnamespace
      and p.proname = (select i[cardinality(i)] from parse_ident(add_function_tool.function) as i)
      and (select i[1] from parse_ident(add_function_tool.function) as i) = 'tools'
  );
  problem text;
begin
  if cardinality(matches) = 0 then
    perform private.refuse(400, 'invalid_tool',
      'There is no such function in schema tools. Create it before this call, and write the name as tools.<name>.');
  end if;
  problem := private.function_problem(matches[1]);
  if problem is not null then
    perform private.refuse(400, 'invalid_tool',
      'This function cannot be a tool. Change what the detail names, and run the migration again.',
      jsonb_build_object('function', function, 'problem', problem));
  end if;
  select p.proname::text, 'function', pg_catalog.obj_description(p.oid, 'pg_proc'),
    private.function_parameters(p.oid), true
    into tool.slug, tool.kind, tool.description, tool.parameters, tool.is_strict
  from pg_catalog.pg_proc p where p.oid = matches[1];
  target.function := matches[1]::regprocedure::text;
  perform private.put_tool(assistant, tool, target, options - 'is_strict');
  execute format('revoke all on function %s from public, anon, authenticated, service_role', target.function);
  execute format('grant execute on function %s to parley_tools', target.function);
end
$$;
comment on function private.add_function_tool(text, text, jsonb) is
  'Lets an assistant call a function of schema tools, as in add_function_tool(''coach'', ''tools.list_my_orders''). It '
  'runs under the policies of the asking user. Its name, its arguments and its comment are what the model is told.';

create function private.add_http_tool(assistant text, slug text, description text, parameters jsonb, url text,
  secret_name text, options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
begin
  tool.slug := slug;
  tool.kind := 'http';
  tool.description := description;
  tool.parameters := parameters;
  target.url := url;
  target.secret_name := secret_name;
  perform private.put_tool(assistant, tool, target, options);
end
$$;
comment on function private.add_http_tool(text, text, text, jsonb, text, text, jsonb) is
  'Lets an assistant call an HTTPS address. Calls are signed with the secret of this name in Vault.';

create function private.add_client_tool(assistant text, slug text, description text, parameters jsonb,
  options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
begin
  tool.slug := slug;
  tool.kind := 'client';
  tool.description := description;
  tool.parameters := parameters;
  perform private.put_tool(assistant, tool, null, options);
end
$$;
comment on function private.add_client_tool(text, text, text, jsonb, jsonb) is
  'Lets an assistant call a tool that the app runs itself.';

create function private.add_mcp_tool(assistant text, slug text, url text, secret_name text default null,
  definition jsonb default '{}', options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
begin
  if definition ?| array['type', 'server_label', 'server_url', 'authorization', 'headers'] then
    perform private.refuse(400, 'invalid_tool',
      'The definition has a field that Parley sets. Keep the token in Vault, and give the name of that secret.');
  end if;
  tool.slug := slug;
  tool.kind := 'mcp';
  target.url := url;
  target.secret_name := secret_name;
  target.definition := definition;
  perform private.put_tool(assistant, tool, target, options);
end
$$;
comment on function private.add_mcp_tool(text, text, text, text, jsonb, jsonb) is
  'Lets OpenAI use a remote MCP server for an assistant. The secret in Vault is sent as authorization. The definition '
  'holds other fields of OpenAI''s mcp tool, such as allowed_tools and require_approval.';

create function private.add_provider_tool(assistant text, slug text, definition jsonb, options jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools;
  target private.tool_targets;
begin
  if coalesce(definition ->> 'type', 'function') in ('function', 'custom', 'mcp') then
    perform private.refuse(400, 'invalid_tool',
      'The definition has no type of a tool that OpenAI runs. Use one such as {"type": "web_search"}.');
  end if;
  tool.slug := slug;
  tool.kind := 'provider';
  target.definition := definition;
  perform private.put_tool(assistant, tool, target, options);
end
$$;
comment on function private.add_provider_tool(text, text, jsonb, jsonb) is
  'Gives an assistant a tool that OpenAI runs, such as add_provider_tool(''coach'', ''web_search'', '
  '''{"type": "web_search"}'').';

create function private.remove_tool(slug text)
returns void
language sql
set search_path = ''
as $$
  delete from public.tools t where t.slug = remove_tool.slug
$$;
comment on function private.remove_tool(text) is
  'Removes a tool from all assistants. Its past calls stay readable. The function of a function tool stays.';

-- From sql/21_tools/35_definitions.sql

-- Tools as OpenAI is told of them, and what clients see an assistant can do.

create function private.tool_definition(tool public.tools)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  target private.tool_targets;
  token text;
begin
  if tool.kind in ('function', 'http', 'client') then
    return jsonb_build_object('type', 'function', 'name', tool.slug, 'description', tool.description,
      'parameters', tool.parameters, 'strict', tool.is_strict);
  end if;
  select * into target from private.tool_targets t where t.tool_slug = tool.slug;
  if tool.kind = 'provider' then
    return target.definition;
  end if;
  token := private.read_vault(target.secret_name);
  if token is null and target.secret_name is not null then
    raise warning 'the MCP tool % is left out: Vault has no secret %', tool.slug, target.secret_name;
    return null;
  end if;
  return jsonb_build_object('require_approval', case when tool.needs_approval then 'always' else 'never' end)
    || target.definition
    || jsonb_build_object('type', 'mcp', 'server_label', tool.slug, 'server_url', target.url)
    || case when token is not null then jsonb_build_object('authorization', token) else '{}' end;
end
$$;
comment on function private.tool_definition(public.tools) is
  'Returns a tool as the Responses API takes it. Null for an MCP server whose token is missing. Contains that token, '
  'so only the service role may see it. Source: https://developers.openai.com/api/docs/guides/tools';

create function private.can_search(assistant public.assistants)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return assistant.web_with_tools is not null or not exists (
    select
    from public.assistant_tools a
    join public.tools t on t.slug = a.tool_slug and t.is_active and t.kind in ('function', 'http', 'mcp')
    where a.assistant_slug = assistant.slug
  );
end
$$;
comment on function private.can_search(public.assistants) is
  'Returns whether turns with an assistant may search the web. A page could hold text that makes the model call tools.';

create function private.web_tool(assistant public.assistants, definition jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select definition || case when cardinality(assistant.web_with_tools) > 0 and not definition ? 'filters'
    then jsonb_build_object('filters', jsonb_build_object('allowed_domains', to_jsonb(assistant.web_with_tools)))
    else '{}' end
$$;
comment on function private.web_tool(public.assistants, jsonb) is
  'Returns the definition of a web search, limited to the domains of the assistant unless it has filters of its own.';

create function private.is_attended(turn public.chat_turns)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return not exists (
    select from public.lookout_runs r where r.session_id = turn.session_id and r.status = 'running'
  );
end
$$;
comment on function private.is_attended(public.chat_turns) is
  'Returns whether a client could provide outputs and approve calls. Nobody sees the run of a lookout.';

create function private.request_tools(assistant public.assistants, profile_id uuid, turn public.chat_turns)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
declare
  is_attended boolean := private.is_attended(turn);
  can_search boolean := private.can_search(assistant);
  tools jsonb;
begin
  -- In a fixed order, so that OpenAI's cache of prompts recognizes the request.
  select coalesce(jsonb_agg(
    case when starts_with(d.definition ->> 'type', 'web_search') then private.web_tool(assistant, d.definition)
      else d.definition end
    order by t.slug
  ), '[]') into tools
  from public.assistant_tools a
  join public.tools t on t.slug = a.tool_slug and t.is_active
  left join public.plans needed on needed.slug = t.required_plan
  cross join lateral private.tool_definition(t) as d (definition)
  where a.assistant_slug = assistant.slug
    and (needed.slug is null or needed.rank <= (private.plan_of(profile_id)).rank)
    and d.definition is not null
    and (is_attended or (t.kind <> 'client' and not t.needs_approval
      and coalesce(d.definition ->> 'require_approval', 'never') = 'never'))
    and (can_search or not starts_with(d.definition ->> 'type', 'web_search'));
  -- A second search would not have the operator's filters.
  if turn.search and can_search and not jsonb_path_exists(tools, '$[*] ? (@.type starts with "web_search")') then
    tools := tools || private.web_tool(assistant, '{"type": "web_search"}');
  end if;
  return tools;
end
$$;
comment on function private.request_tools(public.assistants, uuid, public.chat_turns) is
  'Returns the tools that an assistant has in a turn of this user, as the Responses API takes them.';

create function private.refresh_capabilities()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.assistants s
  set capabilities = c.names
  from (
    select o.slug, array(
      select distinct case when t.kind = 'provider' then g.definition ->> 'type' else t.slug end
      from public.assistant_tools a
      join public.tools t on t.slug = a.tool_slug and t.is_active
      join private.tool_targets g on g.tool_slug = t.slug
      where a.assistant_slug = o.slug
      order by 1
    ) as names
    from public.assistants o
  ) c
  where c.slug = s.slug and s.capabilities <> c.names;
  return null;
end
$$;
comment on function private.refresh_capabilities() is
  'Trigger: keeps assistants.capabilities, after every statement that changes what an assistant can do. Definer: reads '
  'private.tool_targets.';

create trigger assistant_tools_refresh after insert or update or delete on public.assistant_tools
  for each statement execute function private.refresh_capabilities();
create trigger tools_refresh after update on public.tools
  for each statement execute function private.refresh_capabilities();
create trigger tool_targets_refresh after insert or update on private.tool_targets
  for each statement execute function private.refresh_capabilities();

-- From sql/21_tools/40_run.sql

-- Runs function tools as the user of the call.

create function private.argument_problem(schema jsonb, given jsonb, at text default 'The arguments')
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  types jsonb := case jsonb_typeof(schema -> 'type')
    when 'array' then schema -> 'type' when 'string' then jsonb_build_array(schema -> 'type')
  end;
  kind text := jsonb_typeof(given);
  key text;
  problem text;
begin
  if not (coalesce(types, '[]') ? kind or types is null
    or (types ? 'integer' and kind = 'number' and scale((given #>> '{}')::numeric) = 0))
  then
    return format('%s must be of type %s.', at, (
      select string_agg(t.name, ' or ') from jsonb_array_elements_text(types) as t (name)
    ));
  elsif jsonb_typeof(schema -> 'enum') = 'array' and not schema -> 'enum' @> jsonb_build_array(given) then
    return format('%s must be one of %s.', at, schema -> 'enum');
  elsif kind = 'array' and schema ? 'items' then
    for key in select (n - 1)::text from generate_series(1, jsonb_array_length(given)) as n loop
      problem := private.argument_problem(schema -> 'items', given -> key::integer, format('%s[%s]', at, key));
      exit when problem is not null;
    end loop;
  elsif kind = 'object' then
    select k.name into key
    from jsonb_array_elements_text(schema -> 'required') as k (name)
    where not given ? k.name
    limit 1;
    if key is not null then
      return format('%s lack %s.', at, to_json(key));
    end if;
    for key in select k.name from jsonb_object_keys(given) as k (name) order by k.name loop
      if schema -> 'properties' ? key then
        problem := private.argument_problem(schema -> 'properties' -> key, given -> key, to_json(key)::text);
      elsif schema -> 'additionalProperties' = 'false' then
        problem := format('%s have no field %s.', at, to_json(left(key, 100)));
      end if;
      exit when problem is not null;
    end loop;
  end if;
  return problem;
end
$$;
comment on function private.argument_problem(jsonb, jsonb, text) is
  'Returns what is wrong with a value, for the model; null if it fits the JSON Schema. Knows type, enum, items, '
  'properties, required and additionalProperties: what Parley writes itself. Other keywords are for the model only.';

create function private.call_tool(fn regprocedure, args jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_rows constant integer := 1000;
  columns text;
  passed text;
  call text;
  returned record;
  result jsonb;
begin
  -- A function that was created again, as a restore does, has another owner. Then no policy would hold.
  if current_user <> 'parley_tools' then
    raise exception using errcode = 'XX000', message = 'private.call_tool has a wrong owner.';
  end if;
  -- A null is left out, so that the argument has its default. Names are quoted; values never become part of the SQL.
  select string_agg(format('%I %s', a.name, pg_catalog.format_type(a.type_id, null)), ', '),
    string_agg(format('%1$I => a.%1$I', a.name), ', ')
    into columns, passed
  from private.function_arguments(fn) a
  where jsonb_typeof(args -> a.name) <> 'null';

  select p.proretset, p.prorettype, array_remove(array(
      select case when m.mode = 't' then p.proargnames[m.n] end
      from unnest(p.proargmodes) with ordinality as m (mode, n)
    ), null) as names, format('%I.%I(%s)', n.nspname, p.proname, passed) as sql into returned
  from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
  where p.oid = fn;
  -- Called in the select list, where no alias of a result could hide an argument of the same name.
  call := returned.sql || case when columns is not null then
    format(' from pg_catalog.jsonb_to_record($1) as a (%s)', columns) else '' end;

  if returned.prorettype = 'void'::regtype then
    execute 'select ' || call using args;
    return '{"done": true}'::jsonb;
  elsif returned.proretset then
    execute format(
      'select coalesce(jsonb_agg(%s), ''[]'') from (select %s limit %s) x (r)',
      -- Rows of one column come as its bare values.
      case when cardinality(returned.names) = 1 then format('jsonb_build_object(%L, x.r)', returned.names[1])
        else 'to_jsonb(x.r)' end, call, max_rows
    ) into result using args;
  else
    execute format('select to_jsonb(x.r) from (select %s) x (r)', call) into result using args;
  end if;
  return coalesce(result, 'null');
end
$$;
comment on function private.call_tool(regprocedure, jsonb) is
  'Calls a function with named arguments and returns its result as JSON: at most 1000 rows. It takes no user: '
  'the claims that run_function_tool sets say who asks. Definer: its owner parley_tools has the rights of '
  'authenticated and no others, so row-level security holds.';
grant execute on function private.function_arguments(oid) to parley_tools;

create function private.give_call_tool()
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The owner must be able to create in the schema while the function becomes its own.
  grant create on schema private to parley_tools;
  alter function private.call_tool(regprocedure, jsonb) owner to parley_tools;
  revoke create on schema private from parley_tools;
  set local role parley_tools;
  revoke all on function private.call_tool(regprocedure, jsonb) from public;
  grant execute on function private.call_tool(regprocedure, jsonb) to postgres;
  reset role;
end
$$;
comment on function private.give_call_tool() is
  'Makes parley_tools the owner of call_tool, which runs with the rights of its owner. A migration calls it, and '
  'db:restore, because an archive is restored without owners.';
select private.give_call_tool();

create function private.cut_output(output jsonb)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
declare
  max_bytes constant integer := 65536;
  -- Leaves room for the note.
  budget constant integer := 65000;
  kept jsonb;
  count integer;
  body text;
  size integer := 60000;
begin
  if octet_length(output::text) <= max_bytes then
    return output;
  end if;
  if jsonb_typeof(output) = 'array' then
    select jsonb_agg(s.item order by s.n), count(*)::integer into kept, count
    from (
      select e.item, e.n, sum(octet_length(e.item::text) + 2) over (order by e.n) as bytes
      from jsonb_array_elements(output) with ordinality as e (item, n)
    ) s
    where s.bytes < budget;
    if count > 0 then
      return jsonb_build_object('items', kept, 'note', format(
        'The output was too long. These are the first %s of %s items.', count, jsonb_array_length(output)
      ));
    end if;
  end if;
  body := case when jsonb_typeof(output) = 'string' then output #>> '{}' else output::text end;
  -- Quotes and control characters grow when they are written as JSON.
  while octet_length(to_jsonb(left(body, size))::text) > budget loop
    size := size * 3 / 4;
  end loop;
  return jsonb_build_object('text', left(body, size), 'note', 'The output was too long. This is its beginning.');
end
$$;
comment on function private.cut_output(jsonb) is
  'Returns an output of at most 64 KB: longer ones are cut, with a note for the model.';

create function private.tool_error(state text, message text)
returns text
language sql
immutable
set search_path = ''
as $$
  select case
    -- The tool's own refusals are written for the caller. Other messages could quote rows.
    when state = 'P0001' or state like 'PT4__' then left(message, 500)
    when state = '57014' then 'The tool took too long and was stopped. Nothing was changed.'
    when state = '42501' then 'The user may not do this.'
    when state like '22%' then 'An argument has a value that the tool cannot use. Check formats and ranges.'
    when state like '23%' then 'The values break a rule of the data. Nothing was changed.'
    else 'The tool failed. Nothing was changed.'
  end
$$;
comment on function private.tool_error(text, text) is
  'Returns what the model is told of an error: a tool''s own exceptions word for word, and nothing that quotes rows.';

create function private.set_tool_user(claims text, sub text, role text, tool_user text)
returns void
language sql
set search_path = ''
as $$
  select set_config('request.jwt.claims', coalesce(claims, ''), true),
    -- auth.uid() and auth.role() read these settings first.
    set_config('request.jwt.claim.sub', coalesce(sub, ''), true),
    set_config('request.jwt.claim.role', coalesce(role, ''), true),
    set_config('parley.tool_user', coalesce(tool_user, ''), true)
$$;
comment on function private.set_tool_user(text, text, text, text) is
  'Sets who the claims of the token name until the transaction ends. parley.tool_user marks the call of a tool, which '
  'needs no sign-in.';

create function private.tool_user()
returns text[]
language sql
stable
set search_path = ''
as $$
  select array[current_setting('request.jwt.claims', true), current_setting('request.jwt.claim.sub', true),
    current_setting('request.jwt.claim.role', true), current_setting('parley.tool_user', true)]
$$;
comment on function private.tool_user() is 'Returns what set_tool_user has set.';

create function private.call_as_user(fn regprocedure, args jsonb, auth_user_id uuid)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  before text[] := private.tool_user();
  during text[];
  result jsonb;
begin
  perform private.set_tool_user(
    jsonb_build_object('sub', auth_user_id, 'role', 'authenticated', 'aud', 'authenticated')::text,
    auth_user_id::text, 'authenticated', auth_user_id::text
  );
  during := private.tool_user();
  result := private.call_tool(fn, args);
  if private.tool_user() is distinct from during then
    raise exception using errcode = 'XX000', message = 'The tool changed the claims of the token.';
  end if;
  perform private.set_tool_user(before[1], before[2], before[3], before[4]);
  return result;
end
$$;
comment on function private.call_as_user(regprocedure, jsonb, uuid) is
  'Calls a function tool as this login, and restores the claims. After an error, the caller''s rollback to its '
  'savepoint restores them.';

create function private.run_function_tool(call_id uuid)
returns public.tool_calls
language plpgsql
security definer
set search_path = ''
as $$
declare
  call public.tool_calls;
  tool public.tools;
  fn regprocedure;
  login uuid;
begin
  -- A second runner waits here, and then sees the end of the call. The row stays unlocked: the tool may need a session
  -- that is locked by the end of its turn, which needs the row.
  perform pg_advisory_xact_lock(hashtextextended('private.run_function_tool:' || call_id, 0));
  select * into call from public.tool_calls c where c.id = run_function_tool.call_id;
  if call.id is null or call.status <> 'pending' then
    return call;
  end if;
  select t.* into tool from public.tools t where t.slug = call.tool_slug and t.kind = 'function' and t.is_active;
  select to_regprocedure(t.function) into fn from private.tool_targets t where t.tool_slug = tool.slug;
  select p.auth_id into login from public.profiles p where p.id = call.user_id and private.can_act(p.id);

  call.status := 'failed';
  call.error := case
    when login is null then 'The account of the user is suspended or deleted.'
    when not exists (select from public.chat_turns t where t.id = call.turn_id and t.status = 'active')
      then 'The turn has ended.'
    when tool.slug is null or fn is null then 'This tool does not exist any more.'
    when private.function_problem(fn) is not null or private.function_parameters(fn) <> tool.parameters
      then 'This tool was changed and is out of use until its operator adds it again.'
    else private.argument_problem(tool.parameters, call.arguments)
  end;
  if call.error is null then
    begin
      call.output := private.cut_output(private.call_as_user(fn, call.arguments, login));
      call.status := 'complete';
      perform from public.tool_calls c where c.id = call.id and c.status = 'pending' for no key update;
      if not found then
        raise exception 'The turn has ended.';
      end if;
    exception
      -- The whole transaction is undone, so the caller may run the tool again.
      when deadlock_detected or serialization_failure then raise;
      -- "others" leaves out query_canceled and assert_failure.
      when query_canceled or assert_failure or others then
        call.output := null;
        call.error := private.tool_error(sqlstate, sqlerrm);
        raise log 'tool % failed with %', call.tool_slug, sqlstate using detail = call.id;
    end;
  end if;
  update public.tool_calls c
  set status = call.status, output = call.output, error = call.error, started_at = now(),
      finished_at = clock_timestamp()
  where c.id = run_function_tool.call_id and c.status = 'pending'
  returning * into call;
  if not found then
    select * into call from public.tool_calls c where c.id = run_function_tool.call_id;
  end if;
  return call;
end
$$;
comment on function private.run_function_tool(uuid) is
  'Runs the call of a function tool as the call''s user and stores what comes of it in the same transaction, so it '
  'takes effect exactly once; if the turn ends meanwhile, not at all. Returns the call; null if it was deleted. '
  'Definer: sets the claims of another user and reads private.tool_targets.';
grant execute on function private.run_function_tool(uuid) to service_role;

create function public.run_function_tool(tool_call_id uuid)
returns public.tool_calls
language sql
security invoker
set search_path = ''
-- PostgREST applies this to the whole transaction. Set inside a function, it would not end a running statement.
-- Source: https://docs.postgrest.org/en/stable/references/transactions.html#function-settings
set statement_timeout = '10s'
as $$
  select private.run_function_tool(tool_call_id)
$$;
comment on function public.run_function_tool(uuid) is
  'Service RPC: runs the call of a function tool, at most ten seconds, and returns the call. Repeating it runs nothing '
  'again.';
grant execute on function public.run_function_tool(uuid) to service_role;

-- From sql/21_tools/50_calls.sql

-- The calls of a turn: stored, decided, settled, and ended when nobody provides their output.

create function private.attached_tool(turn public.chat_turns, slug text)
returns public.tools
language sql
stable
set search_path = ''
as $$
  select t.*
  from public.chat_sessions s
  join public.assistant_tools a using (assistant_slug)
  join public.tools t on t.slug = a.tool_slug and t.is_active
  left join public.plans needed on needed.slug = t.required_plan
  where s.id = turn.session_id
    and t.slug = attached_tool.slug
    and (needed.slug is null or needed.rank <= (private.plan_of(turn.user_id)).rank)
    -- A call of an mcp tool is stored to be approved.
    and (private.is_attended(turn) or (t.kind not in ('client', 'mcp') and not t.needs_approval))
$$;
comment on function private.attached_tool(public.chat_turns, text) is
  'Returns the tool if the assistant of the turn has it, the plan of the user allows it, and somebody can provide what '
  'it waits for; else null.';

create function private.read_arguments(sent text)
returns jsonb
language plpgsql
immutable
set search_path = ''
as $$
begin
  return sent::jsonb;
exception when others then
  return null;
end
$$;
comment on function private.read_arguments(text) is 'Returns the arguments that a model sent; null if not valid JSON.';

create function private.count_calls(turn_id uuid)
returns integer
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select count(*)::integer from public.tool_calls c where c.turn_id = count_calls.turn_id);
end
$$;
comment on function private.count_calls(uuid) is 'Returns how many tools a turn has called.';

create function private.turn_calls(turn_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(c order by c.step, c.position), '[]')
    from public.tool_calls c
    where c.turn_id = turn_calls.turn_id
  );
end
$$;
comment on function private.turn_calls(uuid) is 'Returns the calls of a turn in their order.';
grant execute on function private.turn_calls(uuid) to service_role;

create function private.call_problem(turn public.chat_turns, tool public.tools, args jsonb)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  most integer := (
    select coalesce(a.max_tool_calls, p.max_tool_calls)
    from private.turn_policy p, public.chat_sessions s
    join public.assistants a on a.slug = s.assistant_slug
    where s.id = turn.session_id
  );
begin
  return case
    when tool.slug is null or tool.kind = 'provider' then 'There is no such tool.'
    when args is null then 'The arguments are not valid JSON.'
    when private.count_calls(turn.id) >= most then 'No more calls are possible. Answer with what you have.'
    when (
      select count(*) from public.tool_calls c where c.turn_id = turn.id and c.tool_slug = tool.slug
    ) >= tool.max_calls then format('This tool may be called %s times in a turn at most.', tool.max_calls)
    -- The server of an mcp tool checks its arguments itself.
    when tool.kind <> 'mcp' then private.argument_problem(tool.parameters, args)
  end;
end
$$;
comment on function private.call_problem(public.chat_turns, public.tools, jsonb) is
  'Returns why a call cannot run, as a sentence for the model; null if it can.';

create function private.store_tool_call(turn public.chat_turns, call jsonb, "position" integer)
returns void
language plpgsql
set search_path = ''
as $$
declare
  tool public.tools := private.attached_tool(turn, call ->> 'name');
  args jsonb := private.read_arguments(call ->> 'arguments');
  problem text := private.call_problem(turn, tool, args);
begin
  insert into public.tool_calls
    (turn_id, session_id, user_id, call_id, step, position, tool_slug, kind, arguments, status, error, finished_at)
  values (turn.id, turn.session_id, turn.user_id, call ->> 'call_id', turn.steps, store_tool_call.position,
    call ->> 'name', case when tool.kind <> 'provider' then tool.kind else 'function' end, args,
    case when problem is not null then 'failed'
      when tool.needs_approval or tool.kind = 'mcp' then 'awaiting_approval'
      when tool.kind = 'client' then 'awaiting_client'
      else 'pending' end,
    problem, case when problem is not null then now() end);
  insert into public.usage_metrics as u (user_id, day, feature_type, model, request_count)
  select turn.user_id, (now() at time zone 'UTC')::date, 'tool', tool.slug, 1
  where problem is null
  on conflict on constraint usage_metrics_pkey do update set request_count = u.request_count + 1;
end
$$;
comment on function private.store_tool_call(public.chat_turns, jsonb, integer) is
  'Stores one call, and counts it as a use of its tool. A call that cannot run is stored as failed, with a sentence '
  'for the model.';

create function private.store_step(turn_id uuid, step integer, reply jsonb, calls jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  turn public.chat_turns;
  earlier public.chat_messages;
  message public.chat_messages;
begin
  perform public.replace_reply(turn_id);
  perform private.lock_session_of(turn_id);
  update public.chat_turns t
  set steps = t.steps + 1, response_id = null, step_started_at = now(), progressed_at = now()
  where t.id = turn_id and t.status = 'active' and t.steps = step
    and (t.response_id is null or t.response_id = reply ->> 'response_id')
  returning * into turn;
  if turn.id is null then
    return null;
  end if;
  -- What is stored is not read from the response again, except by devices that read along.
  perform private.enqueue_deletion('response', reply ->> 'response_id', turn.session_id)
  where reply ->> 'response_id' is not null;
  update private.remote_deletions d set due_at = now() + interval '15 minutes'
  where d.kind = 'response' and d.remote_id = reply ->> 'response_id';

  select * into earlier from public.chat_messages m where m.id = turn.assistant_message_id;
  update public.chat_messages m
  set content = coalesce(reply ->> 'content', ''),
      parts = reply -> 'parts',
      model = coalesce(reply ->> 'model', m.model),
      input_tokens = private.add_tokens(m.input_tokens, reply -> 'input_tokens'),
      cached_input_tokens = private.add_tokens(m.cached_input_tokens, reply -> 'cached_input_tokens'),
      output_tokens = private.add_tokens(m.output_tokens, reply -> 'output_tokens')
  where m.id = earlier.id
  returning m.* into message;
  perform private.book_reply(message, earlier, reply);
  perform private.store_tool_call(turn, c.call, c.n::integer)
  from jsonb_array_elements(calls) with ordinality as c (call, n)
  order by c.n;
  return private.describe_calls(turn);
end
$$;
comment on function private.store_step(uuid, integer, jsonb, jsonb) is
  'Stores a response that ended with calls. Definer: books usage and reads plans, which service_role may not.';
grant execute on function private.store_step(uuid, integer, jsonb, jsonb) to service_role;

create function public.store_step(turn_id uuid, step integer, reply jsonb, calls jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.store_step(turn_id, step, reply, calls)
$$;
comment on function public.store_step(uuid, integer, jsonb, jsonb) is
  'Service RPC: stores a response that ended with calls of tools: the reply so far (as in settle_turn), its cost, and '
  'the calls, an array of { call_id, name, arguments } as OpenAI sends them. step is the number of steps before it. '
  'Returns the calls of the turn, and what they mean for its next request. Null if the turn has ended or another '
  'caller has stored this step.';
grant execute on function public.store_step(uuid, integer, jsonb, jsonb) to service_role;

create function private.start_http_tool(tool_call_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_attempts constant integer := 2;
  call public.tool_calls;
begin
  update public.tool_calls c
  set status = 'running', attempts = c.attempts + 1, started_at = clock_timestamp()
  from public.tools t
  where c.id = tool_call_id and t.slug = c.tool_slug and t.kind = 'http' and t.is_active
    and private.can_act(c.user_id)
    and c.attempts < max_attempts
    -- The function that claimed it is dead: no call takes longer than a minute.
    and (c.status = 'pending' or (c.status = 'running' and c.started_at < clock_timestamp() - interval '60 seconds'))
  returning c.* into call;
  return (
    select jsonb_build_object('call', to_jsonb(call), 'user_id', p.auth_id, 'session_id', call.session_id,
      'url', g.url, 'timeout_ms', t.timeout_ms, 'secret', s.secret,
      'lacks_secret', g.secret_name is not null and s.secret is null)
    from private.tool_targets g join public.tools t on t.slug = g.tool_slug
    join public.profiles p on p.id = call.user_id
    cross join lateral (select private.read_vault(g.secret_name) as secret) s
    where g.tool_slug = call.tool_slug
  );
end
$$;
comment on function private.start_http_tool(uuid) is
  'Claims the call of an http tool. Definer: reads private.tool_targets and Vault.';
grant execute on function private.start_http_tool(uuid) to service_role;

create function public.start_http_tool(tool_call_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.start_http_tool(tool_call_id)
$$;
comment on function public.start_http_tool(uuid) is
  'Service RPC: claims the call of an http tool and returns where and how to call it; null if another caller has it, '
  'it was tried twice, or its user may not act. A call can be claimed again once its time is over.';
grant execute on function public.start_http_tool(uuid) to service_role;

create function private.end_http_tool(tool_call_id uuid, is_claimed boolean, output jsonb, error text)
returns public.tool_calls
language plpgsql
security definer
set search_path = ''
as $$
declare
  call public.tool_calls;
begin
  update public.tool_calls c
  set status = case when end_http_tool.error is null then 'complete' else 'failed' end,
      output = case when end_http_tool.error is null then
        private.cut_output(coalesce(end_http_tool.output, 'null')) end,
      error = left(end_http_tool.error, 500), finished_at = clock_timestamp()
  where c.id = tool_call_id
    and case when is_claimed then c.status = 'running' else c.status = 'pending' or (
      c.status = 'running' and c.started_at < clock_timestamp() - interval '60 seconds'
    ) end;
  select * into call from public.tool_calls c where c.id = tool_call_id;
  return call;
end
$$;
comment on function private.end_http_tool(uuid, boolean, jsonb, text) is
  'Stores the end of a call. Definer: cuts long outputs with a function that is not granted.';
grant execute on function private.end_http_tool(uuid, boolean, jsonb, text) to service_role;

create function public.end_http_tool(tool_call_id uuid, is_claimed boolean, output jsonb default null,
  error text default null)
returns public.tool_calls
language sql
security invoker
set search_path = ''
as $$
  select private.end_http_tool(tool_call_id, is_claimed, output, error)
$$;
comment on function public.end_http_tool(uuid, boolean, jsonb, text) is
  'Service RPC: stores the output of an http tool, or with error a sentence that says why it failed, and returns the '
  'call. The first end counts. Without a claim, only a call that nobody runs ends.';
grant execute on function public.end_http_tool(uuid, boolean, jsonb, text) to service_role;

-- From sql/21_tools/60_steps.sql

-- Turns of several steps: what the next request needs, and turns that wait for their client.

create function private.describe_calls(turn public.chat_turns)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'steps', turn.steps,
    'started_at', turn.step_started_at,
    'is_stop_requested', turn.stop_requested_at is not null,
    'calls', private.turn_calls(turn.id),
    -- After this many calls or steps, the model must answer with what it has.
    'must_answer', (
      select turn.steps >= p.max_steps - 1
        or (turn.steps > 0 and private.count_calls(turn.id) >= coalesce(a.max_tool_calls, p.max_tool_calls))
      from private.turn_policy p, public.chat_sessions s
      join public.assistants a on a.slug = s.assistant_slug
      where s.id = turn.session_id
    )
  );
end
$$;
comment on function private.describe_calls(public.chat_turns) is
  'Returns the calls of a turn, and what they mean for its next request.';

create function private.describe_step(turn public.chat_turns)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  session public.chat_sessions;
  question public.chat_messages;
  assistant public.assistants;
begin
  select * into session from public.chat_sessions s where s.id = turn.session_id;
  select * into question from public.chat_messages m where m.id = turn.user_message_id;
  select * into assistant from public.assistants a where a.slug = session.assistant_slug;
  return private.describe_turn(session, question, assistant, turn);
end
$$;
comment on function private.describe_step(public.chat_turns) is
  'Returns what start_turn returns, for a turn that has begun.';

create function private.describe_step(turn_id uuid)
returns jsonb
language sql
security definer
set search_path = ''
as $$
  select private.describe_step(t) from public.chat_turns t where t.id = turn_id and t.status = 'active'
$$;
comment on function private.describe_step(uuid) is
  'Describes a running turn by its id. Definer: reads the instructions of assistants, which no API role may read.';
grant execute on function private.describe_step(uuid) to service_role;

create function public.describe_step(turn_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.describe_step(turn_id)
$$;
comment on function public.describe_step(uuid) is
  'Service RPC: returns what the next request of a running turn needs, as start_turn does, with the calls so far. Null '
  'if the turn has ended.';
grant execute on function public.describe_step(uuid) to service_role;

create function public.list_tool_calls(turn_id uuid)
returns jsonb
language sql
stable
security invoker
set search_path = ''
as $$
  select private.turn_calls(turn_id)
$$;
comment on function public.list_tool_calls(uuid) is 'Service RPC: returns the calls of a turn in their order.';
grant execute on function public.list_tool_calls(uuid) to service_role;

create function private.answer_call(call public.tool_calls, answer jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- Only true approves.
  is_denied boolean := call.status = 'awaiting_approval' and answer -> 'is_approved' is distinct from 'true';
  failure text := case
    when is_denied then 'The user denied this call.' || coalesce(' The reason: ' || nullif(answer ->> 'reason', ''), '')
    when call.status = 'awaiting_client' and answer ? 'error'
      then coalesce(nullif(answer ->> 'error', ''), 'The tool failed.')
  end;
  next_status text := case
    when is_denied then 'denied'
    -- OpenAI runs it.
    when call.status = 'awaiting_approval' and call.kind = 'mcp' then 'complete'
    when call.status = 'awaiting_approval' then 'pending'
    when failure is not null then 'failed'
    else 'complete'
  end;
begin
  update public.tool_calls c
  set status = next_status,
      output = case when next_status = 'complete' and call.kind = 'client' then
        private.cut_output(coalesce(answer -> 'output', 'null')) end,
      error = left(failure, 500),
      reason = left(nullif(answer ->> 'reason', ''), 500),
      decided_at = case when call.status = 'awaiting_approval' then now() end,
      finished_at = case when next_status in ('complete', 'failed', 'denied') then now() end
  where c.id = call.id;
end
$$;
comment on function private.answer_call(public.tool_calls, jsonb) is
  'Takes the output, the error or the decision of the client for a call that waits for it.';

create function private.answer_calls(turn public.chat_turns, answers jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
  missing text;
begin
  perform private.answer_call(c, a.answer)
  from public.tool_calls c
  join lateral (
    select given.answer from jsonb_array_elements(answers) as given (answer)
    where given.answer ->> 'tool_call_id' = c.call_id
      -- An output without a decision does not approve a call.
      and (c.status = 'awaiting_client' or given.answer ? 'is_approved')
    limit 1
  ) a on true
  where c.turn_id = turn.id and c.status in ('awaiting_client', 'awaiting_approval');

  select c.call_id into missing
  from public.tool_calls c
  where c.turn_id = turn.id and c.status in ('awaiting_client', 'awaiting_approval')
  limit 1;
  if missing is not null then
    perform private.refuse(
      409, 'tool_output_missing',
      'A tool call of this reply still waits for its output or approval. Send all of them together.',
      jsonb_build_object('tool_call_id', missing)
    );
  end if;
end
$$;
comment on function private.answer_calls(public.chat_turns, jsonb) is
  'Takes the answers of the client for all calls that wait. Refuses with 409 if one is missing, and then takes none.';

create function private.continue_turn(auth_user_id uuid, session_id uuid, message_id text, answers jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := private.lock_profile(auth_user_id, must_act => false);
  session public.chat_sessions := private.session_for_turn(session_id, profile_id);
  running public.chat_turns := private.active_turn(session.id);
  turn public.chat_turns;
  reply public.chat_messages;
  assistant public.assistants;
begin
  select * into reply
  from public.chat_messages m
  where m.session_id = session.id and m.sender = 'assistant' and m.id::text = continue_turn.message_id;
  if reply.id is null then
    perform private.refuse(404, 'reply_not_found', 'This reply does not exist. Reload the chat.');
  end if;
  if running.assistant_message_id = reply.id then
    -- Another device was first.
    return jsonb_build_object('kind', 'attached', 'turn_id', running.id);
  end if;
  select * into turn
  from public.chat_turns t
  where t.assistant_message_id = reply.id and t.status = 'waiting'
  for no key update;
  if turn.step_started_at < now() - interval '24 hours' then
    -- Retention, which runs at night, has not come to it yet.
    perform private.end_waiting(turn);
    select * into reply from public.chat_messages m where m.id = reply.id;
    turn.id := null;
  end if;
  if turn.id is null then
    return jsonb_build_object('kind', 'settled', 'message', to_jsonb(reply), 'first_part', coalesce((
      select t.first_part from public.chat_turns t where t.assistant_message_id = reply.id
    ), 0));
  end if;

  assistant := private.assistant_for_turn(session.assistant_slug, profile_id);
  perform private.answer_calls(turn, answers);
  update public.chat_turns t
  set status = 'active', stop_requested_at = null, progressed_at = now(), step_started_at = now(), response_id = null,
      first_part = jsonb_array_length(reply.parts),
      reservation = t.reservation || jsonb_build_object('budget', private.reserve_turn(
        q, assistant, turn.search and private.can_search(assistant)
      ))
  from public.chat_messages q
  where t.id = turn.id and q.id = t.user_message_id
  returning t.* into turn;
  update public.chat_messages m set status = 'streaming' where m.id = reply.id;
  return private.describe_step(turn);
end
$$;
comment on function private.continue_turn(uuid, uuid, text, jsonb) is
  'Takes the outputs and decisions of the client and continues the turn that waits for them. Charges nothing. Definer: '
  'reads the instructions of assistants, which no API role may read.';
grant execute on function private.continue_turn(uuid, uuid, text, jsonb) to service_role;

create function public.continue_turn(auth_user_id uuid, session_id uuid, message_id text, answers jsonb)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.continue_turn(auth_user_id, session_id, message_id, answers)
$$;
comment on function public.continue_turn(uuid, uuid, text, jsonb) is
  'Service RPC of the chat function: answers is an array of { tool_call_id } with output, error, or is_approved and '
  'reason. Of several devices, the first counts. Returns what start_turn returns: started, attached or settled.';
grant execute on function public.continue_turn(uuid, uuid, text, jsonb) to service_role;

create function private.end_tool_calls(turn public.chat_turns)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.tool_calls c
  set status = 'failed', error = 'The output was not provided.', finished_at = now()
  where c.turn_id = turn.id
    and c.finished_at is null
    and (turn.status <> 'waiting' or c.status in ('pending', 'running'));
end
$$;
comment on function private.end_tool_calls(public.chat_turns) is
  'Marks the open calls of a turn as not provided. Those that wait for the client stay open while the turn waits.';

create function private.end_waiting(turn public.chat_turns)
returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.chat_turns t
  set status = 'complete', finished_at = now()
  where t.id = turn.id
  returning * into turn;
  perform private.end_tool_calls(turn);
  update public.chat_messages m
  set parts = (
    select coalesce(jsonb_agg(
      case when p.part ->> 'state' in ('input-available', 'approval-requested')
        then p.part || '{"state": "output-error", "errorText": "The output was not provided."}' else p.part end
      order by p.n
    ), '[]')
    from jsonb_array_elements(m.parts) with ordinality as p (part, n)
  )
  where m.id = turn.assistant_message_id;
  -- OpenAI would miss the outputs in its conversation.
  update public.chat_sessions s set thread_id = null where s.id = turn.session_id and s.thread_id is not null;
end
$$;
comment on function private.end_waiting(public.chat_turns) is
  'Ends a turn that waits: its open calls fail, in the stored reply too, and the next turn builds a new conversation.';

create function private.end_waiting_turn(session public.chat_sessions)
returns public.chat_turns
language plpgsql
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  select * into turn from public.chat_turns t where t.session_id = session.id and t.status = 'waiting';
  if turn.id is not null then
    perform private.end_waiting(turn);
  end if;
  return turn;
end
$$;
comment on function private.end_waiting_turn(public.chat_sessions) is
  'Ends the turn of a session that waits for its client, and returns it; null if none does. The caller holds the lock '
  'of the session.';

create function private.purge_waiting_turns(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
declare
  turn public.chat_turns;
begin
  deleted := 0;
  -- A turn that has ended is not found again.
  reached := null;
  for turn in
    select distinct on (t.session_id) t.*
    from public.tool_calls c
    join public.chat_turns t on t.id = c.turn_id and t.status = 'waiting'
    where c.status in ('awaiting_client', 'awaiting_approval') and c.created_at >= since
      and c.created_at < now() - interval '24 hours'
    order by t.session_id
    limit max_rows
  loop
    -- Two locks of sessions at once: waiting for the second could deadlock.
    perform from public.chat_sessions s where s.id = turn.session_id for no key update skip locked;
    continue when not found;
    select * into turn from public.chat_turns t where t.id = turn.id and t.status = 'waiting' for no key update;
    continue when turn.id is null;
    perform private.end_waiting(turn);
    deleted := deleted + 1;
  end loop;
end
$$;
comment on function private.purge_waiting_turns(timestamptz, integer) is
  'Ends turns that have waited for their client for 24 hours. Deletes nothing. Turns whose session is locked wait for '
  'another run.';
