-- What users did, and what admins may see and do; everything that admins do is in the audit log.

create extension if not exists pg_trgm with schema extensions;

create table public.user_activity (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  action text not null,
  data jsonb not null default '{}',
  created_at timestamptz not null default now(),
  constraint user_activity_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint user_activity_action_check check (action ~ '^[a-z][a-z0-9_.:-]{0,63}$'),
  constraint user_activity_data_check check (jsonb_typeof(data) = 'object' and octet_length(data::text) <= 4096)
);

create table public.admin_notes (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  admin_id uuid,
  note text not null,
  is_flagged boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint admin_notes_user_id_fkey foreign key (user_id) references public.profiles (id) on delete cascade,
  constraint admin_notes_admin_id_fkey foreign key (admin_id) references public.profiles (id) on delete set null,
  constraint admin_notes_note_check check (char_length(note) between 1 and 5000)
);

-- Without foreign keys: a row outlives whom it names.
create table public.audit_logs (
  id uuid primary key default gen_random_uuid(),
  admin_id uuid,
  user_id uuid,
  action text not null,
  before jsonb,
  after jsonb,
  details jsonb not null default '{}',
  ip_address inet,
  created_at timestamptz not null default now()
);

create table private.rate_counters (
  bucket text not null,
  subject text not null,
  minute timestamptz not null,
  count integer not null,
  primary key (bucket, subject)
);

comment on table public.user_activity is
  'What a user did: sign-ins, turns and the like by themselves, the rest by log_activity. Who has a row today was active today.';
comment on table public.admin_notes is 'What admins noted about a user, who does not see it.';
comment on table public.audit_logs is
  'What admins read and changed. Rows cannot be changed; only retention deletes them. Read by admin_list_audit.';
comment on column public.audit_logs.admin_id is 'Profile of who acted; null for npm run db:setup-admin.';
comment on column public.audit_logs.user_id is 'Profile that it was about; null when it was about many.';
comment on column public.audit_logs.before is 'What a write changed, as it was.';
comment on column public.audit_logs.details is 'What was asked for: filters of a list, the note that was flagged.';
comment on column public.audit_logs.ip_address is 'First hop of x-forwarded-for; null when there is none that is an address.';
comment on table private.rate_counters is
  'Calls in the current minute, by what is limited and whom: one row each, which the next minute overwrites.';

create function private.within_rate(bucket text, subject text, max_count integer)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- One statement: of many at once, exactly as many get through as the limit allows.
  insert into private.rate_counters as c (bucket, subject, minute, count)
  values (within_rate.bucket, within_rate.subject, date_trunc('minute', now()), 1)
  on conflict on constraint rate_counters_pkey do update
  set count = case when excluded.minute > c.minute then 1 else c.count + 1 end,
      minute = greatest(c.minute, excluded.minute)
  where excluded.minute > c.minute or c.count < max_count;
  return found;
end
$$;
comment on function private.within_rate(text, text, integer) is
  'Counts one call in the current minute; false when the limit is reached.';

create function private.parse_address(text)
returns inet
language plpgsql
immutable
set search_path = ''
as $$
begin
  return host(btrim($1)::inet)::inet;
exception when invalid_text_representation then
  return null;
end
$$;
comment on function private.parse_address(text) is 'An address without its network, or null for what is none.';

create function private.request_address()
returns inet
language sql
stable
set search_path = ''
as $$
  select private.parse_address(split_part(
    nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-forwarded-for', ',', 1
  ))
$$;
comment on function private.request_address() is 'Where the request of the REST API came from, by x-forwarded-for.';

create function private.log_activity(profile_id uuid, action text, data jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Nothing comes to an account that is being deleted: its subscription ends, its login signs in once more.
  insert into public.user_activity (user_id, action, data)
  select p.id, log_activity.action, log_activity.data
  from public.profiles p
  where p.id = profile_id
    and not p.is_deleted;
exception when others then
  raise warning 'activity % of % was not logged: %', action, profile_id, sqlerrm;
end
$$;
comment on function private.log_activity(uuid, text, jsonb) is
  'Logs what somebody did; never makes it fail. Called by the triggers of what logs itself.';

create function private.log_sign_in()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(p.id, 'signed_in') from public.profiles p where p.auth_id = new.id;
  return null;
exception when others then
  raise warning 'sign-in of % was not logged: %', new.id, sqlerrm;
  return null;
end
$$;
comment on function private.log_sign_in() is
  'Trigger on auth.users: Auth stamps last_sign_in_at at every sign-in, and at no refresh. Definer: the Auth service has no rights here.';

create function private.log_turn()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'turn_started', jsonb_build_object('session_id', new.session_id));
  return null;
