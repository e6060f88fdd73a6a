-- Functions of the clean-up: expired stores, stray objects, and cursors for long lists.

create table private.cleanup_cursors (
  name text primary key,
  position text not null
);

comment on table private.cleanup_cursors is 'Where the clean-up continues when it reads long lists.';

create function public.expire_due_stores(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  with expired as (
    update public.vector_stores v
    set status = 'expired', expired_at = now()
    where v.id in (
      select d.id
      from public.vector_stores d
      where d.status = 'active' and d.expires_at <= now()
      order by d.expires_at
      limit max_count
      for update skip locked
    )
    returning v.id
  )
  select count(*)::integer from expired
$$;
comment on function public.expire_due_stores(integer) is
  'Service RPC of the clean-up: marks stores as expired and returns how many.';
grant execute on function public.expire_due_stores(integer) to service_role;

create function public.release_expired_stores(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  -- The trigger on store_id enqueues each store for deletion.
  with released as (
    update public.vector_stores v
    set store_id = null
    where v.id in (
      select e.id
      from public.vector_stores e
      where e.status = 'expired' and e.store_id is not null
      order by e.expired_at
      limit max_count
      for update skip locked
    )
    returning v.id
  )
  select count(*)::integer from released
$$;
comment on function public.release_expired_stores(integer) is
  'Service RPC of the clean-up: enqueues expired stores for deletion and returns how many. Their rows stay.';
grant execute on function public.release_expired_stores(integer) to service_role;

create function public.claim_stores_to_check(max_count integer)
returns setof text
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set lease_until = now() + interval '10 minutes'
  where v.id in (
    select n.id
    from public.vector_stores n
    where n.status = 'active'
      and n.expires_at between now() and now() + interval '1 hour'
      and (n.lease_until is null or n.lease_until <= now())
    order by n.expires_at
    limit max_count
    for update skip locked
  )
  returning v.store_id
$$;
comment on function public.claim_stores_to_check(integer) is
  'Service RPC of the clean-up: claims stores that expire within the hour, so that one caller asks OpenAI about each.';
grant execute on function public.claim_stores_to_check(integer) to service_role;

create function public.find_abandoned_stores(max_count integer)
returns table (session_id uuid, assistant_slug text)
language sql
stable
security invoker
set search_path = ''
as $$
  select v.session_id, v.assistant_slug
  from public.vector_stores v
  where v.status = 'recreating' and v.lease_until <= now()
  order by v.lease_until
  limit max_count
$$;
comment on function public.find_abandoned_stores(integer) is
  'Service RPC of the clean-up: sessions and assistants whose store was being created when its caller stopped. '
  'claim_vector_store decides who continues.';
grant execute on function public.find_abandoned_stores(integer) to service_role;

create function private.find_unknown(kind text, remote_ids text[])
returns setof text
language sql
stable
security definer
set search_path = ''
as $$
  select asked.remote_id
  from unnest(remote_ids) as asked (remote_id)
  where not exists (
      select from private.remote_deletions d where d.kind = find_unknown.kind and d.remote_id = asked.remote_id
    )
    and case find_unknown.kind
      when 'vector_store' then not exists (select from public.vector_stores v where v.store_id = asked.remote_id)
      when 'file' then not exists (select from public.chat_files f where f.openai_file_id = asked.remote_id)
    end
$$;
comment on function private.find_unknown(text, text[]) is
  'Returns the ids at OpenAI that no row and no deletion names. Definer: the outbox is closed to all roles.';
grant execute on function private.find_unknown(text, text[]) to service_role;

create function public.find_unknown(kind text, remote_ids text[])
returns setof text
language sql
stable
security invoker
set search_path = ''
as $$
  select private.find_unknown(kind, remote_ids)
$$;
comment on function public.find_unknown(text, text[]) is
  'Service RPC of the clean-up: returns the stores (vector_store) or files (file) at OpenAI that no row and no '
  'deletion names.';
grant execute on function public.find_unknown(text, text[]) to service_role;

create function private.move_cursor(cursor_name text, new_position text)
returns void
language sql
security definer
set search_path = ''
as $$
  insert into private.cleanup_cursors as c (name, position)
  values (cursor_name, coalesce(new_position, ''))
  on conflict (name) do update set position = excluded.position
$$;
comment on function private.move_cursor(text, text) is
  'Stores where the next run continues a list; null means from its start. Definer: the table is closed to all roles.';
grant execute on function private.move_cursor(text, text) to service_role;

create function public.move_cursor(cursor_name text, new_position text default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.move_cursor(cursor_name, new_position)
$$;
comment on function public.move_cursor(text, text) is
  'Service RPC of the clean-up: stores where its next run continues a list; null means from its start.';
grant execute on function public.move_cursor(text, text) to service_role;

create function private.read_cursor(cursor_name text)
returns text
language sql
stable
security definer
set search_path = ''
as $$
  select coalesce((select c.position from private.cleanup_cursors c where c.name = cursor_name), '')
$$;
comment on function private.read_cursor(text) is
  'Returns where to continue a list; empty means from its start. Definer: the table is closed to all roles.';
grant execute on function private.read_cursor(text) to service_role;

create function public.read_cursor(cursor_name text)
returns text
language sql
stable
security invoker
set search_path = ''
as $$
  select private.read_cursor(cursor_name)
$$;
comment on function public.read_cursor(text) is
  'Service RPC of the clean-up: returns where to continue a list; empty means from its start.';
grant execute on function public.read_cursor(text) to service_role;

create function private.count_due_files(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (
    select from public.chat_files f
    where f.status in ('pending', 'indexing') and f.retry_at <= now()
    limit max_count
  ) due
$$;
comment on function private.count_due_files(integer) is
  'Counts files whose next attempt is due, up to max_count. The dispatcher calls it.';

create function private.enqueue_stray_objects(max_count integer)
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
  seen text[];
  strays text[];
begin
  -- Reads one slice of the bucket in index order, so the time of a run does not grow with the bucket.
  seen := array(
    select o.name
    from storage.objects o
    where o.bucket_id = 'chat-files' and o.name > private.read_cursor('objects')
    order by o.name
    limit max_count
  );
  perform private.move_cursor('objects', case when cardinality(seen) = max_count then seen[max_count] end);

  strays := array(
    select o.name
    from storage.objects o
    where o.bucket_id = 'chat-files'
      and o.name = any (seen)
      and o.created_at < now() - interval '1 day'
      and not exists (select from public.chat_files f where f.storage_path = o.name and private.holds_object(f))
      and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name)
  );
  perform private.enqueue_deletion('object', stray) from unnest(strays) as stray;
  return cardinality(strays);
end
$$;
comment on function private.enqueue_stray_objects(integer) is
  'Searches a slice of the bucket for objects older than a day that have no row, and enqueues them. Definer: the '
  'outbox is closed to all roles.';
grant execute on function private.enqueue_stray_objects(integer) to service_role;

create function public.enqueue_stray_objects(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  select private.enqueue_stray_objects(max_count)
$$;
comment on function public.enqueue_stray_objects(integer) is
  'Service RPC of the clean-up: enqueues objects that nobody registered and returns how many.';
grant execute on function public.enqueue_stray_objects(integer) to service_role;

alter table private.cleanup_cursors enable row level security;
