-- The check that the caller is an admin, and the audit log of everything that admins do.

create function private.require_admin()
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  caller public.profiles;
  calls text;
begin
  select * into caller from public.profiles p where p.id = private.current_profile_id();
  if caller.role is distinct from 'admin' or not private.may_act() then
    -- The refusal rolls back every row, also one of the audit log. Only the log of Postgres keeps it.
    get diagnostics calls = pg_context;
    raise log 'admin_call_refused %', jsonb_build_object(
      'profile_id', caller.id, 'action', substring(calls from 'function private\.(?!require_admin)(\w+)')
    );
  end if;
  if caller.role is distinct from 'admin' then
    perform private.refuse(403, 'not_allowed', 'Only admins of this service can do this. Ask an admin to do it.');
  end if;
  perform private.require_can_act();
  return caller.id;
end
$$;
comment on function private.require_admin() is
  'Returns the caller''s profile id. Refuses with 403 unless the profile is an admin''s now, whatever the token says, '
  'and with 401 a token whose sign-in has ended. Postgres logs admin_call_refused with the caller and the action.';

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
  'Writes an action of the calling admin into the audit log. Every admin function calls it in the transaction of its '
  'change.';

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
  perform private.refuse(
    403, 'audit_log_is_final',
    'Rows of the audit log cannot be changed or deleted. Leave them; the retention policy deletes old rows.'
  );
  return null;
end
$$;
comment on function private.keep_audit_log() is
  'Trigger: refuses update and truncate. It allows delete only for the owner of the table, in a transaction that has '
  'set parley.retention to on.';

create function private.page_size(asked integer, usual integer)
returns integer
language sql
immutable
set search_path = ''
as $$
  select least(greatest(coalesce(asked, usual), 1), 100)
$$;
comment on function private.page_size(integer, integer) is 'How many rows a page of an admin list has: 1 to 100.';

create function private.page_number(asked integer)
returns integer
language sql
immutable
set search_path = ''
as $$
  select greatest(coalesce(asked, 1), 1)
$$;
comment on function private.page_number(integer) is
  'The page of an admin list that the caller asks for; pages count from 1.';

create function private.describe_page(total bigint, number integer, size integer)
returns jsonb
language sql
immutable
set search_path = ''
as $$
  select jsonb_build_object(
    'total', total, 'total_pages', (total + size - 1) / size, 'current_page', number, 'page_size', size
  )
$$;
comment on function private.describe_page(bigint, integer, integer) is
  'The part of an admin list that describes the page: total, total_pages, current_page and page_size.';

create function private.admin_list_audit(page integer, page_size integer, user_id uuid, admin_id uuid, action text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  size integer := private.page_size(page_size, 50);
  number integer := private.page_number(page);
  entries jsonb;
  total bigint;
begin
  perform private.require_admin();
  -- Not materialized, so that an index can serve the page without a scan of every matching row.
  with wanted as not materialized (
    select *
    from public.audit_logs l
    where (admin_list_audit.user_id is null or l.user_id = admin_list_audit.user_id)
      and (admin_list_audit.admin_id is null or l.admin_id = admin_list_audit.admin_id)
      and (admin_list_audit.action is null or l.action = admin_list_audit.action)
  ),
  listed as (
    select * from wanted w order by w.created_at desc, w.id limit size offset (number - 1)::bigint * size
  )
  select
    (select count(*) from wanted),
    (select coalesce(jsonb_agg(to_jsonb(e) order by e.created_at desc, e.id), '[]') from listed e)
  into total, entries;

  -- Comes last, so that a page does not list its own request.
  perform private.audit('admin_list_audit', user_id, details => jsonb_build_object(
    'page', number, 'page_size', size, 'admin_id', admin_id, 'action', substring(action from '^[a-z_]{1,60}$')
  ));
  return jsonb_build_object('entries', entries) || private.describe_page(total, number, size);
end
$$;
comment on function private.admin_list_audit(integer, integer, uuid, uuid, text) is
  'One page of the audit log. Definer: clients cannot read the log; admins only, audited.';
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
  'Admin RPC: { entries, total, total_pages, current_page, page_size }, newest first. A page has at most 100 entries.';
grant execute on function public.admin_list_audit(integer, integer, uuid, uuid, text) to authenticated;

create trigger audit_logs_keep
  before update or delete on public.audit_logs
  for each row execute function private.keep_audit_log();
create trigger audit_logs_keep_all
  before truncate on public.audit_logs
  for each statement execute function private.keep_audit_log();
