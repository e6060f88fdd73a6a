begin;
select plan(4);
select tests.create_user('first'), tests.create_user('second');
update public.profiles set role = 'admin' where id in (tests.profile_id('first'), tests.profile_id('second'));

select tests.act_as('first');
select lives_ok('select public.request_account_deletion()', 'an admin leaves while there is another');
select tests.act_as('second');
select throws_ok('select public.request_account_deletion()', 'PT409', 'last_admin', 'the last one does not');
select tests.act_as_postgres();
select is_empty(
  $$ select from private.account_deletions where profile_id = tests.profile_id('second') $$, 'and nothing has begun'
);
select lives_ok(
  $$ delete from auth.users where id = tests.auth_id('second') $$, 'a login that is deleted directly goes all the same'
);
select * from finish();
rollback;
