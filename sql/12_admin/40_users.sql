-- What admins can see about users: lists, one user, summaries and statistics.

create function private.require_user(user_id uuid)
returns public.profiles
language plpgsql
stable
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  select * into profile from public.profiles p where p.id = user_id and not p.is_deleted;
  if profile.id is null then
    perform private.refuse(404, 'user_not_found', 'This user does not exist. Check the id or the email address.');
  end if;
  return profile;
end
$$;
comment on function private.require_user(uuid) is 'Returns the profile that an admin asks for, or refuses with 404.';

create function private.lock_user(user_id uuid)
returns public.profiles
language plpgsql
set search_path = ''
as $$
begin
  perform from public.profiles p where p.id = user_id for no key update;
  return private.require_user(user_id);
end
$$;
comment on function private.lock_user(uuid) is
  'As require_user. Locks the profile until the transaction ends, so that the audit log''s before and after are '
  'correct.';

create function private.activity_summary(profile_id uuid)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language sql
stable
set search_path = ''
as $$
  select coalesce(sum(a.count), 0)::bigint, coalesce(sum(a.this_week), 0)::bigint, max(a.last_at),
    (array_agg(a.action order by a.count desc, a.action))[1]
  from (
    select u.action, count(*) as count, count(*) filter (where u.created_at > now() - interval '7 days') as this_week,
      max(u.created_at) as last_at
    from public.user_activity u
    where u.user_id = profile_id
    group by u.action
  ) a
$$;
comment on function private.activity_summary(uuid) is
  'Counts the activity of a profile. actions_this_week covers the last seven days.';

create function private.get_user_activity_summary(user_id uuid)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language plpgsql
security definer
set search_path = ''
as $$
begin
  if user_id is distinct from private.current_profile_id() then
    perform private.require_admin();
    perform private.require_user(user_id);
    perform private.audit('get_user_activity_summary', user_id);
  end if;
  return query select * from private.activity_summary(user_id);
end
$$;
comment on function private.get_user_activity_summary(uuid) is
  'As activity_summary: users for themselves, admins for anybody. Definer: users cannot read the activity of others; '
  'the function checks the caller.';
grant execute on function private.get_user_activity_summary(uuid) to authenticated;

create function private.get_user_stats()
returns table (total_users bigint, active_users_today bigint, new_users_this_week bigint, total_usage_metrics bigint)
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform private.audit('get_user_stats', null);
  return query
  select
    (select count(*) from public.profiles p where not p.is_deleted),
    (select count(distinct u.user_id)
      from public.user_activity u where u.created_at >= date_trunc('day', now(), 'UTC')),
    (select count(*) from public.profiles p where not p.is_deleted and p.created_at > now() - interval '7 days'),
    (select count(*) from public.usage_metrics);
end
$$;
comment on function private.get_user_stats() is
  'Four numbers about the service. A user is active today with activity since 00:00 UTC. Definer: they count rows of '
  'all users; admins only, audited.';
grant execute on function private.get_user_stats() to authenticated;

create function private.like_pattern(search text)
returns text
language sql
immutable
set search_path = ''
as $$
  select '%' || regexp_replace(lower(search), '([\\%_])', '\\\1', 'g') || '%'
$$;
comment on function private.like_pattern(text) is
  'A LIKE pattern that finds this text anywhere. Wildcards in the text are taken literally.';

create function private.user_order(sort text, direction text)
returns text
language plpgsql
immutable
set search_path = ''
as $$
declare
  sort_key text := case sort
    when 'created_at' then 'p.created_at'
    when 'email' then 'lower(p.email)'
    when 'user_name' then 'lower(p.user_name)'
  end;
begin
  if sort_key is null or direction is null or direction not in ('asc', 'desc') then
    perform private.refuse(
      400, 'invalid_sort',
      'Users cannot be sorted in this way. Sort by created_at, email or user_name, asc or desc.'
    );
  end if;
  return format('%s %s, p.id %s', sort_key, direction, direction);
end
$$;
comment on function private.user_order(text, text) is
  'The ORDER BY clause of a list of users, from a fixed set of columns. Refuses anything else with 400.';

