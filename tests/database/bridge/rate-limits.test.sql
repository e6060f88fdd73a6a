begin;
select plan(9);
select tests.create_user('owner');

select tests.act_as('owner');
select lives_ok('select public.issue_bridge_token() from generate_series(1, 10)', 'ten codes a minute are issued');
select throws_ok('select public.issue_bridge_token()', 'PT429', 'rate_limited', 'the eleventh code is refused');

select tests.act_as_service();
select is(
  (select count(*) from generate_series(1, 30) n, public.redeem_bridge_token('x' || n, '203.0.113.9')
    where refusal = 'code_not_found'),
  30::bigint, 'an address may guess thirty times a minute'
);
select results_eq(
  $$ select refusal from public.redeem_bridge_token('x', '203.0.113.9') $$, $$ values ('rate_limited') $$,
  'an address over the limit is refused'
);
select results_eq(
  $$ select refusal from public.redeem_bridge_token('x', '203.0.113.10') $$, $$ values ('code_not_found') $$,
  'other addresses are not limited'
);
select is(
  (select count(*) from generate_series(1, 30) n, public.redeem_bridge_token('x' || n, '2001:db8::' || n)
   where refusal = 'code_not_found'),
  30::bigint, 'the limit applies to IPv6'
);
select results_eq(
  $$ select refusal from public.redeem_bridge_token('x', '2001:db8::ffff:1') $$, $$ values ('rate_limited') $$,
  'an IPv6 network of 64 bits counts as one address'
);
select tests.act_as_postgres();
select cmp_ok(
  (select count(distinct private.network_bucket(inet '198.18.0.0' + n)) from generate_series(1, 100000) n),
  '<=', 65536::bigint, 'invented addresses share 65,536 counters'
);
select set_eq(
  $$ select subject from private.rate_counters where bucket = 'bridge_redeem' $$,
  $$ select private.network_bucket(a) from unnest(array['203.0.113.9', '203.0.113.10', '2001:db8::']::inet[]) a $$,
  'attempts are counted there'
);
select * from finish();
rollback;
