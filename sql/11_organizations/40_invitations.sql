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
