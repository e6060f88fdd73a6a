begin;
select plan(2);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_old');
update public.stripe_customers set is_deleted = true where id = 'cus_old';
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_new');

update public.stripe_customers set is_deleted = false where id = 'cus_old';
select results_eq(
  'select id, user_id from public.stripe_customers order by id',
  $$ values ('cus_new', tests.profile_id('payer')), ('cus_old', null) $$,
  'a customer that Stripe has again stays without an owner who has a new one'
);

update public.stripe_customers set is_deleted = true where id = 'cus_new';
update public.stripe_customers set is_deleted = false where id = 'cus_new';
select is(
  (select user_id from public.stripe_customers where id = 'cus_new'), tests.profile_id('payer'),
  'the only customer of its owner keeps it'
);
select * from finish();
rollback;
