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
