-- If Stripe does not know an object, it counts as deleted only if something confirms that.
begin;
select plan(3);
create function pg_temp.apply(object jsonb)
returns void
language sql
as $$
  select public.apply_stripe_objects('', public.draw_stripe_ticket(), jsonb_build_array(object))
$$;

select throws_ok(
  $$ select pg_temp.apply('{"kind": "product", "is_missing": true, "fields": {"id": "prod_1"}}') $$,
  'PT409', 'stripe_object_missing'
);
select pg_temp.apply('{"kind": "product", "fields": {"id": "prod_1", "is_deleted": true, "is_active": false}}');
select lives_ok(
  $$ select pg_temp.apply('{"kind": "product", "is_missing": true, "fields": {"id": "prod_1"}}') $$,
  'an object that is already marked as deleted may be missing'
);
select ok((select is_deleted from public.stripe_products), 'the missing object stays deleted');
select * from finish();
rollback;
