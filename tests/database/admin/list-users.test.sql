begin;
select plan(14);
select tests.create_user('admin');
update public.profiles set role = 'admin', created_at = now() - interval '1 year' where id = tests.profile_id('admin');
insert into public.profiles (email, user_name, subscription_plan, role, created_at)
select 'user' || n || '@example.com', 'Name ' || n, case when n % 2 = 0 then 'pro' else 'free' end,
  (case when n = 5 then 'banned' else 'user' end)::public.user_role, now() - n * interval '1 minute'
from generate_series(1, 25) n;
insert into public.profiles (email, user_name) values ('odd_one@example.com', '100% O''Brien\'),
  ('oddxone@example.com', '100x');
select private.anonymize_profile(id) from public.profiles where email = 'user25@example.com';

create function pg_temp.names(page jsonb)
returns text[]
language sql
as $$
  select coalesce(array_agg(u.value ->> 'email' order by u.position), '{}')
  from jsonb_array_elements(page -> 'users') with ordinality as u (value, position)
$$;
grant execute on function pg_temp.names(jsonb) to public;

select tests.act_as('admin');
select is(
  public.admin_list_users(page => 2, page_size => 10, search => 'USER') - 'users',
  '{"total": 24, "total_is_estimate": false, "total_pages": 3, "current_page": 2, "page_size": 10}',
  'a page has the total'
);
select is(
  pg_temp.names(public.admin_list_users(page => 2, page_size => 3, search => 'user')),
  array['user4@example.com', 'user5@example.com', 'user6@example.com'], 'the newest users come first'
);
select is(
  public.admin_list_users(page => 4, page_size => 10, search => 'user'),
  '{"users": [], "total": 24, "total_is_estimate": false, "total_pages": 3, "current_page": 4, "page_size": 10}',
  'a page beyond the end is empty'
);
select is(
  public.admin_list_users(page => 2147483647, page_size => 100, search => 'user') ->> 'total', '24',
  'a page far beyond the end is empty'
);
select is(
  (select jsonb_agg(public.admin_list_users(page => n, page_size => n) -> 'current_page')
    from unnest(array[0, -1, null]) n),
  '[1, 1, 1]', 'an invalid page number shows the first page'
);
select is(
  pg_temp.names(public.admin_list_users(
    search => 'name', plan => 'pro', sort => 'user_name', direction => 'desc', page_size => 2
  )),
  array['user8@example.com', 'user6@example.com'], 'users can be filtered by plan and searched by name'
);
select is(
  pg_temp.names(public.admin_list_users(search => 'user', sort => 'email', page_size => 3)),
  array['user9@example.com', 'user8@example.com', 'user7@example.com'], 'users can be searched by address'
);
select is(
  pg_temp.names(public.admin_list_users(role => 'banned')), array['user5@example.com'], 'users can be filtered by role'
);
select is(
  (select jsonb_object_agg(search, pg_temp.names(public.admin_list_users(search => search)))
   from unnest(array['odd_', '100%', 'O''B', 'ien\', '%', '_', '"', '''; drop table x; --', 'e5@', '    odd_    '])
     as search),
  '{"odd_": ["odd_one@example.com"], "100%": ["odd_one@example.com"], "O''B": ["odd_one@example.com"],
    "ien\\": ["odd_one@example.com"], "%": ["odd_one@example.com"], "_": ["odd_one@example.com"], "\"": [],
    "''; drop table x; --": [], "e5@": [], "    odd_    ": ["odd_one@example.com"]}'::jsonb,
  'a search is literal text'
);
select is(public.admin_list_users(search => repeat('x%_\', 2500)) ->> 'total', '0', 'a search may have any length');
select is(public.admin_list_users(search => '  ') ->> 'total', '27', 'an empty search lists all remaining users');
select throws_ok(
  $$ select public.admin_list_users(sort => 'tokens; drop table x') $$, 'PT400', 'invalid_sort',
  'an unknown order is refused'
);
select throws_ok(
  $$ select public.admin_list_users(direction => 'asc, (select 1)') $$, 'PT400', 'invalid_sort',
  'an unknown direction is refused'
);
select throws_ok(
  $$ select public.admin_list_users(sort => null) $$, 'PT400', 'invalid_sort', 'a null order is refused'
);
select * from finish();
rollback;
