begin;
select plan(4);
alter table public.profiles add constraint profiles_refuse_all_check check (false) not valid;
select lives_ok(
  $$ select tests.create_login('ada', email => 'ada@example.com', metadata => '{"name": "Ada"}') $$,
  'sign-up succeeds if the profile cannot be created'
);
select is(tests.profile_id('ada'), null, 'the profile is missing');
alter table public.profiles drop constraint profiles_refuse_all_check;

select tests.act_as('ada');
select is((public.ensure_profile()).user_name, 'Ada', 'ensure_profile creates it');
select is_empty(
  $$ select id from public.profiles except select (public.ensure_profile()).id $$,
  'ensure_profile returns the same profile again'
);
select * from finish();
rollback;
