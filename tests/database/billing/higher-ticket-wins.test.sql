-- A fetch that began earlier never overwrites the data of a later fetch, even if it ends last.
begin;
select plan(3);
select tests.create_user('payer');
select public.link_stripe_customer(tests.profile_id('payer'), 'cus_1');
create temp table drawn on commit drop as select public.draw_stripe_ticket() as early;

create function pg_temp.apply_early(kind text, fields jsonb)
returns void
language sql
as $$
  select public.apply_stripe_objects('', early, jsonb_build_array(jsonb_build_object('kind', kind, 'fields', fields)))
  from drawn
$$;

select tests.apply_subscription('cus_1', 'sub_1', 'canceled');
select pg_temp.apply_early('subscription', (
  select to_jsonb(s) - '{id,user_id,auto_renew,ticket}'::text[] || '{"status": "active"}' from public.subscriptions s
));
select is((select status::text from public.subscriptions), 'canceled', 'an earlier fetch does not undo a cancellation');
select is(
  (select subscription_plan from public.profiles where id = tests.profile_id('payer')), 'free',
  'an earlier fetch does not restore the plan'
);

select public.apply_stripe_objects('', public.draw_stripe_ticket(),
  '[{"kind": "product", "fields": {"id": "prod_pro", "is_deleted": true, "is_active": false}}]');
select pg_temp.apply_early('product', '{"id": "prod_pro", "name": "Pro", "is_deleted": false, "is_active": true}');
select ok((select is_deleted from public.stripe_products where id = 'prod_pro'), 'a deleted product stays deleted');
select * from finish();
rollback;
