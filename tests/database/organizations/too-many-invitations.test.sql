begin;
select plan(3);
select tests.create_user(name) from unnest(array['owner', 'admin', 'member', 'stranger']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
update public.profiles p
set organization_id = o.id, organization_role = r.role
from public.organizations o, (values ('admin', 'admin'), ('member', 'member')) as r (name, role)
where p.id = tests.profile_id(r.name);
insert into public.organization_invitations (organization_id, email, role, token_hash)
select o.id, n || '@example.com', 'member', private.hash_token(n::text)
from public.organizations o, generate_series(1, 99) n;

select tests.act_as('owner');
select lives_ok($$ select public.invite_member('x@example.com') $$, 'the hundredth open invitation is accepted');
select throws_ok(
  $$ select public.invite_member('y@example.com') $$, 'PT409', 'too_many_invitations', 'the next one is refused'
);
select tests.act_as_postgres();
update public.organization_invitations set expires_at = now() where email = '1@example.com';
select tests.act_as('owner');
select lives_ok($$ select public.invite_member('y@example.com') $$, 'expired invitations do not count');
select * from finish();
rollback;
