begin;
select plan(7);
create function pg_temp.may_have_trial(name text) returns text language sql as $$
  select public.get_billing_account(tests.auth_id(name), true) ->> 'may_have_trial'
$$;
create function pg_temp.again(name text, address text) returns void language sql as $$
  select tests.create_login(name, email => address);
  update auth.users set email_confirmed_at = now() where id = tests.auth_id(name);
$$;
select tests.create_user('buyer');
select is(pg_temp.may_have_trial('buyer'), 'true', 'a new address may have a trial');
insert into public.stripe_customers (id, user_id) values ('cus_1', tests.profile_id('buyer'));
select tests.apply_subscription('cus_1', 'sub_1', 'incomplete', '{"user_id": null}');
select is(pg_temp.may_have_trial('buyer'), 'true', 'an unpaid attempt uses no trial up');
select tests.apply_subscription('cus_1', 'sub_1', 'trialing');
select pg_temp.again('twin', 'buyer+twin@example.com');
select is(pg_temp.may_have_trial('twin'), 'false', 'a second account of the mailbox gets no trial');

delete from auth.users where id in (tests.auth_id('buyer'), tests.auth_id('twin'));
select pg_temp.again('back', 'buyer@example.com');
select is(pg_temp.may_have_trial('back'), 'false', 'nor does an account after the deletion');
update auth.users set email = 'fresh@example.com' where id = tests.auth_id('back');
select is(pg_temp.may_have_trial('back'), 'true', 'an address that never had one may');

update private.retention_policy set identity_days = 0;
select pg_temp.again('off', 'buyer@example.com');
select is(pg_temp.may_have_trial('off'), 'true', 'with identity_days 0 nothing is remembered');
update public.profiles set subscription_usage = 5 where id = tests.profile_id('off');
delete from private.identities;
delete from auth.users where id = tests.auth_id('off');
select is_empty('select from private.identities', 'or stored');
select * from finish();
rollback;