end
$$;
comment on function private.log_turn() is
  'Trigger on chat_streams: a turn began. Definer: whoever starts one may not write the log.';

create function private.log_upload_activity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'file_uploaded',
    jsonb_build_object('file_id', new.id, 'session_id', new.session_id));
  return null;
end
$$;
comment on function private.log_upload_activity() is
  'Trigger: an upload is activity. Definer: private.log_activity is not granted.';

create function private.log_billing_activity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'subscription_changed',
    jsonb_build_object('subscription_id', new.id, 'status', new.status));
  return null;
end
$$;
comment on function private.log_billing_activity() is
  'Trigger: a subscription that begins or changes its status is activity. Definer: private.log_activity is not granted.';

create function private.log_my_activity(action text, data jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me uuid := private.current_profile_id();
begin
  perform private.require_can_act();
  if action is null or action !~ '^[a-z][a-z0-9_.:-]{0,63}$' then
    perform private.refuse(400, 'invalid_action', hint => 'Up to 64 characters: a-z, 0-9 and _.:-, a letter first.');
  end if;
  if data is null or jsonb_typeof(data) <> 'object' then
    perform private.refuse(400, 'invalid_data', hint => 'A JSON object.');
  end if;
  if octet_length(data::text) > 4096 then
    perform private.refuse(413, 'data_too_large', '{"limit": 4096}');
  end if;
  if not private.within_rate('log_activity', me::text, 60) then
    perform private.refuse(429, 'rate_limited', private.limit_detail('minute', 60));
  end if;
  insert into public.user_activity (user_id, action, data) values (me, log_my_activity.action, log_my_activity.data);
end
$$;
comment on function private.log_my_activity(text, jsonb) is
  'Logs what the caller did, 60 times a minute at most. Definer: the log is no client''s to write; the caller is taken from the token.';
grant execute on function private.log_my_activity(text, jsonb) to authenticated;

create function public.log_activity(action text, data jsonb default '{}')
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.log_my_activity(action, data)
$$;
comment on function public.log_activity(text, jsonb) is
  'Client RPC: logs what the caller did. data is an object of at most 4 KiB; 429 after 60 in a minute.';
grant execute on function public.log_activity(text, jsonb) to authenticated;

create function private.require_admin()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  caller public.profiles;
begin
  select * into caller from public.profiles p where p.id = private.current_profile_id();
  if caller.role is distinct from 'admin' then
    perform private.refuse(403, 'not_allowed', hint => 'For admins only.');
  end if;
  if not private.can_act(caller.id) then
    perform private.refuse(403, 'account_blocked', hint => 'The account is suspended.');
  end if;
  return caller.id;
end
$$;
comment on function private.require_admin() is
  'The caller''s profile when it is an admin''s now, whatever the token says; else refuses with 403.';

create function private.audit(
  action text, user_id uuid, before jsonb default null, after jsonb default null, details jsonb default '{}'
)
returns void
language sql
set search_path = ''
as $$
  insert into public.audit_logs (admin_id, user_id, action, before, after, details, ip_address)
  values (private.current_profile_id(), $2, $1, $3, $4, jsonb_strip_nulls($5), private.request_address())
$$;
comment on function private.audit(text, uuid, jsonb, jsonb, jsonb) is
  'Writes down what the caller does as an admin. Called by every function for admins, in the transaction of the deed.';

create function private.keep_audit_log()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if tg_op = 'DELETE'
    and current_setting('parley.retention', true) = 'on'
    and current_user = (select pg_get_userbyid(c.relowner) from pg_catalog.pg_class c where c.oid = tg_relid)
  then
    return old;
  end if;
  raise exception using
    errcode = 'PT403', message = 'audit_log_is_final', hint = 'Rows of the audit log stay as they are.';
end
$$;
comment on function private.keep_audit_log() is
  'Trigger: refuses update and truncate, and delete but by the table''s owner in a transaction that has set parley.retention to on.';

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
    perform private.refuse(404, 'user_not_found');
  end if;
  return profile;
end
$$;
comment on function private.require_user(uuid) is 'A profile that an admin asks for, or refuses with 404.';

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
comment on function private.lock_user(uuid) is 'As require_user, held until the transaction ends, so that before and after are true.';

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
comment on function private.activity_summary(uuid) is 'How active a profile was; the week is the last seven days.';

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
  'As activity_summary, of the caller, and of anybody for admins. Definer: others'' activity is not readable; the caller is checked.';
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
  'The platform in four numbers; active today is who has activity since 00:00 UTC. Definer: they count rows of all users; admins only.';
grant execute on function private.get_user_stats() to authenticated;

create function private.like_pattern(search text)
returns text
language sql
immutable
set search_path = ''
as $$
  select '%' || regexp_replace(lower(search), '([\\%_])', '\\\1', 'g') || '%'
$$;
comment on function private.like_pattern(text) is 'A pattern for LIKE that finds this text, wildcards taken literally.';

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
    perform private.refuse(400, 'invalid_sort', hint => 'By created_at, email or user_name; asc or desc.');
  end if;
  return format('%s %s, p.id %s', sort_key, direction, direction);
end
$$;
comment on function private.user_order(text, text) is 'The order of a list of users as SQL, of a fixed choice, or 400.';

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
  -- An address or a name is never as long.
  if char_length(search) > 500 then
    return query select '{}'::uuid[], 0::bigint, false;
    return;
  end if;

  execute 'explain (format json) select from public.profiles p where ' || condition
  into explained using pattern, plan, role;
  total := (explained -> 0 -> 'Plan' ->> 'Plan Rows')::bigint;
  is_estimate := total > 20000;
  if is_estimate then
    -- Many match: the index of the order meets a page of them soon, and counting them would take longer than the page.
    execute format('select array(select p.id from public.profiles p where %s %s)', condition, page)
    into ids using pattern, plan, role, page_size, first;
    total := case when ids = '{}' then least(total, first) else greatest(total, first + cardinality(ids)) end;
  else
    -- Few match: text, which the planner misjudges, is found by its index, whatever order the matches lie in, and counted
    -- on the way. Without a search the planner knows better: it need not fetch every profile for a page of them.
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
  'Ids of one page of users, and how many there are: counted up to about 20,000, the planner''s estimate beyond.';

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
      'total_cost', coalesce(sum(m.total_cost), 0)
    ) as counts
    from public.usage_metrics m
    where m.user_id = p.id
  ) usage
