begin;
select plan(3);
select tests.create_user('admin'), tests.create_user('banned'), tests.create_user('gifted');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');
update public.profiles set role = 'banned' where id = tests.profile_id('banned');
update public.profiles set granted_plan = 'pro' where id = tests.profile_id('gifted');
select public.link_stripe_customer(tests.profile_id(name), 'cus_' || name)
  from unnest(array['admin', 'banned', 'gifted']) as name;
select tests.apply_subscription('cus_' || name, 'sub_' || name, 'active') from unnest(array['admin', 'banned']) as name;
select tests.apply_subscription('cus_' || name, 'sub_' || name, 'canceled')
  from unnest(array['admin', 'banned']) as name;

select is(
  (select role::text from public.profiles where id = tests.profile_id('admin')), 'admin', 'an admin keeps the role'
);
select is(
  (select role::text from public.profiles where id = tests.profile_id('banned')), 'banned', 'paying does not end a ban'
);
select is(
  (select subscription_plan from public.profiles where id = tests.profile_id('gifted')), 'pro',
  'a plan that an operator gave stays without a subscription'
);
select * from finish();
rollback;
