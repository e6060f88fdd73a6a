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
select tests.create_user('guest'), tests.create_login('unconfirmed', email => 'unconfirmed@example.com');
create temp table sent (name text, token text) on commit drop;
grant all on sent to public;

select tests.act_as('owner');
insert into sent select 'guest', token from public.invite_member(' Guest@Example.COM ', 'admin');
insert into sent select 'unconfirmed', token from public.invite_member('unconfirmed@example.com');

select tests.act_as('stranger');
select throws_ok(
  $$ select public.accept_invitation(token) from sent where name = 'guest' $$,
  'PT403', 'invitation_for_other_email', 'a user with another address cannot use the token'
);
select throws_ok(
  $$ select public.accept_invitation('x') $$, 'PT404', 'invitation_not_found', 'an unknown token is refused'
);
select throws_ok(
  $$ select public.accept_invitation(null) $$, 'PT404', 'invitation_not_found', 'a null token is refused'
);
select tests.act_as('unconfirmed');
select throws_ok(
  $$ select public.accept_invitation(token) from sent where name = 'unconfirmed' $$,
  'PT403', 'email_not_confirmed', 'the address must be confirmed'
);

select tests.act_as('guest');
select is((public.accept_invitation(token)).name, 'Team', 'the invited user joins') from sent where name = 'guest';
select throws_ok(
  $$ select public.accept_invitation(token) from sent where name = 'guest' $$,
  'PT409', 'already_member', 'a member cannot join again'
);
select public.leave_organization();
select throws_ok(
  $$ select public.accept_invitation(token) from sent where name = 'guest' $$,
  'PT404', 'invitation_not_found', 'a token works once'
);

select tests.act_as_postgres();
select is_empty(
  $$ select from public.organization_invitations i, sent s where position(s.token in i::text) > 0 $$,
  'tokens are stored as hashes'
);
select * from finish();
rollback;
