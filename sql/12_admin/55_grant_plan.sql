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
