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
