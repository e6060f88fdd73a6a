begin;
select plan(7);
select tests.create_user('owner'), tests.create_user('other');

select tests.act_as('owner');
select is((public.create_organization('  Team ')).name, 'Team', 'an organization has a trimmed name');
select results_eq(
  $$ select p.organization_role, p.organization_joined_at from public.profiles p
     join public.organizations o on o.id = p.organization_id $$,
  $$ values ('owner', now()) $$, 'its maker owns it, and sees it'
);
select throws_ok(
  $$ select public.create_organization('Another') $$, 'PT409', 'already_member', 'nobody has two organizations'
);

select tests.act_as('other');
select throws_ok($$ select public.create_organization('   ') $$, 'PT400', 'invalid_name', 'a name is needed');
select throws_ok($$ select public.create_organization(null) $$, 'PT400', 'invalid_name', 'and not null');
select throws_ok(
  $$ select public.create_organization(repeat('x', 201)) $$, 'PT400', 'invalid_name', 'of at most 200 characters'
);

select tests.act_as_postgres();
select lives_ok('set constraints all immediate', 'what was refused left no organization without an owner');
select * from finish();
rollback;
