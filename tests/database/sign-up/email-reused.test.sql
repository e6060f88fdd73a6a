begin;
select plan(2);
select tests.create_user('first');
delete from auth.users where id = tests.auth_id('first');
select tests.create_login('second', email => 'first@example.com');

select is(
  (select email from public.profiles where id = tests.profile_id('second')), 'first@example.com',
  'an address is free again after deletion'
);
select isnt(tests.profile_id('second'), tests.profile_id('first'), 'the second account has a new profile');
select * from finish();
rollback;
