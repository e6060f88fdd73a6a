begin;
select plan(2);
select tests.create_login('password', email => 'ada@example.com');
select tests.create_login('single_sign_on', email => 'ADA@example.com', provider => 'sso:1', is_sso_user => true);

select is(
  (select email from public.profiles where id = tests.profile_id('password')), 'ada@example.com',
  'the first login keeps the address'
);
select row_eq(
  $$ select email, email_confirmed from public.profiles where id = tests.profile_id('single_sign_on') $$,
  row(null::text, false), 'the second login has a profile without an address'
);
select * from finish();
rollback;
