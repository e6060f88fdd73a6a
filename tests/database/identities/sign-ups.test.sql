begin;
select plan(12);
create function pg_temp.sign_up(address text) returns text language sql as $$
  select private.limit_sign_ups(jsonb_build_object('metadata', jsonb_build_object('ip_address', address)))
    #>> '{error,http_code}'
$$;
select pg_temp.sign_up('203.0.113.7') from generate_series(1, 29);
select is(pg_temp.sign_up('203.0.113.7'), null, 'thirty sign-ups an hour are allowed');
select is(pg_temp.sign_up('203.0.113.7'), '429', 'the next one is refused');
select is(pg_temp.sign_up('::ffff:203.0.113.7'), '429', 'also in the notation of IPv6');
select is(pg_temp.sign_up('::ffff:cb00:7107'), '429', 'or in its hexadecimal form');
select is(pg_temp.sign_up('203.0.113.8'), null, 'another address of IPv4 is another customer');
select pg_temp.sign_up('2001:db8:1:2::' || n) from generate_series(1, 30) as n;
select is(pg_temp.sign_up('2001:db8:1:2:ffff::1'), '429', 'all addresses of 64 bits count together');
select is(pg_temp.sign_up('2001:db8:1:3::1'), null, 'the next 64 bits do not');
update private.rate_counters set minute = minute - interval '1 hour' where bucket = 'sign_up';
select is(pg_temp.sign_up('203.0.113.7'), null, 'the next hour begins anew');

delete from private.rate_counters;
select pg_temp.sign_up(address)
from unnest(array['127.0.0.1', '::1', '10.1.2.3', '172.31.0.9', '192.168.0.4', '169.254.1.1', 'fd00::1', 'fe80::1',
  '::ffff:127.0.0.1', 'not an address', null]) as address, generate_series(1, 31);
select is_empty('select from private.rate_counters', 'own networks and unknown addresses are not counted');
select ok(
  has_function_privilege('supabase_auth_admin', 'private.limit_sign_ups(jsonb)', 'execute'), 'Auth may call the hook'
);
select ok(
  not has_function_privilege(caller, 'private.limit_sign_ups(jsonb)', 'execute'), caller || ' may not'
)
from unnest(array['anon', 'authenticated']) as caller;
select * from finish();
rollback;
