begin;
select plan(7);
select tests.create_user('owner'), tests.create_user('other');

select tests.act_as('owner');
select is((public.create_organization('  Team ')).name, 'Team', 'the name of an organization is trimmed');
select results_eq(
  $$ select p.organization_role, p.organization_joined_at from public.profiles p
     join public.organizations o on o.id = p.organization_id $$,
  $$ values ('owner', now()) $$, 'the creator owns and sees the organization'
);
select throws_ok(
  $$ select public.create_organization('Another') $$, 'PT409', 'already_member',
  'a user cannot create a second organization'
);

select tests.act_as('other');
select throws_ok($$ select public.create_organization('   ') $$, 'PT400', 'invalid_name', 'an empty name is refused');
select throws_ok($$ select public.create_organization(null) $$, 'PT400', 'invalid_name', 'a null name is refused');
select throws_ok(
  $$ select public.create_organization(repeat('x', 201)) $$, 'PT400', 'invalid_name',
  'a name of more than 200 characters is refused'
);

select tests.act_as_postgres();
select lives_ok('set constraints all immediate', 'refused calls leave no organization');
select * from finish();
rollback;