create function private.find_users(
  search text, plan text, role public.user_role, sort_order text, first bigint, page_size integer
)
returns table (ids uuid[], total bigint, is_estimate boolean)
language plpgsql
set search_path = ''
as $$
declare
  pattern text := private.like_pattern(search);
  condition text := concat_ws(' and ',
    'not p.is_deleted',
    case when search is not null then '(lower(p.email) like $1 or lower(p.user_name) like $1)' end,
    case when plan is not null then 'p.subscription_plan = $2' end,
    case when role is not null then 'p.role = $3' end
  );
  page text := format('order by %s limit $4 offset $5', sort_order);
  explained json;
begin
  -- No address and no name is this long.
  if char_length(search) > 500 then
    return query select '{}'::uuid[], 0::bigint, false;
    return;
  end if;

  execute 'explain (format json) select from public.profiles p where ' || condition
  into explained using pattern, plan, role;
  total := (explained -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
  is_estimate := total > 20000;
  if is_estimate then
    -- Many rows match, so the index of the sort order soon finds a page. Counting all matches would take longer.
    execute format('select array(select p.id from public.profiles p where %s %s)', condition, page)
    into ids using pattern, plan, role, page_size, first;
    total := case when ids = '{}' then least(total, first) else greatest(total, first + cardinality(ids)) end;
  else
    -- Few rows match. The planner misjudges text searches, so all matches are materialized by the text index and then
    -- counted and sorted. Without a search the planner chooses well and need not fetch every profile for one page.
    execute format(
      'with p as %s (select p.id, p.created_at, p.email, p.user_name from public.profiles p where %s)
       select array(select p.id from p %s), (select count(*) from p)',
      case when search is null then 'not materialized' else 'materialized' end, condition, page
    ) into ids, total using pattern, plan, role, page_size, first;
  end if;
  return next;
end
$$;
comment on function private.find_users(text, text, public.user_role, text, bigint, integer) is
  'Ids of one page of users and the number of matches: counted up to about 20,000, the planner''s estimate beyond.';

create function private.describe_users(ids uuid[])
returns jsonb
language sql
stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'id', p.id, 'email', p.email, 'user_name', p.user_name, 'avatar_url', p.avatar_url, 'role', p.role,
    'is_active', p.is_active, 'email_confirmed', p.email_confirmed, 'auth_provider', p.auth_provider,
    'membership_status', p.membership_status, 'subscription_plan', p.subscription_plan,
    'subscription_quota', p.subscription_quota, 'subscription_usage', p.subscription_usage,
    'tokens', p.tokens, 'tokens_expires_at', p.tokens_expires_at,
    'organization_id', p.organization_id, 'organization_role', p.organization_role, 'created_at', p.created_at,
    'session_count', (select count(*) from public.chat_sessions s where s.user_id = p.id),
    'flagged_notes', (select count(*) from public.admin_notes n where n.user_id = p.id and n.is_flagged)
  ) || activity.counts || usage.counts order by wanted.position), '[]')
  from unnest(ids) with ordinality as wanted (id, position)
  join public.profiles p on p.id = wanted.id
  cross join lateral (
    select jsonb_build_object('activity_count', count(*), 'last_activity', max(a.created_at)) as counts
    from public.user_activity a
    where a.user_id = p.id
  ) activity
  cross join lateral (
    select jsonb_build_object(
      'request_count', coalesce(sum(m.request_count), 0),
      'total_tokens', coalesce(sum(m.total_tokens), 0),
      'web_searches', coalesce(sum(m.web_searches), 0),
      'file_searches', coalesce(sum(m.file_searches), 0),
      'code_runs', coalesce(sum(m.code_runs), 0),
      'images', coalesce(sum(m.images), 0),
      'total_cost', coalesce(sum(m.total_cost), 0)
    ) as counts
    from public.usage_metrics m
    where m.user_id = p.id
  ) usage
$$;
comment on function private.describe_users(uuid[]) is
  'The users with these ids, in this order, as admin lists show them, with counts of their activity and usage.';

