begin;
select plan(3);
select tests.create_user('owner'), tests.create_user('stranger');

select tests.act_as('owner');
update public.profiles
set user_name = 'New', organization_name = 'Engines', avatar_url = 'https://example.com/new.png';
select throws_ok(
  $$ update public.profiles set avatar_url = 'javascript:alert(1)' $$, '23514', null,
  'a picture must be a web address'
);

select tests.act_as_postgres();
select row_eq(
  $$ select user_name, organization_name, avatar_url from public.profiles where id = tests.profile_id('owner') $$,
  row('New'::text, 'Engines'::text, 'https://example.com/new.png'::text),
  'the owner can change name, organization and picture'
);
select is(
  (select user_name from public.profiles where id = tests.profile_id('stranger')), null,
  'an update without a filter changes only the own profile'
);
select * from finish();
rollback;