$$;
comment on function private.describe_users(uuid[]) is 'Users as admins see them in lists, in this order, with what they did and used.';

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
  size integer := least(greatest(coalesce(page_size, 20), 1), 100);
  number integer := greatest(coalesce(page, 1), 1);
  wanted text := nullif(btrim(search), '');
  found_users record;
begin
  perform private.require_admin();
  perform private.audit('admin_list_users', null, details => jsonb_build_object(
    'page', number, 'page_size', size, 'search', left(wanted, 200), 'plan', plan, 'role', role, 'sort', sort, 'direction', direction
  ));
  select * into found_users
  from private.find_users(wanted, plan, role, sort_order, (number - 1)::bigint * size, size);
  return jsonb_build_object(
    'users', private.describe_users(found_users.ids),
    'total', found_users.total,
    'total_is_estimate', found_users.is_estimate,
    'total_pages', (found_users.total + size - 1) / size,
    'current_page', number,
    'page_size', size
  );
end
$$;
comment on function private.admin_list_users(integer, integer, text, text, public.user_role, text, text) is
  'One page of users. Definer: others'' profiles are not readable; admins only, audited.';
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
  'Admin RPC: { users, total, total_is_estimate, total_pages, current_page, page_size }; at most 100 a page. search finds text in address or name. total is counted up to about 20,000 matches and estimated beyond.';
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
  'Everything about a user but content. Definer: others'' profiles are not readable; admins only, audited.';
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
  'Admin RPC: a user as in admin_list_users, with profile (the whole row), organization, activity and note_count. 404 user_not_found.';
