begin;
select plan(1);
select tests.create_login('visitor', is_anonymous => true, provider => 'anonymous');

update auth.users
set raw_app_meta_data = '{"provider": "google", "providers": ["google"]}', is_anonymous = false
where id = tests.auth_id('visitor');
select is(
  (select auth_provider from public.profiles where id = tests.profile_id('visitor')), 'google',
  'the profile follows a linked identity'
);
select * from finish();
rollback;
