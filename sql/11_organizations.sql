-- Organizations: one per profile, with exactly one owner. Membership is three columns of profiles.

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
  'A team. Its members are the profiles that name it, one of which is its owner, always.';
comment on table public.organization_invitations is
  'Who has been asked to join and has not yet; accepting, revoking and time take the row away. Not readable by clients: list_invitations.';
comment on column public.organization_invitations.email is 'In lower case; only a login with this confirmed address may accept.';
comment on column public.organization_invitations.token_hash is
  'SHA-256 of the token that invite_member returns once.';
comment on column public.profiles.organization_joined_at is
  'Since when the profile is a member; who is longest there inherits the ownership.';

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
  'The organizations of the caller, as a set. Called by policies, once a statement. Definer: it does not depend on the policies of profiles.';
grant execute on function private.my_organization_ids() to authenticated;

create function private.hash_token(token text)
returns bytea
language sql
immutable
set search_path = ''
as $$
  select sha256(convert_to(token, 'UTF8'))
$$;
comment on function private.hash_token(text) is 'What is stored of a token: who reads the table cannot use it.';

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
  'Trigger: who leaves, is deleted, or loses the organization loses role and date with it; who joins gets the date.';

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
  -- Again when the one that was chosen left while this waited for the row.
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
  'Trigger: when an owner''s account goes, the longest-standing admin inherits, else the longest-standing member, those who may act first; without members the organization goes. Definer: whoever deletes the account has no rights on others'' profiles.';

create function private.require_owner()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  -- The row is an organization or a profile that owned one.
  wanted uuid := (to_jsonb(coalesce(old, new)) ->> tg_argv[0])::uuid;
begin
  if exists (select from public.organizations o where o.id = wanted)
    and not exists (select from public.profiles p where p.organization_id = wanted and p.organization_role = 'owner')
  then
    perform private.refuse(409, 'organization_without_owner');
  end if;
  return null;
end
$$;
comment on function private.require_owner() is
  'Trigger at commit: an organization that exists has an owner; profiles_owner_organization_id_key sees to it that it has no second. Definer: it must see what the caller may not.';

create function private.my_membership(variadic roles text[])
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  me public.profiles;
begin
  select * into me
  from public.profiles p
  where p.id = private.current_profile_id()
    and p.organization_id is not null;

  if me.id is null then
    perform private.refuse(404, 'organization_not_found', hint => 'You are in no organization.');
  end if;
  if me.organization_role <> all (roles) then
    perform private.refuse(
      403, 'not_allowed', jsonb_build_object('role', me.organization_role),
      'Your role in the organization does not allow it.'
    );
  end if;
  return me;
end
$$;
comment on function private.my_membership(text[]) is
  'The caller''s profile, or refuses: 404 in no organization, 403 not one of these roles.';

create function private.act_in_organization(variadic roles text[])
returns public.profiles
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_can_act();
  -- An owner's row comes before the organization's, as in the deletion of an account: one lock order everywhere.
  perform from public.profiles p
  where p.id = private.current_profile_id() and p.organization_role = 'owner'
  for no key update;
  perform from public.organizations o where o.id in (select private.my_organization_ids()) for no key update;
  return private.my_membership(variadic roles);
end
$$;
comment on function private.act_in_organization(text[]) is
  'As my_membership, for who may act, with the organization locked: who changes its members does so one after the other.';

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
  insert into public.organizations (name) values (private.organization_name(create_organization.name))
  returning * into organization;

  update public.profiles p
  set organization_id = organization.id, organization_role = 'owner'
  where p.id = private.current_profile_id()
    and p.organization_id is null;
  if not found then
    perform private.refuse(409, 'already_member', hint => 'Leave your organization first.');
  end if;
  return organization;
end
$$;
comment on function private.create_organization(text) is
  'Makes an organization that the caller owns. Definer: membership is no client''s to write; it is the caller''s own.';
grant execute on function private.create_organization(text) to authenticated;