grant execute on function public.admin_get_user(uuid) to authenticated;

create function private.act_among_admins()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform pg_advisory_xact_lock(hashtextextended('parley.admins', 0));
  -- Who was waited for may have demoted the caller.
  perform private.require_admin();
end
$$;
comment on function private.act_among_admins() is
  'As require_admin; who changes who is an admin does so one after the other.';

create function private.require_admin_left(before public.profiles)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if before.role <> 'admin' or not before.is_active then
    return;
  end if;
  -- Locked: one whose account is being deleted does not count.
  perform from public.profiles p
  where p.role = 'admin' and p.is_active and not p.is_deleted
  order by p.id
  limit 1
  for no key update;
  if not found then
    perform private.refuse(409, 'last_admin', hint => 'Make somebody else an admin first.');
  end if;
end
$$;
comment on function private.require_admin_left(public.profiles) is
  'After an admin was demoted or suspended: refuses with 409 when no admin is left who can act.';

create function private.admin_set_role(user_id uuid, role public.user_role)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.act_among_admins();
  if role is null then
    perform private.refuse(400, 'invalid_role', hint => 'One of user, premium, admin, banned.');
  end if;
  before := private.lock_user(user_id);
  update public.profiles p set role = admin_set_role.role where p.id = user_id returning * into after;
  perform private.require_admin_left(before);
  perform private.audit(
    'admin_set_role', user_id, jsonb_build_object('role', before.role), jsonb_build_object('role', after.role)
  );
  return after;
end
$$;
comment on function private.admin_set_role(uuid, public.user_role) is
  'Gives a user a role; never takes the last admin away. Definer: roles are no client''s to write; admins only, audited.';
grant execute on function private.admin_set_role(uuid, public.user_role) to authenticated;

create function public.admin_set_role(user_id uuid, role public.user_role)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_set_role(user_id, role)
$$;
comment on function public.admin_set_role(uuid, public.user_role) is
  'Admin RPC: returns the changed profile. banned starts nothing from the next request on. 409 last_admin.';
grant execute on function public.admin_set_role(uuid, public.user_role) to authenticated;

create function private.admin_set_active(user_id uuid, is_active boolean)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.act_among_admins();
  if is_active is null then
    perform private.refuse(400, 'invalid_is_active', hint => 'true or false.');
  end if;
  before := private.lock_user(user_id);
  update public.profiles p set is_active = admin_set_active.is_active where p.id = user_id returning * into after;
  perform private.require_admin_left(before);
  perform private.audit(
    'admin_set_active', user_id,
    jsonb_build_object('is_active', before.is_active), jsonb_build_object('is_active', after.is_active)
  );
  return after;
end
$$;
comment on function private.admin_set_active(uuid, boolean) is
  'Suspends a user or lets the user act again. Definer: is_active is no client''s to write; admins only, audited.';
grant execute on function private.admin_set_active(uuid, boolean) to authenticated;

create function public.admin_set_active(user_id uuid, is_active boolean)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_set_active(user_id, is_active)
$$;
comment on function public.admin_set_active(uuid, boolean) is
  'Admin RPC: false suspends; returns the changed profile. 409 last_admin.';
grant execute on function public.admin_set_active(uuid, boolean) to authenticated;

create function private.grant_tokens(profile_id uuid, amount integer, expires_at timestamptz)
returns public.profiles
language plpgsql
set search_path = ''
as $$
declare
  profile public.profiles;
begin
  update public.profiles p
  set tokens = case when p.tokens_expires_at <= now() then 0 else p.tokens end + amount,
      tokens_expires_at = case
        -- Credits that never expire stay so, and a grant that never expires makes the others so.
        when grant_tokens.expires_at is not null and not (p.tokens > 0 and p.tokens_expires_at is null)
          then greatest(p.tokens_expires_at, grant_tokens.expires_at)
      end
  where p.id = profile_id
  returning * into profile;
  return profile;
end
$$;
comment on function private.grant_tokens(uuid, integer, timestamptz) is
  'Adds credits in one statement: an expired balance is zeroed first, the expiry becomes the later of both; null is never.';

create function private.admin_grant_tokens(user_id uuid, amount integer, expires_at timestamptz)
returns public.profiles
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.profiles;
  after public.profiles;
