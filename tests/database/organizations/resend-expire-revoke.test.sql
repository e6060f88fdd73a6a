begin;
select plan(8);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
select tests.create_user('guest');
create temp table sent (attempt serial, id uuid, token text) on commit drop;
grant all on sent to public;
grant all on sequence sent_attempt_seq to public;

select tests.act_as('owner');
insert into sent (id, token) select invitation_id, token from public.invite_member('guest@example.com');
select throws_ok(
  $$ select public.invite_member('guest@example.com') $$, 'PT409', 'already_invited',
  'an address can have only one open invitation'
);
select throws_ok(
  $$ select public.invite_member('member@example.com') $$, 'PT409', 'already_member', 'a member cannot be invited'
);
select lives_ok(
  $$ insert into sent (id, token) select id, (public.resend_invitation(id)).token from sent $$,
  'an invitation can be sent again'
);

select tests.act_as('guest');
select throws_ok(
  $$ select public.accept_invitation(token) from sent where attempt = 1 $$,
  'PT404', 'invitation_not_found', 'the first token is no longer valid'
);
select tests.act_as_postgres();
update public.organization_invitations set expires_at = now() where id in (select id from sent);
select tests.act_as('guest');
select throws_ok(
  $$ select public.accept_invitation(token) from sent where attempt = 2 $$, 'PT410', 'invitation_expired',
  'an expired invitation is refused'
);

select tests.act_as('owner');
insert into sent (id, token) select invitation_id, token from public.invite_member('guest@example.com');
select is((select count(distinct id) from sent), 1::bigint, 'an expired invitation can be replaced');
select lives_ok($$ select public.revoke_invitation(id) from sent where attempt = 1 $$, 'an invitation can be revoked');
select tests.act_as('guest');
select throws_ok(
  $$ select public.accept_invitation(token) from sent where attempt = 3 $$,
  'PT404', 'invitation_not_found', 'a revoked invitation is refused at once'
);
select * from finish();
rollback;
