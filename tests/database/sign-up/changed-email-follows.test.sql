begin;
select plan(2);
select tests.create_user('ada'), tests.create_user('bob');

update auth.users set email = 'countess@example.com' where id = tests.auth_id('ada');
select is(
  (select email from public.profiles where id = tests.profile_id('ada')), 'countess@example.com',
  'the profile follows a change of address'
);
select is(
  (select email from public.profiles where id = tests.profile_id('bob')), 'bob@example.com',
  'other profiles stay'
);
select * from finish();
rollback;
