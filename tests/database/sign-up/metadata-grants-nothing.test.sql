begin;
select plan(1);
select tests.create_user('climber', '{"role": "admin", "subscription_plan": "enterprise", "tokens": 1000000}');

select row_eq(
  $$ select role::text, subscription_plan, tokens from public.profiles where id = tests.profile_id('climber') $$,
  row('user'::text, 'free'::text, 0), 'role, plan and credits do not come from sign-up metadata'
);
select * from finish();
rollback;
