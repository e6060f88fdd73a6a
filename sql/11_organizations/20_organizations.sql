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
