begin;
select plan(6);
select tests.create_user(name) from unnest(array['owner', 'member']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select public.invite_member('guest@example.com');
select tests.act_as_postgres();
update public.profiles p set organization_id = o.id, organization_role = 'member'
from public.organizations o where p.id = tests.profile_id('member');

select tests.act_as('owner');
select throws_ok(
  'select public.request_account_deletion()', 'PT409', 'owner_must_transfer', 'an owner with members cannot be deleted'
);
select isnt_empty('select from public.profiles where not is_deleted', 'a refused deletion changes nothing');
select public.transfer_ownership(tests.profile_id('member'));
select lives_ok('select public.request_account_deletion()', 'a former owner can be deleted');
select tests.act_as_postgres();
select is_empty('select from public.organization_invitations', 'the invitations that they sent are deleted, too');
select isnt_empty('select from public.organizations', 'the organization stays');

select tests.act_as('member');
select public.request_account_deletion();
select tests.act_as_postgres();
select is_empty('select from public.organizations', 'the organization is deleted with its last member');
select * from finish();
rollback;