begin
  perform private.require_admin();
  if amount is null or amount not between 1 and 1000000 then
    perform private.refuse(400, 'invalid_amount', hint => 'Between 1 and 1,000,000.');
  end if;
  if expires_at <= now() then
    perform private.refuse(400, 'invalid_expiry', hint => 'In the future, or null for never.');
  end if;
  before := private.lock_user(user_id);
  after := private.grant_tokens(user_id, amount, expires_at);
  perform private.audit(
    'admin_grant_tokens', user_id,
    jsonb_build_object('tokens', before.tokens, 'tokens_expires_at', before.tokens_expires_at),
    jsonb_build_object('tokens', after.tokens, 'tokens_expires_at', after.tokens_expires_at)
  );
  return after;
end
$$;
comment on function private.admin_grant_tokens(uuid, integer, timestamptz) is
  'Gives a user credits. Definer: credits are no client''s to write; admins only, audited.';
grant execute on function private.admin_grant_tokens(uuid, integer, timestamptz) to authenticated;

create function public.admin_grant_tokens(user_id uuid, amount integer, expires_at timestamptz default null)
returns public.profiles
language sql
security invoker
set search_path = ''
as $$
  select private.admin_grant_tokens(user_id, amount, expires_at)
$$;
comment on function public.admin_grant_tokens(uuid, integer, timestamptz) is
  'Admin RPC: credits, one message each, until expires_at or for ever; returns the changed profile.';
grant execute on function public.admin_grant_tokens(uuid, integer, timestamptz) to authenticated;

create function private.admin_add_note(user_id uuid, note text, is_flagged boolean)
returns public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
declare
  admin uuid := private.require_admin();
  added public.admin_notes;
begin
  perform private.require_user(user_id);
  if coalesce(char_length(btrim(note)), 0) not between 1 and 5000 then
    perform private.refuse(400, 'invalid_note', hint => 'Between 1 and 5000 characters.');
  end if;
  insert into public.admin_notes (user_id, admin_id, note, is_flagged)
  values (admin_add_note.user_id, admin, btrim(admin_add_note.note), coalesce(admin_add_note.is_flagged, false))
  returning * into added;
  perform private.audit(
    'admin_add_note', user_id, null, jsonb_build_object('note_id', added.id, 'is_flagged', added.is_flagged)
  );
  return added;
end
$$;
comment on function private.admin_add_note(uuid, text, boolean) is
  'Notes something about a user. Definer: notes are no client''s to write; admins only, audited.';
grant execute on function private.admin_add_note(uuid, text, boolean) to authenticated;

create function public.admin_add_note(user_id uuid, note text, is_flagged boolean default false)
returns public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select private.admin_add_note(user_id, note, is_flagged)
$$;
comment on function public.admin_add_note(uuid, text, boolean) is 'Admin RPC: returns the note, which the user never sees.';
grant execute on function public.admin_add_note(uuid, text, boolean) to authenticated;

create function private.admin_flag_note(note_id uuid, is_flagged boolean)
returns public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
declare
  before public.admin_notes;
  after public.admin_notes;
begin
  perform private.require_admin();
  select * into before from public.admin_notes n where n.id = note_id for update;
  if before.id is null then
    perform private.refuse(404, 'note_not_found');
  end if;
  update public.admin_notes n set is_flagged = coalesce(admin_flag_note.is_flagged, true)
  where n.id = note_id
  returning * into after;
  perform private.audit(
    'admin_flag_note', after.user_id, jsonb_build_object('is_flagged', before.is_flagged),
    jsonb_build_object('is_flagged', after.is_flagged), jsonb_build_object('note_id', note_id)
  );
  return after;
end
$$;
comment on function private.admin_flag_note(uuid, boolean) is 'Flags a note or takes the flag off. Definer: as admin_add_note.';
grant execute on function private.admin_flag_note(uuid, boolean) to authenticated;

create function public.admin_flag_note(note_id uuid, is_flagged boolean default true)
returns public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select private.admin_flag_note(note_id, is_flagged)
$$;
comment on function public.admin_flag_note(uuid, boolean) is 'Admin RPC: returns the changed note. 404 note_not_found.';
grant execute on function public.admin_flag_note(uuid, boolean) to authenticated;

