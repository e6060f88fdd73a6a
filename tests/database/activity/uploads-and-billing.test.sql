begin;
select plan(3);
select tests.create_user('owner');

insert into public.chat_files (user_id, session_id, file_name, file_size, file_type, storage_path, sha256)
select tests.profile_id('owner'), tests.create_session('owner'), 'a.txt', 1, 'text/plain', 'a/b/a.txt', repeat('0', 64);
select is(
  (select count(*)::integer from public.user_activity where action = 'file_uploaded'), 1, 'an upload is logged'
);

insert into public.stripe_customers (id) values ('cus_1'), ('cus_2');
insert into public.subscriptions (stripe_subscription_id, stripe_customer_id, user_id, status, currency, created_at)
values ('sub_1', 'cus_1', tests.profile_id('owner'), 'trialing', 'usd', now());
update public.subscriptions set status = 'active';
update public.subscriptions set quantity = 2;
select results_eq(
  $$ select data ->> 'status' from public.user_activity where action = 'subscription_changed'
     order by created_at, data ->> 'status' desc $$,
  array['trialing', 'active'], 'a new subscription and a changed status are logged, and no other change of it'
);
insert into public.subscriptions (stripe_subscription_id, stripe_customer_id, status, currency, created_at)
values ('sub_2', 'cus_2', 'active', 'usd', now());
select is(
  (select count(*)::integer from public.user_activity where action = 'subscription_changed'), 2,
  'a subscription of an unknown customer is not logged'
);
select * from finish();
rollback;