create function private.organization_name(name text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  if coalesce(char_length(btrim(name)), 0) not between 1 and 200 then
    perform private.refuse(400, 'invalid_name', hint => 'Between 1 and 200 characters.');
  end if;
  return btrim(name);
end
$$;
comment on function private.organization_name(text) is 'A name as it is stored, or 400.';

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
  'Renames the caller''s organization. Definer: clients may not write organizations; the caller''s role is checked.';
grant execute on function private.rename_organization(text) to authenticated;

create function private.require_may_invite(me public.profiles, role text)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if role is null or role not in ('admin', 'member') then
    perform private.refuse(400, 'invalid_role', hint => 'One of admin, member.');
  end if;
  if role = 'admin' and me.organization_role <> 'owner' then
    perform private.refuse(403, 'not_allowed', hint => 'Only the owner makes admins.');
  end if;
end
$$;
comment on function private.require_may_invite(public.profiles, text) is
  'Refuses with 400 what is no role of an invitation, with 403 an admin who would make another one.';

create function private.invite_member(email text, role text)
returns table (invitation_id uuid, token text, expires_at timestamptz)
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  address text := lower(btrim(email));
  clear_token text := private.random_token();
begin
  perform private.require_may_invite(me, role);
  if address is null or address !~ '^[^@\s]+@[^@\s]+$' or char_length(address) > 254 then
    perform private.refuse(400, 'invalid_email');
  end if;
  if exists (
    select from public.profiles p where lower(p.email) = address and p.organization_id = me.organization_id
  ) then
    perform private.refuse(409, 'already_member');
  end if;
  if 100 <= (
    select count(*) from public.organization_invitations i
    where i.organization_id = me.organization_id and i.expires_at > now()
  ) then
    perform private.refuse(409, 'too_many_invitations', '{"limit": 100}', 'Revoke some, or wait for answers.');
  end if;

  return query
  insert into public.organization_invitations as i (organization_id, email, role, token_hash, invited_by)
  values (me.organization_id, address, invite_member.role, private.hash_token(clear_token), me.id)
  on conflict on constraint organization_invitations_organization_id_email_key do update
  set role = excluded.role, token_hash = excluded.token_hash, invited_by = excluded.invited_by,
      expires_at = excluded.expires_at
  where i.expires_at <= now()
  returning i.id, clear_token, i.expires_at;
  if not found then
    perform private.refuse(409, 'already_invited', hint => 'Resend the invitation, or revoke it.');
  end if;
end
$$;
comment on function private.invite_member(text, text) is
  'Invites an address to the caller''s organization. Definer: invitations are no client''s to write; the caller''s role is checked.';
grant execute on function private.invite_member(text, text) to authenticated;

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

  if invitation.id is null then
    perform private.refuse(404, 'invitation_not_found');
  end if;
  perform private.require_may_invite(me, invitation.role);
end
$$;
comment on function private.require_invitation(public.profiles, uuid) is
  'Refuses an invitation that is not of the caller''s organization (404), or that the caller could not have sent (403).';

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
  set token_hash = private.hash_token(clear_token), expires_at = now() + interval '7 days'
  where i.id = invitation_id
  returning clear_token, i.expires_at;
end
$$;
comment on function private.resend_invitation(uuid) is
  'Gives an invitation another token and another week; the old token is void. Definer: as invite_member.';
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
comment on function private.revoke_invitation(uuid) is 'Takes an invitation back. Definer: as invite_member.';
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
  -- Whoever uses, sends again or revokes an invitation waits here for the others; so does the deletion of an owner.
  perform from public.organizations o
  where o.id = (select i.organization_id from public.organization_invitations i where i.token_hash = wanted)
  for no key update;
  select * into invitation from public.organization_invitations i where i.token_hash = wanted;

  if invitation.id is null then
    perform private.refuse(404, 'invitation_not_found');
  end if;
  if lower(me.email) is distinct from invitation.email then
    perform private.refuse(403, 'invitation_for_other_email', hint => 'Sign in with the address that was invited.');
  end if;
  if not me.email_confirmed then
    perform private.refuse(403, 'email_not_confirmed', hint => 'Confirm your address first.');
  end if;
  if invitation.expires_at <= now() then
    perform private.refuse(410, 'invitation_expired', hint => 'Ask for another one.');
  end if;
  delete from public.organization_invitations i where i.id = invitation.id;
  return invitation;
end
$$;
comment on function private.take_invitation(public.profiles, text) is
  'Uses an invitation up: of many at once, one gets it. Or refuses: 404 unknown or used, 403 for another address, 410 too late.';

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
  select * into me from public.profiles p where p.id = private.current_profile_id();
  if me.organization_id is not null then
    perform private.refuse(409, 'already_member', hint => 'Leave your organization first.');
  end if;

  invitation := private.take_invitation(me, token);
  update public.profiles p
  set organization_id = invitation.organization_id, organization_role = invitation.role
  where p.id = me.id
    and p.organization_id is null;
  if not found then
    perform private.refuse(409, 'already_member', hint => 'Leave your organization first.');
  end if;
  select * into organization from public.organizations o where o.id = invitation.organization_id;
  return organization;
end
$$;
comment on function private.accept_invitation(text) is
  'The caller joins the organization that invited the caller''s address. Definer: membership is no client''s to write; the token proves the right.';
grant execute on function private.accept_invitation(text) to authenticated;

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
begin
  return query
  select p.id, p.user_name, case when me.organization_role <> 'member' then p.email end, p.avatar_url,
    p.organization_role, p.organization_joined_at
  from public.profiles p
  where p.organization_id = me.organization_id
  order by array_position(array['owner', 'admin', 'member'], p.organization_role), p.organization_joined_at, p.id;
end
$$;
comment on function private.list_members() is
  'The members of the caller''s organization; addresses for its owner and admins only. Definer: a profile is readable by its owner only.';
grant execute on function private.list_members() to authenticated;

create function private.list_invitations()
returns table (
  invitation_id uuid, email text, role text, invited_by uuid, expires_at timestamptz, created_at timestamptz
)
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.my_membership('owner', 'admin');
begin
  return query
  select i.id, i.email, i.role, i.invited_by, i.expires_at, i.created_at
  from public.organization_invitations i
  where i.organization_id = me.organization_id
  order by i.created_at, i.id;
end
$$;
comment on function private.list_invitations() is
  'The open invitations of the caller''s organization. Definer: the table holds hashes of tokens, and clients read none of it.';
grant execute on function private.list_invitations() to authenticated;

create function private.require_member(me public.profiles, member_id uuid)
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  member public.profiles;
begin
  select * into member
  from public.profiles p
  where p.id = member_id
    and p.organization_id = me.organization_id
  for no key update;

  if member.id is null then
    perform private.refuse(404, 'member_not_found');
  end if;
  return member;
end
$$;
comment on function private.require_member(public.profiles, uuid) is
  'Locks a member of the caller''s organization, or refuses with 404.';

create function private.set_member_role(member_id uuid, role text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner');
  member public.profiles := private.require_member(me, member_id);
begin
  if role is null or role not in ('admin', 'member') then
    perform private.refuse(400, 'invalid_role', hint => 'One of admin, member.');
  end if;
  if member.organization_role = 'owner' then
    perform private.refuse(409, 'owner_must_transfer', hint => 'Transfer the ownership instead.');
  end if;
  update public.profiles p set organization_role = set_member_role.role where p.id = member.id;
end
$$;
comment on function private.set_member_role(uuid, text) is
  'The owner makes a member an admin, or an admin a member. Definer: membership is no client''s to write; the caller''s role is checked.';
grant execute on function private.set_member_role(uuid, text) to authenticated;

create function private.remove_member(member_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner', 'admin');
  member public.profiles := private.require_member(me, member_id);
begin
  if member.organization_role = 'owner' or member.organization_role = 'admin' and me.organization_role <> 'owner' then
    perform private.refuse(403, 'not_allowed', hint => 'Admins remove members; admins are removed by the owner.');
  end if;
  update public.profiles p set organization_id = null where p.id = member.id;
end
$$;
comment on function private.remove_member(uuid) is
  'Takes a member out of the caller''s organization. Definer: as set_member_role.';
grant execute on function private.remove_member(uuid) to authenticated;

create function private.leave_organization()
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- One statement under the own row's lock: who becomes the owner meanwhile stays.
  update public.profiles p
  set organization_id = null
  where p.id = private.current_profile_id()
    and p.organization_role <> 'owner';
  if not found then
    perform private.my_membership('owner');
    perform private.refuse(
      409, 'owner_must_transfer', hint => 'Transfer the ownership or delete the organization first.'
    );
  end if;
end
$$;
comment on function private.leave_organization() is
  'The caller leaves; the owner cannot. Open to who may not act, too. Definer: membership is no client''s to write; it is the caller''s own.';
grant execute on function private.leave_organization() to authenticated;

create function private.transfer_ownership(member_id uuid)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner');
  member public.profiles := private.require_member(me, member_id);
begin
  if member.id = me.id then
    perform private.refuse(409, 'already_owner');
  end if;
  if not private.can_act(member.id) then
    perform private.refuse(409, 'member_blocked', hint => 'Somebody who is suspended cannot own an organization.');
  end if;
  update public.profiles p set organization_role = 'admin' where p.id = me.id;
  update public.profiles p set organization_role = 'owner' where p.id = member.id;
end
$$;
comment on function private.transfer_ownership(uuid) is
  'Makes a member the owner and the owner an admin. Definer: as set_member_role.';
grant execute on function private.transfer_ownership(uuid) to authenticated;

create function private.delete_organization()
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles := private.act_in_organization('owner');
begin
  delete from public.organizations o where o.id = me.organization_id;
end
$$;
comment on function private.delete_organization() is
  'Deletes the caller''s organization; its members stay as users. Definer: clients may not write organizations; the caller''s role is checked.';
grant execute on function private.delete_organization() to authenticated;

create function public.create_organization(name text)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.create_organization(name)
$$;
comment on function public.create_organization(text) is 'Client RPC: makes an organization; the caller is its owner. 409 already_member.';
grant execute on function public.create_organization(text) to authenticated;

create function public.rename_organization(name text)
returns public.organizations
language sql
security invoker
set search_path = ''
as $$
  select private.rename_organization(name)
$$;
comment on function public.rename_organization(text) is 'Client RPC of owner and admins.';
grant execute on function public.rename_organization(text) to authenticated;

create function public.invite_member(email text, role text default 'member')
returns table (invitation_id uuid, token text, expires_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select * from private.invite_member(email, role)
$$;
comment on function public.invite_member(text, text) is
  'Client RPC of owner and admins: the token is returned this once; the app sends it to the address.';
grant execute on function public.invite_member(text, text) to authenticated;

create function public.resend_invitation(invitation_id uuid)
returns table (token text, expires_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select * from private.resend_invitation(invitation_id)
$$;
comment on function public.resend_invitation(uuid) is 'Client RPC of owner and admins: another token and another week.';
grant execute on function public.resend_invitation(uuid) to authenticated;

create function public.revoke_invitation(invitation_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.revoke_invitation(invitation_id)
$$;
comment on function public.revoke_invitation(uuid) is 'Client RPC of owner and admins.';
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
  'Client RPC of whoever is in no organization: joins the one that invited the caller''s confirmed address.';
grant execute on function public.accept_invitation(text) to authenticated;

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
  'Client RPC of every member: owner first, then admins, then members. email is null for members.';
grant execute on function public.list_members() to authenticated;

create function public.list_invitations()
returns table (
  invitation_id uuid, email text, role text, invited_by uuid, expires_at timestamptz, created_at timestamptz
)
language sql
stable
security invoker
set search_path = ''
as $$
  select * from private.list_invitations()
$$;
comment on function public.list_invitations() is 'Client RPC of owner and admins: open and expired invitations.';
grant execute on function public.list_invitations() to authenticated;

create function public.set_member_role(member_id uuid, role text)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.set_member_role(member_id, role)
$$;
comment on function public.set_member_role(uuid, text) is 'Client RPC of the owner: admin or member.';
grant execute on function public.set_member_role(uuid, text) to authenticated;

create function public.remove_member(member_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.remove_member(member_id)
$$;
comment on function public.remove_member(uuid) is 'Client RPC: the owner removes anybody else, admins remove members.';
grant execute on function public.remove_member(uuid) to authenticated;

create function public.leave_organization()
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.leave_organization()
$$;
comment on function public.leave_organization() is 'Client RPC of admins and members. 409 owner_must_transfer.';
grant execute on function public.leave_organization() to authenticated;

create function public.transfer_ownership(member_id uuid)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.transfer_ownership(member_id)
$$;
comment on function public.transfer_ownership(uuid) is 'Client RPC of the owner, who becomes an admin.';
grant execute on function public.transfer_ownership(uuid) to authenticated;

create function public.delete_organization()
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.delete_organization()
$$;
comment on function public.delete_organization() is 'Client RPC of the owner.';
grant execute on function public.delete_organization() to authenticated;

create trigger organizations_touch
  before update on public.organizations
  for each row execute function private.touch_updated_at();
create trigger organization_invitations_touch
  before update on public.organization_invitations
  for each row execute function private.touch_updated_at();

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

alter table public.organizations enable row level security;
alter table public.organization_invitations enable row level security;

grant select on public.organizations to authenticated;
grant select, insert, update, delete on public.organizations, public.organization_invitations to service_role;

create policy organizations_select_member on public.organizations
  for select to authenticated
  -- As an array: unlike a bare subquery, it lets the primary key find the rows.
  using (id = any (array(select private.my_organization_ids())));

-- The members of an organization; its foreign key.
create index profiles_organization_id_idx on public.profiles (organization_id) where organization_id is not null;

-- No organization has two owners.
create unique index profiles_owner_organization_id_key on public.profiles (organization_id)
  where organization_role = 'owner';

-- Foreign key: the invitations that somebody sent.
create index organization_invitations_invited_by_idx on public.organization_invitations (invited_by);
