begin;
select plan(9);
select tests.create_user('ada'), tests.create_user('grace');
create function pg_temp.hear_of(customer_id text, named text)
returns void
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(jsonb_build_object(
    'kind', 'customer',
    'fields', jsonb_build_object(
      'id', customer_id, 'email', 'ada@example.com', 'name', 'Ada',
      'metadata',
      jsonb_build_object('profile_id', case when named = 'nobody' then named else tests.profile_id(named)::text end)
    )
  )))
$$;

-- Twice the function died before it could link the customer that it had created.
select pg_temp.hear_of('cus_lost', 'ada'), pg_temp.hear_of('cus_lost_too', 'ada');
select pg_temp.hear_of('cus_strange', 'nobody');
-- A link counts more than the metadata at Stripe.
select public.link_stripe_customer(tests.profile_id('grace'), 'cus_grace');
select pg_temp.hear_of('cus_grace', 'ada');
insert into public.stripe_customers (id, email, metadata)
values ('cus_import', 'ada@example.com', jsonb_build_object('profile_id', tests.profile_id('ada')));
insert into auth.users (id, aud, role, email)
values (gen_random_uuid(), 'authenticated', 'authenticated', 'import@example.com');
update public.profiles set stripe_customer_id = 'cus_import' where email = 'import@example.com';

delete from auth.users where id = tests.auth_id('ada');
select set_eq(
  'select kind, remote_id from private.remote_deletions',
  $$ values ('stripe_customer', 'cus_lost'), ('stripe_customer', 'cus_lost_too') $$,
  'deleting an account enqueues exactly the unlinked customers created for it'
);
select set_eq(
  $$ select id from public.stripe_customers where coalesce(email, name) is null $$, array['cus_lost', 'cus_lost_too'],
  'their rows hold no personal data any more'
);
select is(
  (select email from public.stripe_customers where id = 'cus_grace'), 'ada@example.com',
  'the customer of another user is unchanged'
);

-- Stripe sends late updates of a known customer and of a new one.
select pg_temp.hear_of('cus_lost', 'ada'), pg_temp.hear_of('cus_late', 'ada');
select set_eq(
  $$ select id from public.stripe_customers where coalesce(email, name) is null $$,
  array['cus_lost', 'cus_lost_too', 'cus_late'], 'personal data in a later update is removed, too'
);
select set_eq(
  'select remote_id from private.remote_deletions', array['cus_lost', 'cus_lost_too', 'cus_late'],
  'the customer of a later update is deleted, too'
);
select pg_temp.hear_of('cus_grace', 'ada'), pg_temp.hear_of('cus_import', 'ada');
select is_empty(
  $$ select from private.remote_deletions where remote_id in ('cus_grace', 'cus_import') $$,
  'a customer linked to another user stays, even if its metadata names the deleted one'
);
select isnt_empty(
  $$ select from public.stripe_customers where id = 'cus_grace' and email is not null $$,
  'updates of that customer are still applied'
);

-- Stripe reports that it has deleted the customer.
delete from private.remote_deletions;
select public.apply_stripe_objects('', public.draw_stripe_ticket(), '[{"kind": "customer", "fields": {
  "id": "cus_late", "is_deleted": true
}}]');
select is_empty('select from private.remote_deletions', 'a customer that Stripe has deleted is not deleted again');
-- A function writes the row directly.
select tests.act_as_service();
insert into public.stripe_customers (id, email, metadata)
select 'cus_direct', 'ada@example.com', metadata from public.stripe_customers where id = 'cus_lost';
select tests.act_as_postgres();
select results_eq(
  'select remote_id from private.remote_deletions', array['cus_direct'], 'the rule also holds for a direct write'
);
select * from finish();
rollback;
