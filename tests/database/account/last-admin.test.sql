begin;
select plan(4);
select tests.create_user('first'), tests.create_user('second');
update public.profiles set role = 'admin' where id in (tests.profile_id('first'), tests.profile_id('second'));

select tests.act_as('first');
select lives_ok('select public.request_account_deletion()', 'an admin can be deleted while another one remains');
select tests.act_as('second');
select throws_ok('select public.request_account_deletion()', 'PT409', 'last_admin', 'the last admin cannot be deleted');
select tests.act_as_postgres();
select is_empty(
  $$ select from private.account_deletions where profile_id = tests.profile_id('second') $$,
  'the refused deletion has not started'
);
select lives_ok(
  $$ delete from auth.users where id = tests.auth_id('second') $$, 'deleting the last admin''s login directly works'
);
select * from finish();
rollback;
