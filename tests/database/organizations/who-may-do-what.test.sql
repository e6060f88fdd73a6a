-- The rights of each role in an organization. Each cell is tried: ok, or the refusal.
begin;
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
insert into public.organization_invitations (id, organization_id, email, role, token_hash)
select i.id::uuid, o.id, i.role || '-guest@example.com', i.role, private.hash_token(i.role)
from public.organizations o, (values
  ('00000000-0000-4000-8000-000000000001', 'member'), ('00000000-0000-4000-8000-000000000002', 'admin')
) as i (id, role);

create function pg_temp.outcome(actor text, statement text)
returns text
language plpgsql
as $$
begin
  perform tests.act_as(actor);
  execute statement;
  raise exception using errcode = 'ZZ000';
exception
  when sqlstate 'ZZ000' then return 'ok';
  when others then return sqlerrm;
end
$$;

create temp table expected (statement text, owner text, admin text, member text, stranger text) on commit drop;
insert into expected values
  ($$ public.list_members() $$, 'ok', 'ok', 'ok', 'organization_not_found'),
  ($$ public.list_invitations() $$, 'ok', 'ok', 'not_allowed', 'organization_not_found'),
  ($$ public.rename_organization('New') $$, 'ok', 'ok', 'not_allowed', 'organization_not_found'),
  ($$ public.invite_member('x@example.com') $$, 'ok', 'ok', 'not_allowed', 'organization_not_found'),
  ($$ public.invite_member('x@example.com', 'admin') $$, 'ok', 'not_allowed', 'not_allowed', 'organization_not_found'),
  ($$ public.invite_member('x@example.com', 'owner') $$, 'invalid_role', 'invalid_role', 'not_allowed',
    'organization_not_found'),
  ($$ public.invite_member('no address') $$, 'invalid_email', 'invalid_email', 'not_allowed', 'organization_not_found'),
  ($$ public.resend_invitation('00000000-0000-4000-8000-000000000001') $$,
    'ok', 'ok', 'not_allowed', 'organization_not_found'),
  ($$ public.resend_invitation('00000000-0000-4000-8000-000000000002') $$, 'ok', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.revoke_invitation('00000000-0000-4000-8000-000000000001') $$,
    'ok', 'ok', 'not_allowed', 'organization_not_found'),
  ($$ public.revoke_invitation('00000000-0000-4000-8000-000000000002') $$, 'ok', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.set_member_role(tests.profile_id('member'), 'admin') $$, 'ok', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.set_member_role(tests.profile_id('admin'), 'member') $$, 'ok', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.set_member_role(tests.profile_id('member'), 'owner') $$, 'invalid_role', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.set_member_role(tests.profile_id('owner'), 'member') $$, 'owner_must_transfer', 'not_allowed',
    'not_allowed', 'organization_not_found'),
  ($$ public.remove_member(tests.profile_id('member')) $$, 'ok', 'ok', 'not_allowed', 'organization_not_found'),
  ($$ public.remove_member(tests.profile_id('admin')) $$, 'ok', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.remove_member(tests.profile_id('owner')) $$, 'not_allowed', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.remove_member(tests.profile_id('stranger')) $$, 'member_not_found', 'member_not_found', 'not_allowed',
    'organization_not_found'),
  ($$ public.transfer_ownership(tests.profile_id('member')) $$, 'ok', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.transfer_ownership(tests.profile_id('owner')) $$, 'already_owner', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.transfer_ownership(tests.profile_id('stranger')) $$, 'member_not_found', 'not_allowed', 'not_allowed',
    'organization_not_found'),
  ($$ public.leave_organization() $$, 'owner_must_transfer', 'ok', 'ok', 'organization_not_found'),
  ($$ public.delete_organization() $$, 'ok', 'not_allowed', 'not_allowed', 'organization_not_found'),
  ($$ public.create_organization('Mine') $$, 'already_member', 'already_member', 'already_member', 'ok');

select plan(4 * count(*)::integer) from expected;
select is(
  pg_temp.outcome(actor, 'select * from ' || e.statement), outcome, format('%s: %s', actor, btrim(e.statement))
)
from expected e,
  lateral (values ('owner', e.owner), ('admin', e.admin), ('member', e.member), ('stranger', e.stranger))
    as actors (actor, outcome);
select * from finish();
rollback;
