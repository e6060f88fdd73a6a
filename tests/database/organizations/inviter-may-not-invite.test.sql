begin;
select plan(12);
select tests.create_user(name) from unnest(array['owner', 'admin', 'guest', 'other']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
create function pg_temp.restore()
returns void
language sql
as $$
  update public.profiles p
  set organization_id = o.id, organization_role = 'admin', role = 'user', is_active = true, is_deleted = false,
    deleted_at = null
  from public.organizations o
  where p.id = tests.profile_id('admin')
$$;
select pg_temp.restore();
create temp table sent (token text) on commit drop;
grant all on sent to public;
select tests.act_as('admin');
insert into sent select i.token from public.invite_member('guest@example.com') i;

create function pg_temp.refuses(state text, set_clause text)
returns text
language plpgsql
as $$
begin
  perform tests.act_as_postgres();
  execute format('update public.profiles set %s where id = %L', set_clause, tests.profile_id('admin'));
  perform tests.act_as('guest');
  return throws_ok('select public.accept_invitation(token) from sent', 'PT410', 'invitation_void', state);
end
$$;
grant execute on function pg_temp.refuses(text, text) to public;
select pg_temp.refuses('of a member who was removed', 'organization_id = null');
select tests.act_as_postgres();
select pg_temp.restore();
select pg_temp.refuses('of an admin who was demoted', $$ organization_role = 'member' $$);
select tests.act_as_postgres();
select pg_temp.restore();
select pg_temp.refuses('of a banned admin', $$ role = 'banned' $$);
select tests.act_as_postgres();
select pg_temp.restore();
select pg_temp.refuses('of a deleted account', 'is_deleted = true, deleted_at = now()');
select tests.act_as_postgres();
select pg_temp.restore();
select pg_temp.refuses('of a suspended admin', 'is_active = false');

select tests.act_as('owner');
select results_eq(
  'select email, is_void from public.list_invitations()', $$ values ('guest@example.com', true) $$,
  'the owner sees that the invitation is void'
);
select lives_ok(
  $$ update sent set token = (
    select r.token from public.list_invitations() l, public.resend_invitation(l.invitation_id) r
  ) $$, 'the owner resends it in their own name'
);
select tests.act_as('guest');
select lives_ok('select public.accept_invitation(token) from sent', 'and it is accepted');

select tests.act_as('owner');
update sent set token = i.token from public.invite_member('other@example.com', 'admin') i;
select tests.act_as_postgres();
select pg_temp.restore();
select tests.act_as('owner');
select public.transfer_ownership(tests.profile_id('admin'));
select tests.act_as('other');
select throws_ok(
  'select public.accept_invitation(token) from sent', 'PT410', 'invitation_void',
  'an admin who was the owner no longer makes admins'
);
select tests.act_as('admin');
select lives_ok(
  $$ update sent set token = i.token from public.invite_member('other@example.com', 'member') i $$,
  'an address with a void invitation can be invited again'
);
select tests.act_as('other');
select lives_ok('select public.accept_invitation(token) from sent', 'and joins');
select tests.act_as_postgres();
select is(
  (select organization_role from public.profiles where id = tests.profile_id('other')), 'member',
  'with the role of the new invitation'
);
select * from finish();
rollback;
