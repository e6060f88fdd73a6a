begin;
select plan(8);
select tests.create_user('ada'), tests.create_user('bob');
select tests.create_session('ada'), tests.create_session('bob');
update public.profiles set subscription_usage = 5 where id = tests.profile_id('ada');
insert into public.stripe_customers (id, user_id) values ('cus_ada', tests.profile_id('ada'));
create function pg_temp.fail()
returns trigger
language plpgsql
as $$
begin
  raise exception 'not now';
end
$$;
create trigger stripe_customers_fail before update on public.stripe_customers
  for each row execute function pg_temp.fail();

select lives_ok(
  $$ delete from auth.users where id = tests.auth_id('ada') $$,
  'a failing account deletion does not prevent the deletion of its login'
);
select is(
  (select is_deleted from public.profiles where id = tests.profile_id('ada')), false, 'the account is not closed then'
);
select results_eq(
  'select messages from private.identities', array[5], 'what the address has used is remembered all the same'
);
select lives_ok('select private.settle_account_deletions()', 'a failing account deletion does not break the schedule');
select cmp_ok(
  (select due_at from private.account_deletions where profile_id = tests.profile_id('ada')), '>', now(),
  'the schedule retries it later'
);
delete from auth.users where id = tests.auth_id('bob');
select is(private.settle_account_deletions(), false, 'the schedule continues with other accounts');

drop trigger stripe_customers_fail on public.stripe_customers;
update private.account_deletions set due_at = now() where profile_id = tests.profile_id('ada');
select private.settle_account_deletions();
select is(
  (select is_deleted and email is null from public.profiles where id = tests.profile_id('ada')), true,
  'once it can, the schedule closes the account'
);
select is_empty('select from public.chat_sessions', 'the account is erased');
select * from finish();
rollback;
