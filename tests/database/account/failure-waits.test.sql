begin;
select plan(7);
select tests.create_user('ada'), tests.create_user('bob');
select tests.create_session('ada'), tests.create_session('bob');
insert into public.stripe_customers (id, user_id) values ('cus_ada', tests.profile_id('ada'));
create function pg_temp.fail()
returns trigger
language plpgsql
as $$
begin
  raise exception 'not now';
end
$$;
create trigger stripe_customers_fail before update on public.stripe_customers for each row execute function pg_temp.fail();

select lives_ok($$ delete from auth.users where id = tests.auth_id('ada') $$, 'what fails hinders no deletion of a login');
select is(
  (select is_deleted from public.profiles where id = tests.profile_id('ada')), false, 'though the account is not closed'
);
select lives_ok('select private.settle_account_deletions()', 'nor does it break the schedule');
select cmp_ok(
  (select due_at from private.account_deletions where profile_id = tests.profile_id('ada')), '>', now(),
  'which tries again later'
);
delete from auth.users where id = tests.auth_id('bob');
select is(private.settle_account_deletions(), false, 'and goes on with others');

drop trigger stripe_customers_fail on public.stripe_customers;
update private.account_deletions set due_at = now() where profile_id = tests.profile_id('ada');
select private.settle_account_deletions();
select is(
  (select is_deleted and email is null from public.profiles where id = tests.profile_id('ada')), true,
  'then the account is closed'
);
select is_empty('select from public.chat_sessions', 'and erased');
select * from finish();
rollback;