create function private.hash_search(search text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  return encode(
    extensions.hmac(convert_to(lower(btrim(search)), 'UTF8'), convert_to(private.identity_pepper(), 'UTF8'), 'sha256'),
    'hex'
  );
end
$$;
comment on function private.hash_search(text) is
  'Returns the keyed hash under which the audit log stores what an admin searched for, because the text may be the '
  'address of a user who is deleted later. Call it with an address to find out who searched for it.';

create function private.admin_list_users(
  page integer, page_size integer, search text, plan text, role public.user_role, sort text, direction text
)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  sort_order text := private.user_order(sort, direction);
  size integer := private.page_size(page_size, 20);
  number integer := private.page_number(page);
  wanted text := nullif(btrim(search), '');
  found_users record;
begin
  perform private.require_admin();
  perform private.audit('admin_list_users', null, details => jsonb_build_object(
    'page', number, 'page_size', size, 'search_hash', private.hash_search(wanted),
    'plan', (select l.slug from public.plans l where l.slug = admin_list_users.plan), 'role', role, 'sort', sort,
    'direction', direction
  ));
  select * into found_users
  from private.find_users(wanted, plan, role, sort_order, (number - 1)::bigint * size, size);
  return jsonb_build_object(
    'users', private.describe_users(found_users.ids), 'total_is_estimate', found_users.is_estimate
  ) || private.describe_page(found_users.total, number, size);
end
$$;
comment on function private.admin_list_users(integer, integer, text, text, public.user_role, text, text) is
  'One page of users. Definer: users cannot read other profiles; admins only, audited.';
grant execute on function private.admin_list_users(integer, integer, text, text, public.user_role, text, text)
  to authenticated;

create function public.admin_list_users(
  page integer default 1,
  page_size integer default 20,
  search text default null,
  plan text default null,
  role public.user_role default null,
  sort text default 'created_at',
  direction text default 'desc'
)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.admin_list_users(page, page_size, search, plan, role, sort, direction)
$$;
comment on function public.admin_list_users(integer, integer, text, text, public.user_role, text, text) is
  'Admin RPC: { users, total, total_is_estimate, total_pages, current_page, page_size }, at most 100 users a page. '
  'search finds text in address or name. total is counted up to about 20,000 matches and estimated beyond.';
grant execute on function public.admin_list_users(integer, integer, text, text, public.user_role, text, text)
  to authenticated;

create function private.admin_get_user(user_id uuid)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  perform private.require_admin();
  profile := private.require_user(user_id);
  perform private.audit('admin_get_user', user_id);
  return private.describe_users(array[user_id]) -> 0 || jsonb_build_object(
    'profile', to_jsonb(profile),
    'organization', (select to_jsonb(o) from public.organizations o where o.id = profile.organization_id),
    'activity', (select to_jsonb(a) from private.activity_summary(user_id) a),
    'note_count', (select count(*) from public.admin_notes n where n.user_id = profile.id)
  );
end
$$;
comment on function private.admin_get_user(uuid) is
  'All data about a user except content. Definer: users cannot read other profiles; admins only, audited.';
grant execute on function private.admin_get_user(uuid) to authenticated;

create function public.admin_get_user(user_id uuid)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.admin_get_user(user_id)
$$;
comment on function public.admin_get_user(uuid) is
  'Admin RPC: a user as in admin_list_users, with profile (the whole row), organization, activity and note_count. 404 '
  'user_not_found.';
grant execute on function public.admin_get_user(uuid) to authenticated;

create function public.get_user_activity_summary(user_id uuid default null)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language sql
security invoker
set search_path = ''
as $$
  select * from private.get_user_activity_summary(coalesce(user_id, private.current_profile_id()))
$$;
comment on function public.get_user_activity_summary(uuid) is
  'Client RPC: the caller''s own activity in numbers. Admins can ask for any user.';
grant execute on function public.get_user_activity_summary(uuid) to authenticated;

create function public.get_user_stats()
returns table (total_users bigint, active_users_today bigint, new_users_this_week bigint, total_usage_metrics bigint)
language sql
security invoker
set search_path = ''
as $$
  select * from private.get_user_stats()
$$;
comment on function public.get_user_stats() is
  'Admin RPC: the number of users, of users active today, of new users this week, and of usage metrics.';
grant execute on function public.get_user_stats() to authenticated;
