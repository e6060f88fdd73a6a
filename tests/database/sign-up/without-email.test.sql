begin;
select plan(3);
select tests.create_login('caller', phone => '4915112345678', provider => 'phone');
select tests.create_login('visitor', is_anonymous => true, provider => 'anonymous');
select tests.create_login('blank', email => '', phone => '4915112345679', provider => 'phone');

select row_eq(
  $$ select email, auth_provider from public.profiles where id = tests.profile_id('caller') $$,
  row(null::text, 'phone'::text), 'a phone sign-in has a profile without address'
);
select ok(tests.profile_id('visitor') is not null, 'an anonymous sign-in has a profile');
select is(
  (select email from public.profiles where id = tests.profile_id('blank')), null,
  'an empty address is stored as null'
);
select * from finish();
rollback;
