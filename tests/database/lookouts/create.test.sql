begin;
select plan(9);
select tests.create_user('owner'), tests.create_user('other');
create function pg_temp.make(title text default 'News', slug text default 'coach')
returns uuid
language sql
as $$
  select (public.create_lookout(
    tests.auth_id('owner'), title, 'What is new?', slug, 'daily', '0 9 * * *', 'UTC', now() + interval '1 hour'
  )).id
$$;
grant execute on function pg_temp.make to public;

select tests.act_as_service();
select isnt(pg_temp.make(), null, 'a lookout is created');
select throws_ok($$ select pg_temp.make() $$, 'PT402', 'lookout_limit_reached', 'the free plan allows one lookout');
select tests.act_as_postgres();
update public.lookouts set status = 'archived', next_run_at = null;
select lives_ok($$ select pg_temp.make() $$, 'archived lookouts do not count');
update public.plans set max_lookouts = null where slug = 'free';
select lives_ok($$ select pg_temp.make() from generate_series(1, 20) $$, 'a null limit means unlimited');
select throws_ok(
  $$ select pg_temp.make(slug => 'nobody') $$, 'PT409', 'assistant_unavailable', 'an unknown assistant is refused'
);
update public.assistants set required_plan = 'pro' where slug = 'editor';
select throws_ok(
  $$ select pg_temp.make(slug => 'editor') $$, 'PT402', 'plan_required', 'an assistant above the plan is refused'
);
update public.profiles set role = 'banned' where id = tests.profile_id('owner');
select throws_ok($$ select pg_temp.make() $$, 'PT403', 'account_blocked', 'a banned user cannot create a lookout');

select is(
  (select count(*)::integer from public.user_activity where action = 'lookout_created'), 22,
  'each creation is logged as activity'
);
update public.profiles set is_deleted = true, deleted_at = now() where id = tests.profile_id('owner');
select is_empty($$ select from public.lookouts $$, 'deleting the account deletes its lookouts');
select * from finish();
rollback;
