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
