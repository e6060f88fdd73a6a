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