create function private.admin_list_notes(user_id uuid, only_flagged boolean)
returns setof public.admin_notes
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.require_admin();
  perform private.audit(
    'admin_list_notes', user_id, details => jsonb_build_object('only_flagged', coalesce(only_flagged, false))
  );
  return query
  select n.*
  from public.admin_notes n
  where (admin_list_notes.user_id is null or n.user_id = admin_list_notes.user_id)
    and (n.is_flagged or not coalesce(only_flagged, false))
  order by n.created_at desc, n.id
  limit 1000;
end
$$;
comment on function private.admin_list_notes(uuid, boolean) is
  'Notes about a user, or about all. Definer: notes are readable by no client; admins only, audited.';
grant execute on function private.admin_list_notes(uuid, boolean) to authenticated;

create function public.admin_list_notes(user_id uuid default null, only_flagged boolean default false)
returns setof public.admin_notes
language sql
security invoker
set search_path = ''
as $$
  select * from private.admin_list_notes(user_id, only_flagged)
$$;
comment on function public.admin_list_notes(uuid, boolean) is
  'Admin RPC: notes about a user, or about everybody, newest first, at most 1000.';
grant execute on function public.admin_list_notes(uuid, boolean) to authenticated;

create function private.admin_list_audit(page integer, page_size integer, user_id uuid, admin_id uuid, action text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  size integer := least(greatest(coalesce(page_size, 50), 1), 100);
  number integer := greatest(coalesce(page, 1), 1);
  entries jsonb;
  total bigint;
begin
  perform private.require_admin();
  select count(*) into total
  from public.audit_logs l
  where (admin_list_audit.user_id is null or l.user_id = admin_list_audit.user_id)
    and (admin_list_audit.admin_id is null or l.admin_id = admin_list_audit.admin_id)
    and (admin_list_audit.action is null or l.action = admin_list_audit.action);

  select coalesce(jsonb_agg(to_jsonb(e) order by e.created_at desc, e.id), '[]') into entries
  from (
    select *
    from public.audit_logs l
    where (admin_list_audit.user_id is null or l.user_id = admin_list_audit.user_id)
      and (admin_list_audit.admin_id is null or l.admin_id = admin_list_audit.admin_id)
      and (admin_list_audit.action is null or l.action = admin_list_audit.action)
    order by l.created_at desc, l.id
    limit size offset (number - 1)::bigint * size
  ) e;

  -- Last, so that a list does not begin with itself.
  perform private.audit('admin_list_audit', user_id, details => jsonb_build_object(
    'page', number, 'page_size', size, 'admin_id', admin_id, 'action', left(action, 200)
  ));
  return jsonb_build_object(
    'entries', entries, 'total', total, 'total_pages', (total + size - 1) / size, 'current_page', number,
    'page_size', size
  );
end
$$;
comment on function private.admin_list_audit(integer, integer, uuid, uuid, text) is
  'One page of the audit log. Definer: the log is readable by no client; admins only, audited.';
grant execute on function private.admin_list_audit(integer, integer, uuid, uuid, text) to authenticated;

create function public.admin_list_audit(
  page integer default 1,
  page_size integer default 50,
  user_id uuid default null,
  admin_id uuid default null,
  action text default null
)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.admin_list_audit(page, page_size, user_id, admin_id, action)
$$;
comment on function public.admin_list_audit(integer, integer, uuid, uuid, text) is
  'Admin RPC: { entries, total, total_pages, current_page, page_size }, newest first; at most 100 a page.';
grant execute on function public.admin_list_audit(integer, integer, uuid, uuid, text) to authenticated;

create function public.get_user_activity_summary(user_id uuid default null)
returns table (total_actions bigint, actions_this_week bigint, last_activity timestamptz, most_common_action text)
language sql
security invoker
set search_path = ''
as $$
  select * from private.get_user_activity_summary(coalesce(user_id, private.current_profile_id()))
$$;
comment on function public.get_user_activity_summary(uuid) is
  'Client RPC: the caller''s own activity in numbers; anybody''s for admins.';
grant execute on function public.get_user_activity_summary(uuid) to authenticated;

create function public.get_user_stats()
returns table (total_users bigint, active_users_today bigint, new_users_this_week bigint, total_usage_metrics bigint)
language sql
security invoker
set search_path = ''
as $$
  select * from private.get_user_stats()
$$;
comment on function public.get_user_stats() is 'Admin RPC: the platform in four numbers.';
grant execute on function public.get_user_stats() to authenticated;

create function private.setup_admin(email text)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
  before public.profiles;
begin
  select * into before
  from public.profiles p
  where lower(p.email) = lower(btrim(setup_admin.email)) and not p.is_deleted
  for no key update;
  if before.id is null then
    perform private.refuse(404, 'user_not_found', hint => 'Nobody has signed up with this address.');
  end if;
  update public.profiles p set role = 'admin', is_active = true where p.id = before.id;
  perform private.audit(
    'setup_admin', before.id, jsonb_build_object('role', before.role, 'is_active', before.is_active),
    '{"role": "admin", "is_active": true}'
  );
  return before.id;
end
$$;
comment on function private.setup_admin(text) is
  'Makes the user with this address an admin. Called by npm run db:setup-admin as postgres: the first admin has nobody to ask.';

create trigger parley_auth_user_signed_in
  after update on auth.users
  for each row when (new.last_sign_in_at is distinct from old.last_sign_in_at and new.last_sign_in_at is not null)
  execute function private.log_sign_in();

create trigger chat_streams_log_turn
  after insert on public.chat_streams
  for each row execute function private.log_turn();

create trigger chat_files_log_upload
  after insert on public.chat_files
  for each row execute function private.log_upload_activity();

create trigger subscriptions_log_start
  after insert on public.subscriptions
  for each row when (new.user_id is not null)
  execute function private.log_billing_activity();

create trigger subscriptions_log_change
  after update of status on public.subscriptions
  for each row when (old.status is distinct from new.status and new.user_id is not null)
  execute function private.log_billing_activity();

create trigger admin_notes_touch
  before update on public.admin_notes
  for each row execute function private.touch_updated_at();

create trigger audit_logs_keep
  before update or delete on public.audit_logs
  for each row execute function private.keep_audit_log();
create trigger audit_logs_keep_all
  before truncate on public.audit_logs
  for each statement execute function private.keep_audit_log();

alter table public.user_activity enable row level security;
alter table public.admin_notes enable row level security;
alter table public.audit_logs enable row level security;
alter table private.rate_counters enable row level security;

grant select on public.user_activity to authenticated;
grant select, insert, update, delete on public.user_activity, public.admin_notes to service_role;
grant select, insert on public.audit_logs to service_role;

create policy user_activity_select_own on public.user_activity
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- A user's activity, newest first; counts and foreign key, too.
create index user_activity_user_id_created_at_idx on public.user_activity (user_id, created_at desc);

-- Who was active today; retention.
create index user_activity_created_at_user_id_idx on public.user_activity (created_at, user_id);

-- Notes about a user; foreign keys; what is flagged.
create index admin_notes_user_id_idx on public.admin_notes (user_id, created_at desc);
create index admin_notes_admin_id_idx on public.admin_notes (admin_id);
create index admin_notes_is_flagged_idx on public.admin_notes (created_at desc) where is_flagged;

-- The audit log: all of it, about a user, of an admin.
create index audit_logs_created_at_idx on public.audit_logs (created_at desc, id);
create index audit_logs_user_id_idx on public.audit_logs (user_id, created_at desc);
create index audit_logs_admin_id_idx on public.audit_logs (admin_id, created_at desc);

-- admin_list_users by date (of a plan or role, too) and by name; by address serves profiles_email_key.
create index profiles_created_at_idx on public.profiles (created_at, id) include (subscription_plan, role)
  where not is_deleted;
create index profiles_user_name_idx on public.profiles (lower(user_name), id) where not is_deleted;

-- admin_list_users by role, and whether an admin is left: most users are neither.
create index profiles_role_idx on public.profiles (role) where role <> 'user';

-- admin_list_users with a search: text anywhere in address or name.
create index profiles_email_trgm_idx on public.profiles using gin (lower(email) extensions.gin_trgm_ops);
create index profiles_user_name_trgm_idx on public.profiles using gin (lower(user_name) extensions.gin_trgm_ops);
