begin;
select plan(5);
select tests.create_user('owner');
select is((select subscription_quota from public.profiles), 200, 'a new profile has the free plan''s quota');
update public.profiles set subscription_plan = 'pro';
select is((select subscription_quota from public.profiles), 3000, 'a changed plan brings its quota');
update public.plans set monthly_messages = 4000 where slug = 'pro';
select is((select subscription_quota from public.profiles), 3000, 'editing a plan locks none of its profiles');
select private.refresh_entitlements();
select is((select subscription_quota from public.profiles), 4000, 'the schedule brings the new quota to its profiles');
select throws_ok(
  $$ update public.profiles set subscription_plan = 'gold' $$, '23503', null, 'an unknown plan is refused'
);
select * from finish();
rollback;
