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
