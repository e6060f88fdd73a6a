-- The seats that an organization buys give its members their plan, the longest-standing first.
begin;
select plan(16);
select tests.create_user(name) from unnest(array['owner', 'second', 'third', 'fourth']) as name;
select tests.act_as('owner');
select public.create_organization('Team');
select tests.act_as_postgres();
create temp table team on commit drop as select id from public.organizations;
grant select on team to public;
create function pg_temp.buy(seats bigint, status text default 'active')
returns void
language sql
as $$
  select tests.apply_subscription('cus_team', 'sub_team', status, jsonb_build_object('quantity', seats))
$$;
create function pg_temp.plans()
returns text
language sql
as $$
  select string_agg(u.name || ' ' || p.subscription_plan, ', ' order by p.organization_joined_at, p.id)
  from public.profiles p join tests.users u on u.profile_id = p.id where p.organization_id is not null
$$;
create function pg_temp.join_as(name text)
returns void
language plpgsql
as $$
declare
  code text;
begin
  perform tests.act_as('owner');
  code := (select token from public.invite_member(name || '@example.com'));
  perform tests.act_as(name);
  perform public.accept_invitation(code);
  perform tests.act_as_postgres();
end
$$;

select tests.act_as_postgres();
select is(public.link_organization_customer(id, 'cus_team'), 'cus_team', 'a customer is linked') from team;
select is(public.link_organization_customer(id, 'cus_other'), 'cus_team', 'an organization has one customer') from team;
select throws_ok(
  $$ update public.stripe_customers set user_id = tests.profile_id('owner') where id = 'cus_team' $$, '23514', null,
  'a customer has one owner'
);
select pg_temp.buy(2);
select is(pg_temp.plans(), 'owner pro', 'a seat gives its plan at once');
select is(
  (select plan_source from public.profiles where id = tests.profile_id('owner')), 'organization', 'and says so'
);
select pg_temp.join_as('second');
update public.profiles set organization_joined_at = now() + interval '1 second'
where id = tests.profile_id('second');
select is(pg_temp.plans(), 'owner pro, second pro', 'who joins gets a seat at once');

select tests.act_as('owner');
select throws_ok(
  $$ select public.invite_member('third@example.com') $$, 'PT402', 'seats_exhausted', 'no seat is left to invite for'
);
select tests.act_as_postgres();
select pg_temp.buy(3);
select tests.act_as('owner');
create temp table invited on commit drop as select * from public.invite_member('third@example.com');
grant select on invited to public;
select tests.act_as_postgres();
select pg_temp.buy(2);
select tests.act_as('third');
select throws_ok(
  $$ select public.accept_invitation(token) from invited $$, 'PT402', 'seats_exhausted', 'nor to accept with'
);
select tests.act_as_postgres();
select pg_temp.buy(3);
select tests.act_as('third');
select lives_ok($$ select public.accept_invitation(token) from invited $$, 'a refused invitation stays usable');
select tests.act_as_postgres();
update public.profiles set organization_joined_at = now() + interval '2 seconds'
where id = tests.profile_id('third');

select pg_temp.buy(1);
select is(
  pg_temp.plans(), 'owner pro, second free, third free', 'with fewer seats the last to join lose the plan, and stay'
);
select pg_temp.buy(2);
select tests.act_as('second');
select public.leave_organization();
select tests.act_as_postgres();
select is(
  (select subscription_plan from public.profiles where id = tests.profile_id('second')), 'free',
  'who leaves loses the plan at once'
);
select private.refresh_entitlements();
select is(pg_temp.plans(), 'owner pro, third pro', 'the schedule gives the free seat to the next member');

select public.link_stripe_customer(tests.profile_id('third'), 'cus_third');
select tests.apply_subscription('cus_third', 'sub_third', 'active', plan => 'enterprise');
select is(pg_temp.plans(), 'owner pro, third enterprise', 'the better of both plans counts');
select pg_temp.buy(2, 'canceled');
select is(pg_temp.plans(), 'owner free, third enterprise', 'the end of the subscription ends the seats');
select tests.act_as('owner');
select lives_ok($$ select public.invite_member('fourth@example.com') $$, 'without a subscription nothing is limited');
select tests.act_as_postgres();
select pg_temp.buy(2);
select tests.act_as('owner');
select public.delete_organization();
select tests.act_as_postgres();
select results_eq(
  $$ select p.subscription_plan, (select count(*) from private.remote_deletions where remote_id = 'cus_team')
     from public.profiles p where p.id = tests.profile_id('owner') $$, $$ values ('free', 1::bigint) $$,
  'its deletion ends the seats and deletes the customer at Stripe'
);
select * from finish();
rollback;
