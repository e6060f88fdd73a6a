begin;
select plan(1);
select tests.create_user('owner'), tests.create_user('ada');
select tests.act_as('owner');
select public.create_organization('Team');
select public.invite_member('Ada@example.com'), public.invite_member('bob@example.com');

select tests.act_as('ada');
select public.request_account_deletion();
select tests.act_as_postgres();
select results_eq(
  'select email from public.organization_invitations', array['bob@example.com'],
  'no invitation keeps the address of a deleted user'
);
select * from finish();
rollback;
