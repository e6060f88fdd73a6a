-- The hook of Supabase Auth that limits sign-ups from one address.

create function private.address_prefix(address inet)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  own inet := address;
begin
  if address <<= inet '::ffff:0:0/96' then
    -- An IPv4 address in the notation of IPv6.
    own := inet '0.0.0.0' + (address - inet '::ffff:0:0');
  end if;
  return host(network(set_masklen(own, case family(own) when 4 then 32 else 64 end)));
end
$$;
comment on function private.address_prefix(inet) is
  'Returns the part of an address that stands for one customer: an IPv4 address, or the first 64 bits of IPv6.';

create function private.network_bucket(address inet)
returns text
language plpgsql
immutable
set search_path = ''
as $$
begin
  return to_hex(hashtext(coalesce(private.address_prefix(address), '')) & 65535);
end
$$;
-- Source: https://github.com/orgs/supabase/discussions/34647
comment on function private.network_bucket(inet) is
  'Returns one of 65,536 subjects of a limit by address. Anybody can name another address in x-forwarded-for with each '
  'call, and a row for each would fill the table of counters. Two networks rarely share a subject.';

create function private.is_own_network(address inet)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  return private.address_prefix(address)::inet <<= any (array[
    '127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '169.254.0.0/16',
    -- The prefix of ::1 is ::.
    '::/64', 'fc00::/7', 'fe80::/10'
  ]::inet[]);
end
$$;
comment on function private.is_own_network(inet) is
  'True for loopback, link-local and private addresses, which are those of this machine or of a proxy.';

create function private.limit_sign_ups(event jsonb)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_sign_ups constant integer := 30;
  address inet := private.parse_address(event #>> '{metadata,ip_address}');
begin
  if address is null
    or private.is_own_network(address)
    or private.within_rate('sign_up', private.address_prefix(address), max_sign_ups, 'hour')
  then
    return '{}'::jsonb;
  end if;
  return jsonb_build_object('error', jsonb_build_object(
    'http_code', 429,
    'message', 'Too many accounts were created from this network. Try again in an hour, or from another network.'
  ));
end
$$;
comment on function private.limit_sign_ups(jsonb) is
  'Hook before_user_created of Supabase Auth: allows 30 sign-ups an hour from one IPv4 address or 64 bits of IPv6. '
  'Source: https://supabase.com/docs/guides/auth/auth-hooks/before-user-created-hook. Definer: the Auth service has no '
  'rights here.';

-- A database without Supabase Auth has no such role.
do $$
begin
  if exists (select from pg_roles where rolname = 'supabase_auth_admin') then
    grant usage on schema private to supabase_auth_admin;
    grant execute on function private.limit_sign_ups(jsonb) to supabase_auth_admin;
  end if;
end
$$;
