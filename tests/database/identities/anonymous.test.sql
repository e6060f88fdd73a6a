begin;
select plan(12);
select tests.create_login('guest', is_anonymous => true, provider => 'anonymous');
create function pg_temp.plan_of(name text) returns text language sql as $$
  select concat_ws(' ', subscription_plan, subscription_quota, subscription_usage, role)
  from public.profiles where id = tests.profile_id(name)
$$;
select is(pg_temp.plan_of('guest'), 'anonymous 10 0 user', 'an anonymous login has the plan anonymous');
update public.profiles set subscription_usage = 7 where id = tests.profile_id('guest');
select throws_like(
  $$ select public.get_billing_account(tests.auth_id('guest'), true) $$, '%email_required%', 'it buys nothing'
);
select lives_ok($$ select public.get_billing_account(tests.auth_id('guest'), false) $$, 'it may ask what it has');
select private.apply_entitlement(tests.profile_id('guest'));
select is(pg_temp.plan_of('guest'), 'anonymous 10 7 user', 'a computed plan is the same');

-- As Auth does when the address of an anonymous user is confirmed.
update auth.users set email = 'guest@example.com', email_confirmed_at = now(), is_anonymous = false,
  raw_app_meta_data = '{"provider": "email", "providers": ["email"]}'
where id = tests.auth_id('guest');
select is(pg_temp.plan_of('guest'), 'free 200 7 user', 'with an address, it has the plan free and keeps its usage');

select tests.create_login('rich', is_anonymous => true);
update public.profiles set granted_plan = 'pro' where id = tests.profile_id('rich');
select is(pg_temp.plan_of('rich'), 'pro 3000 0 premium', 'an operator may give it a plan');

select tests.create_login('idle', is_anonymous => true), tests.create_login('used', is_anonymous => true),
  tests.create_login('no-profile', is_anonymous => true), tests.create_user('person');
select tests.create_session('idle');
update auth.users
set created_at = now() - interval '40 days', updated_at = now() - interval '40 days',
  last_sign_in_at = now() - interval '31 days';
insert into auth.sessions (id, user_id, created_at, updated_at)
values (gen_random_uuid(), tests.auth_id('used'), now() - interval '31 days', now() - interval '29 days'),
  (gen_random_uuid(), tests.auth_id('idle'), now() - interval '31 days', now() - interval '31 days');
delete from public.profiles where id = tests.profile_id('no-profile');
select private.run_retention() from generate_series(1, 4);
select set_eq(
  'select u.name from tests.users u where not exists (select from auth.users a where a.id = u.auth_id)',
  array['idle', 'no-profile'],
  'logins that nobody used for 30 days go, but none with a plan and no person'
);
select ok(
  (select is_deleted from public.profiles where id = tests.profile_id('idle')), 'their accounts are deleted with them'
);
select is_empty(
  $$ select from public.chat_sessions where user_id = tests.profile_id('idle') $$, 'and what they had'
);
select isnt_empty('select from private.account_deletions', 'the schedule looks at them again');

update auth.users set last_sign_in_at = now() - interval '31 days' where id = tests.auth_id('used');
delete from auth.sessions;
delete from private.purge_counts;
update private.retention_policy set anonymous_days = null;
select private.run_retention() from generate_series(1, 3);
select isnt_empty($$ select from auth.users where id = tests.auth_id('used') $$, 'null keeps them for ever');
select throws_ok(
  'update private.retention_policy set anonymous_days = 0', '23514', null, 'no anonymous login goes at once'
);
select * from finish();
rollback;
