begin;
select plan(10);
select tests.create_user('target'), tests.create_user('admin');
update public.profiles set role = 'admin' where id = tests.profile_id('admin');

-- What was there, what is granted (10 credits until then), and what there is.
create temp table cases (name text, tokens integer, expires interval, granted interval, sum integer, until interval)
on commit drop;
insert into cases values
  ('a first grant', 0, null, '30 days', 10, '30 days'),
  ('a later expiry moves it', 5, '10 days', '30 days', 15, '30 days'),
  ('an earlier one does not', 5, '30 days', '10 days', 15, '30 days'),
  ('an expired balance is zeroed', 5, '-1 day', '30 days', 10, '30 days'),
  ('what never expires stays so', 5, null, '30 days', 15, null),
  ('and makes the rest so', 5, '10 days', null, 15, null);
create function pg_temp.outcome(c cases)
returns text
language plpgsql
as $$
declare
  profile public.profiles;
begin
  perform tests.act_as_postgres();
  update public.profiles set tokens = c.tokens, tokens_expires_at = now() + c.expires where id = tests.profile_id('target');
  perform tests.act_as('admin');
  profile := public.admin_grant_credits(tests.profile_id('target'), 10, now() + c.granted);
  return format('%s until %s', profile.tokens, profile.tokens_expires_at - now());
end
$$;

select is(pg_temp.outcome(c), format('%s until %s', c.sum, c.until), c.name) from cases c;
select tests.act_as('admin');
select throws_ok(
  format('select public.admin_grant_credits(tests.profile_id(''target''), %s)', amount), 'PT400', 'invalid_amount',
  format('not %s credits', amount)
) from unnest(array['0', '-5', '1000001']) as amount;
select throws_ok(
  $$ select public.admin_grant_credits(tests.profile_id('target'), 1, now()) $$, 'PT400', 'invalid_expiry',
  'nor credits that have expired'
);
select * from finish();
rollback;
