begin;
select plan(10);
select tests.create_user('target'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');

-- The credits before, the end of a grant of 10 credits, and the credits after.
create temp table cases (name text, tokens integer, expires interval, granted interval, sum integer, until interval)
on commit drop;
insert into cases values
  ('a first grant', 0, null, '30 days', 10, '30 days'),
  ('a later expiry replaces the earlier one', 5, '10 days', '30 days', 15, '30 days'),
  ('an earlier expiry does not', 5, '30 days', '10 days', 15, '30 days'),
  ('an expired balance is zeroed', 5, '-1 day', '30 days', 10, '30 days'),
  ('credits that never expire stay so', 5, null, '30 days', 15, null),
  ('a grant without expiry removes the expiry', 5, '10 days', null, 15, null);
create function pg_temp.outcome(c cases)
returns text
language plpgsql
as $$
declare
  profile public.profiles;
begin
  perform tests.act_as_postgres();
  update public.profiles set tokens = c.tokens, tokens_expires_at = now() + c.expires
  where id = tests.profile_id('target');
  perform tests.act_as('admin');
  profile := public.admin_grant_credits(tests.profile_id('target'), 10, now() + c.granted);
  return format('%s until %s', profile.tokens, profile.tokens_expires_at - now());
end
$$;

select is(pg_temp.outcome(c), format('%s until %s', c.sum, c.until), c.name) from cases c;
select tests.act_as('admin');
select throws_ok(
  format('select public.admin_grant_credits(tests.profile_id(''target''), %s)', amount), 'PT400', 'invalid_amount',
  format('a grant of %s credits is refused', amount)
) from unnest(array['0', '-5', '1000001']) as amount;
select throws_ok(
  $$ select public.admin_grant_credits(tests.profile_id('target'), 1, now()) $$, 'PT400', 'invalid_expiry',
  'a grant that has already expired is refused'
);
select * from finish();
rollback;
