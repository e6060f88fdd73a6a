begin;
select plan(5);
create function pg_temp.used(name text) returns integer language sql as $$
  select subscription_usage from public.profiles where id = tests.profile_id(name)
$$;
select tests.create_user('one');
update public.profiles set subscription_usage = 120 where id = tests.profile_id('one');
update auth.users set email = 'moved@example.com' where id = tests.auth_id('one');
select is(pg_temp.used('one'), 120, 'a changed address keeps the usage');

select tests.create_login('two', email => 'one@example.com');
select is(pg_temp.used('two'), 0, 'an unconfirmed address proves nothing');
update auth.users set email_confirmed_at = now() where id = tests.auth_id('two');
select is(pg_temp.used('two'), 120, 'the old address does not start anew');

delete from auth.users where id = tests.auth_id('one');
select tests.create_user('three');
update public.profiles set subscription_usage = 3 where id = tests.profile_id('three');
update auth.users set email = 'moved@example.com' where id = tests.auth_id('three');
select is(pg_temp.used('three'), 120, 'an account that takes over a used address takes over its usage');
update auth.users set email = 'unused@example.com' where id = tests.auth_id('three');
select is(pg_temp.used('three'), 120, 'and keeps it');
select * from finish();
rollback;
