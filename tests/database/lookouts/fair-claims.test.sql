begin;
select plan(5);
select tests.create_user('busy'), tests.create_user('other');
update public.plans set max_lookouts = null;
select public.create_lookout(tests.auth_id('busy'), 'Busy ' || n, 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 hour')
from generate_series(1, 30) n;
select public.create_lookout(tests.auth_id('other'), 'Other', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 minute');

select is(private.count_due_lookouts(10), 10, 'the count of due lookouts ends at its limit');
create temp table claimed on commit drop as
  select l.title from public.claim_due_lookouts(2) c join public.lookouts l on l.id = c.lookout_id;
select is((select count(*)::integer from claimed where title = 'Other'), 1,
  'many older lookouts of one user do not delay the lookout of another');
select is(private.count_due_lookouts(1000), 29, 'claimed lookouts are not due');

select tests.create_user('late');
select public.create_lookout(tests.auth_id('late'), 'Late', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
  now() - interval '1 second');
select is(
  (select l.title from public.claim_due_lookouts(1) c join public.lookouts l on l.id = c.lookout_id), 'Late',
  'while lookouts of one user run, the lookout of another comes before the next of the first'
);
select is(
  (select count(*)::integer from public.claim_due_lookouts(100)), 29,
  'when nobody else waits, one user''s lookouts are claimed together'
);
select * from finish();
rollback;
