begin;
select plan(4);
select tests.create_user('owner');
select is((select subscription_quota from public.profiles), 200, 'a new profile has the free plan''s quota');
update public.profiles set subscription_plan = 'pro';
select is((select subscription_quota from public.profiles), 3000, 'a changed plan brings its quota');
update public.plans set monthly_messages = 4000 where slug = 'pro';
select is((select subscription_quota from public.profiles), 4000, 'editing a plan changes its profiles');
select throws_ok(
  $$ update public.profiles set subscription_plan = 'gold' $$, '23503', null, 'an unknown plan is refused'
);
select * from finish();
rollback;
