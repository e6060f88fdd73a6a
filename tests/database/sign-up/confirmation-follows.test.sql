begin;
select plan(2);
select tests.create_login('ada', email => 'ada@example.com');
select is(
  (select email_confirmed from public.profiles where id = tests.profile_id('ada')), false,
  'a new address is not confirmed'
);

update auth.users set email_confirmed_at = now() where id = tests.auth_id('ada');
select is(
  (select email_confirmed from public.profiles where id = tests.profile_id('ada')), true,
  'the profile follows the confirmation'
);
select * from finish();
rollback;
