begin;
select plan(1);
select tests.create_user('ada');
delete from auth.users where id = tests.auth_id('ada');

select tests.act_as('ada');
select throws_ok(
  'select public.ensure_profile()', 'PT401', 'unknown_user',
  'a token that outlives its login creates no profile'
);
select * from finish();
rollback;
