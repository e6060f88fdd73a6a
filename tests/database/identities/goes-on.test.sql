begin;
select plan(12);
create function pg_temp.usage_of(name text) returns jsonb language plpgsql as $$
declare
  usage jsonb;
begin
  perform tests.act_as(name);
  usage := public.get_my_usage();
  perform tests.act_as_postgres();
  return jsonb_build_object(
    'month', usage #> '{monthly_messages,used}', 'reset_at', usage #>> '{monthly_messages,reset_at}',
    'day', usage #> '{daily_messages,used}', 'searches', usage #> '{monthly_searches,used}',
    'cost', usage #> '{monthly_budget,used}'
  );
end
$$;
create function pg_temp.again(name text, address text) returns void language sql as $$
  select tests.create_login(name, email => address);
  update auth.users set email_confirmed_at = now() where id = tests.auth_id(name);
$$;

select tests.create_user('first');
update public.profiles set subscription_usage = 150, quota_last_reset = now() - interval '10 days'
where id = tests.profile_id('first');
select private.count_usage(tests.profile_id('first'), 'messages', 'day', null) from generate_series(1, 4);
select private.count_usage(tests.profile_id('first'), 'searches', 'month', null) from generate_series(1, 3);
insert into public.monthly_costs (user_id, month, spent) values (tests.profile_id('first'), private.this_month(), 2.5);
create temp table before as select pg_temp.usage_of('first') as usage;

delete from auth.users where id = tests.auth_id('first');
select is((select count(*)::integer from private.identities), 1, 'the deletion leaves one row');
select pg_temp.again('second', 'First+again@example.com');
select is(pg_temp.usage_of('second'), (select usage from before), 'a new account goes on where the old one stopped');
select is(
  (select email from public.profiles where id = tests.profile_id('second')), 'First+again@example.com',
  'its address is not changed'
);
select pg_temp.again('other', 'other@example.com');
select is(pg_temp.usage_of('other') ->> 'month', '0', 'another address starts anew');

-- A turn in the new account, and another round.
update public.profiles set subscription_usage = subscription_usage + 1 where id = tests.profile_id('second');
select tests.act_as('second');
select public.request_account_deletion();
select tests.act_as_postgres();
select is((select messages from private.identities), 151, 'a closed account is remembered before its login goes');
delete from auth.users where id = tests.auth_id('second');
select pg_temp.again('third', 'first@example.com');
select is(pg_temp.usage_of('third') ->> 'month', '151', 'usage adds up over several accounts');
update public.plans set monthly_budget = 3 where slug = 'free';
select throws_like(
  $$ select private.reserve_budget(tests.profile_id('third'), 1) $$, '%budget_exceeded%', 'the budget goes on, too'
);
select lives_ok($$ select private.reserve_budget(tests.profile_id('third'), 0.4) $$, 'what is left of it can be used');

-- An account of the same mailbox that used nothing does not lower what is known.
select pg_temp.again('idle', 'first+idle@example.com');
update public.profiles set subscription_usage = 0 where id = tests.profile_id('idle');
delete from auth.users where id = tests.auth_id('third');
delete from auth.users where id = tests.auth_id('idle');
select pg_temp.again('fourth', 'first@example.com');
select is(pg_temp.usage_of('fourth') ->> 'month', '151', 'the larger number of several accounts counts');
delete from auth.users where id = tests.auth_id('fourth');

update private.identities set period_start = period_start - interval '1 month';
select pg_temp.again('later', 'first@example.com');
select is(pg_temp.usage_of('later') ->> 'month', '0', 'a new period begins with nothing used');

delete from private.identities;
select tests.create_user('unused');
delete from auth.users where id = tests.auth_id('unused');
select is_empty('select from private.identities', 'an account that used nothing leaves nothing');

select tests.create_user('check');
update auth.users set raw_app_meta_data = '{"is_test": true}' where id = tests.auth_id('check');
update public.profiles set subscription_usage = 1 where id = tests.profile_id('check');
delete from auth.users where id = tests.auth_id('check');
select is_empty('select from private.identities', 'nor does a login for tests');
select * from finish();
rollback;
