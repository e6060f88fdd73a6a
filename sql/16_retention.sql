-- What we no longer own goes: the outbox of remote deletions, what the clean-up needs, and retention.

create table private.remote_deletions (
  id bigint generated always as identity primary key,
  kind text not null,
  provider text not null generated always as (
    case kind when 'stripe_customer' then 'stripe' when 'object' then 'storage' else 'openai' end
  ) stored,
  remote_id text not null,
  session_id uuid,
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  last_error text,
  created_at timestamptz not null default now(),
  constraint remote_deletions_kind_remote_id_key unique (kind, remote_id),
  constraint remote_deletions_kind_check
    check (kind in (
      'response', 'conversation', 'vector_store_file', 'vector_store', 'file', 'object', 'stripe_customer'
    )),
  constraint remote_deletions_attempts_check check (attempts >= 0)
);

create table private.cleanup_cursors (
  name text primary key,
  position text not null
);

comment on table private.remote_deletions is
  'The outbox: things at OpenAI, in Storage and at Stripe that are to be deleted. Written in the transaction that lets go of them.';
comment on column private.remote_deletions.provider is
  'Who is asked to delete it. Claims are of one, so that what waits for one that hangs holds up no other.';
comment on column private.remote_deletions.remote_id is
  'As the other side names it: an id, store/file for an attachment, the path for an object.';
comment on column private.remote_deletions.session_id is
  'Whose they were; plain, the session may be gone. A conversation waits for the responses of its session.';
comment on column private.remote_deletions.due_at is 'When it may be tried next. Claiming moves it: that is the lease.';
comment on column private.remote_deletions.last_error is 'Name or status of the last failure.';
comment on table private.cleanup_cursors is 'Where the clean-up goes on when it looks through long lists.';

create function private.enqueue_deletion(kind text, remote_id text, session_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  -- Again when it is there already: whoever works on it now may have been too early.
  insert into private.remote_deletions as d (kind, remote_id, session_id)
  values (enqueue_deletion.kind, enqueue_deletion.remote_id, enqueue_deletion.session_id)
  on conflict on constraint remote_deletions_kind_remote_id_key do update
  set due_at = clock_timestamp(), attempts = 0
$$;
comment on function private.enqueue_deletion(text, text, uuid) is 'Puts one thing into the outbox.';

create function private.let_go_of_session()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Ids of the Assistants API name nothing any more.
  if starts_with(old.thread_id, 'conv_') then
    perform private.enqueue_deletion('conversation', old.thread_id, old.id);
  end if;
  return null;
end
$$;
comment on function private.let_go_of_session() is
  'Trigger: the conversation of a session that is deleted, or that gets another one. Definer: the outbox is closed to all roles.';

create trigger chat_sessions_outbox_deleted
  after delete on public.chat_sessions
  for each row execute function private.let_go_of_session();
create trigger chat_sessions_outbox_thread
  after update of thread_id on public.chat_sessions
  for each row when (old.thread_id is distinct from new.thread_id)
  execute function private.let_go_of_session();

create function private.let_go_of_response()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('response', old.response_id, old.session_id);
  return null;
end
$$;
comment on function private.let_go_of_response() is
  'Trigger: the stored response of a message or stream that goes, or that gets another one. Definer: the outbox is closed to all roles.';

create trigger chat_messages_outbox_deleted
  after delete on public.chat_messages
  for each row when (old.response_id is not null)
  execute function private.let_go_of_response();
create trigger chat_streams_outbox_deleted
  after delete on public.chat_streams
  for each row when (old.response_id is not null)
  execute function private.let_go_of_response();
create trigger chat_streams_outbox_response
  after update of response_id on public.chat_streams
  for each row when (old.response_id <> new.response_id)
  execute function private.let_go_of_response();

create function private.let_go_of_store()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('vector_store', old.store_id, old.session_id);
  return null;
end
$$;
comment on function private.let_go_of_store() is
  'Trigger: a store at OpenAI that is replaced, or whose row goes. Definer: the outbox is closed to all roles.';

create trigger vector_stores_outbox_deleted
  after delete on public.vector_stores
  for each row when (old.store_id is not null)
  execute function private.let_go_of_store();
create trigger vector_stores_outbox_store
  after update of store_id on public.vector_stores
  for each row when (old.store_id is distinct from new.store_id and old.store_id is not null)
  execute function private.let_go_of_store();

create function private.let_go_of_file()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if old.openai_file_id is not null then
    -- With the session its store goes, and the attachments with it.
    perform private.enqueue_deletion('vector_store_file', v.store_id || '/' || old.openai_file_id, old.session_id)
    from public.vector_stores v
    join public.chat_sessions s on s.id = v.session_id
    where v.session_id = old.session_id and v.store_id is not null and old.file_type not like 'image/%';
    perform private.enqueue_deletion('file', old.openai_file_id, old.session_id);
  end if;
  return null;
end
$$;
comment on function private.let_go_of_file() is
  'Trigger: the file at OpenAI of a row that goes, fails, or gets another one. Definer: the outbox is closed to all roles.';

create function private.let_go_of_object()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.enqueue_deletion('object', old.storage_path, old.session_id);
  return null;
end
$$;
comment on function private.let_go_of_object() is
  'Trigger: the object in Storage of a file that goes or fails. Definer: the outbox is closed to all roles.';

create trigger chat_files_outbox_deleted
  after delete on public.chat_files
  for each row execute function private.let_go_of_file();
create trigger chat_files_outbox_replaced
  after update of openai_file_id on public.chat_files
  for each row when (old.openai_file_id is distinct from new.openai_file_id)
  execute function private.let_go_of_file();
create trigger chat_files_outbox_object_deleted
  after delete on public.chat_files
  for each row execute function private.let_go_of_object();
create trigger chat_files_outbox_object_failed
  after update of status on public.chat_files
  for each row when (old.status <> 'failed' and new.status = 'failed')
  execute function private.let_go_of_object();

create function private.set_openai_file(file_id uuid, openai_file_id text)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_files f
  set openai_file_id = set_openai_file.openai_file_id
  where f.id = file_id and f.status in ('indexing', 'ready');
  if not found then
    perform private.enqueue_deletion('file', set_openai_file.openai_file_id);
  end if;
  return found;
end
$$;
comment on function private.set_openai_file(uuid, text) is
  'The file has been given to OpenAI; when its row went meanwhile, it goes too. Definer: private.enqueue_deletion is not granted.';
grant execute on function private.set_openai_file(uuid, text) to service_role;

create function public.set_openai_file(file_id uuid, openai_file_id text)
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.set_openai_file(file_id, openai_file_id)
$$;
comment on function public.set_openai_file(uuid, text) is
  'Service RPC: saves the id at OpenAI of a file; false when the row is gone or failed.';
grant execute on function public.set_openai_file(uuid, text) to service_role;

create function private.abandon_remote(kind text, remote_id text, session_id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
  select private.enqueue_deletion(kind, remote_id, session_id)
$$;
comment on function private.abandon_remote(text, text, uuid) is 'Puts into the outbox what has no row. Definer: the outbox is closed to all roles.';
grant execute on function private.abandon_remote(text, text, uuid) to service_role;

create function public.abandon_remote(kind text, remote_id text, session_id uuid default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.abandon_remote(kind, remote_id, session_id)
$$;
comment on function public.abandon_remote(text, text, uuid) is
  'Service RPC: something remote that no row names is to be deleted.';
grant execute on function public.abandon_remote(text, text, uuid) to service_role;

create function private.claim_remote_deletions(provider text, max_count integer)
returns setof private.remote_deletions
language sql
security definer
set search_path = ''
as $$
  update private.remote_deletions d
  set due_at = now() + interval '5 minutes'
  where d.id in (
    select w.id
    from private.remote_deletions w
    where w.provider = claim_remote_deletions.provider
      and w.due_at <= now()
      -- A response that still runs would add its items to the conversation.
      and (w.kind <> 'conversation' or not exists (
        select from private.remote_deletions r where r.session_id = w.session_id and r.kind = 'response'
      ))
    order by w.due_at, w.id
    limit max_count
    for update skip locked
  )
  returning d.*
$$;
comment on function private.claim_remote_deletions(text, integer) is
  'Takes what is due at one provider, under a lease of five minutes. Definer: the outbox is closed to all roles.';
grant execute on function private.claim_remote_deletions(text, integer) to service_role;

create function public.claim_remote_deletions(provider text, max_count integer)
returns table (id bigint, kind text, remote_id text, attempts integer, due_at timestamptz)
language sql
security invoker
set search_path = ''
as $$
  select d.id, d.kind, d.remote_id, d.attempts, d.due_at from private.claim_remote_deletions(provider, max_count) d
$$;
comment on function public.claim_remote_deletions(text, integer) is
  'Service RPC of the clean-up: due rows of the outbox for openai, storage or stripe, each to one caller at a time. End each by complete_remote_deletion.';
grant execute on function public.claim_remote_deletions(text, integer) to service_role;

create function private.complete_remote_deletion(deletion_id bigint, claimed_until timestamptz, error text)
returns void
language plpgsql
security definer
set search_path = ''
as $$
begin
  if error is null then
    -- One that was put in again since it was claimed stays.
    delete from private.remote_deletions d where d.id = deletion_id and d.due_at = claimed_until;
    return;
  end if;
  update private.remote_deletions d
  set attempts = d.attempts + 1,
      due_at = now() + least(interval '6 hours', interval '1 minute' * 2 ^ least(d.attempts, 10)),
      last_error = left(error, 200)
  where d.id = deletion_id and d.due_at = claimed_until;
end
$$;
comment on function private.complete_remote_deletion(bigint, timestamptz, text) is
  'Ends a claim: done, or to be tried again after one minute, doubling to six hours. Definer: the outbox is closed to all roles.';
grant execute on function private.complete_remote_deletion(bigint, timestamptz, text) to service_role;

create function public.complete_remote_deletion(deletion_id bigint, claimed_until timestamptz, error text default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.complete_remote_deletion(deletion_id, claimed_until, error)
$$;
comment on function public.complete_remote_deletion(bigint, timestamptz, text) is
  'Service RPC of the clean-up: claimed_until is the due_at of the claim. Without an error the row goes; with one it backs off.';
grant execute on function public.complete_remote_deletion(bigint, timestamptz, text) to service_role;

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
comment on function public.expire_due_stores(integer) is 'Service RPC of the clean-up: marks stores whose time has passed; how many.';
grant execute on function public.expire_due_stores(integer) to service_role;

create function public.release_expired_stores(max_count integer)
returns integer
language sql
security invoker
set search_path = ''
as $$
  -- The trigger on store_id puts each into the outbox.
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
  'Service RPC of the clean-up: expired stores go to the outbox, their rows stay; how many.';
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
  'Service RPC of the clean-up: stores that expire within the hour, to ask OpenAI about; each to one caller.';
grant execute on function public.claim_stores_to_check(integer) to service_role;

create function public.find_abandoned_stores(max_count integer)
returns setof uuid
language sql
stable
security invoker
set search_path = ''
as $$
  select v.session_id
  from public.vector_stores v
  where v.status = 'recreating' and v.lease_until <= now()
  order by v.lease_until
  limit max_count
$$;
comment on function public.find_abandoned_stores(integer) is
  'Service RPC of the clean-up: sessions whose store somebody began to make and did not finish; claim_vector_store decides who goes on.';
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
  'Those of the ids at OpenAI that no row and no deletion names. Definer: the outbox is closed to all roles.';
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
  'Service RPC of the clean-up: which of these stores (vector_store) or files (file) at OpenAI nobody knows.';
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
  'Remembers where a list is to be read on; null: from its start. Definer: the table is closed to all roles.';
grant execute on function private.move_cursor(text, text) to service_role;

create function public.move_cursor(cursor_name text, new_position text default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.move_cursor(cursor_name, new_position)
$$;
comment on function public.move_cursor(text, text) is 'Service RPC of the clean-up: where it reads a list on in its next run.';
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
  'Where a list is to be read on; empty: from its start. Definer: the table is closed to all roles.';
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
comment on function public.read_cursor(text) is 'Service RPC of the clean-up: where it reads a list on.';
grant execute on function public.read_cursor(text) to service_role;

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
  -- A slice of the bucket a run, in the order of its index: the time of a run does not grow with the bucket.
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
      and not exists (select from public.chat_files f where f.storage_path = o.name and f.status <> 'failed')
      and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name)
  );
  perform private.enqueue_deletion('object', stray) from unnest(strays) as stray;
  return cardinality(strays);
end
$$;
comment on function private.enqueue_stray_objects(integer) is
  'Looks through a slice of the bucket for objects without a row that are older than a day. Definer: the outbox is closed to all roles.';
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
  'Service RPC of the clean-up: how many objects that nobody registered went to the outbox.';
grant execute on function public.enqueue_stray_objects(integer) to service_role;

create function private.count_due_deletions()
returns integer
language sql
stable
security definer
set search_path = ''
as $$
  select count(*)::integer from private.remote_deletions d where d.due_at <= now()
$$;
comment on function private.count_due_deletions() is
  'What waits in the outbox and may be tried now. Definer: the outbox is closed to all roles.';
grant execute on function private.count_due_deletions() to service_role;

create function public.count_due_deletions()
returns integer
language sql
stable
security invoker
set search_path = ''
as $$
  select private.count_due_deletions()
$$;
comment on function public.count_due_deletions() is 'Service RPC of the clean-up: rows of the outbox that are due.';
grant execute on function public.count_due_deletions() to service_role;

alter table private.remote_deletions enable row level security;
alter table private.cleanup_cursors enable row level security;

-- What is due at a provider, oldest first; and whether a conversation still waits for responses of its session.
create index remote_deletions_provider_due_at_idx on private.remote_deletions (provider, due_at, id);
create index remote_deletions_response_session_id_idx on private.remote_deletions (session_id) where kind = 'response';

-- Retention: what is over goes, a batch of one kind at a time.

create table private.retention_policy (
  is_only boolean primary key default true,
  activity_days integer default 365,
  audit_days integer default 730,
  batch_rows integer not null default 5000,
  constraint retention_policy_is_only_check check (is_only),
  constraint retention_policy_check check (least(activity_days, audit_days, batch_rows) > 0)
);
insert into private.retention_policy default values;

create table private.purge_counts (
  day date not null,
  kind text not null,
  deleted bigint not null,
  reached timestamptz,
  primary key (day, kind)
);

comment on table private.retention_policy is
  'One row: days after which activity (ACTIVITY_RETENTION_DAYS) and audit rows (AUDIT_RETENTION_DAYS) go, and rows of one batch.';
comment on column private.retention_policy.activity_days is 'Of user_activity and sync_logs; null keeps them for ever.';
comment on column private.retention_policy.audit_days is 'Of audit_logs; null keeps them for ever.';
comment on table private.purge_counts is 'How many rows of a kind retention deleted on a UTC day; kept for a year.';
comment on column private.purge_counts.reached is
  'Time of the last row deleted that day: the next batch begins there, and not among index entries of rows that are gone. infinity: nothing more is looked for that day.';

-- A purge deletes up to so many rows from a time on, oldest first, and says how many and which was the last. It takes
-- what nobody holds: a row that somebody has locked waits for another day. Rows are named by ctid, which their lock holds.
-- One that reads the whole table, for want of an index, has reached infinity when its batch was not full: once a day is
-- enough for it.

create function private.purge_usage_counters(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from public.usage_counters c
    where c.ctid = any (array(
      select o.ctid
      from public.usage_counters o
      -- A refund looks for the current period only.
      where o.reset_at >= since and o.reset_at < now() - interval '1 day'
      order by o.reset_at
      limit max_rows
      for update skip locked
    ))
    returning c.reset_at
  )
  select count(*)::integer, max(g.reset_at) from gone g
$$;
comment on function private.purge_usage_counters(timestamptz, integer) is 'Purge: counters whose period ended more than a day ago.';

create function private.purge_user_activity(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from public.user_activity a
    where a.ctid = any (array(
      select o.ctid
      from public.user_activity o
      where o.created_at >= since
        and o.created_at < now() - make_interval(days => (select p.activity_days from private.retention_policy p))
      order by o.created_at
      limit max_rows
      for update skip locked
    ))
    returning a.created_at
  )
  select count(*)::integer, max(g.created_at) from gone g
$$;
comment on function private.purge_user_activity(timestamptz, integer) is 'Purge: activity older than the policy.';

create function private.purge_sync_logs(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from public.sync_logs l
    where l.ctid = any (array(
      select o.ctid
      from public.sync_logs o
      where o.created_at >= since
        and o.created_at < now() - make_interval(days => (select p.activity_days from private.retention_policy p))
      order by o.created_at
      limit max_rows
      for update skip locked
    ))
    returning l.created_at
  )
  select count(*)::integer, max(g.created_at) from gone g
$$;
comment on function private.purge_sync_logs(timestamptz, integer) is
  'Purge: attempts to issue or redeem a code, older than the policy of activity.';

create function private.purge_audit_logs(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language plpgsql
set search_path = ''
as $$
begin
  -- What the trigger of the table asks for; off again at once, so that nothing else of the transaction passes.
  perform set_config('parley.retention', 'on', true);
  with gone as (
    delete from public.audit_logs l
    where l.ctid = any (array(
      select o.ctid
      from public.audit_logs o
      where o.created_at >= since
        and o.created_at < now() - make_interval(days => (select p.audit_days from private.retention_policy p))
      order by o.created_at
      limit max_rows
      for update skip locked
    ))
    returning l.created_at
  )
  select count(*)::integer, max(g.created_at) into deleted, reached from gone g;
  perform set_config('parley.retention', '', true);
end
$$;
comment on function private.purge_audit_logs(timestamptz, integer) is
  'Purge: the audit log beyond the policy. Only the owner of the table gets past its trigger.';

create function private.purge_bridge_tokens(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from public.bridge_tokens t
    where t.ctid = any (array(
      select o.ctid
      from public.bridge_tokens o
      where o.expires_at >= since and o.expires_at < now() - interval '1 day'
      order by o.expires_at
      limit max_rows
      for update skip locked
    ))
    returning t.expires_at
  )
  select count(*)::integer, max(g.expires_at) from gone g
$$;
comment on function private.purge_bridge_tokens(timestamptz, integer) is
  'Purge: codes of the bridge, used or not, that expired more than a day ago.';

create function private.purge_organization_invitations(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  with gone as (
    delete from public.organization_invitations i
    where i.ctid = any (array(
      select o.ctid
      from public.organization_invitations o
      -- For a while whoever comes too late hears so, and the organization sees whom to ask again.
      where o.expires_at >= since and o.expires_at < now() - interval '30 days'
      order by o.expires_at
      limit max_rows
      for update skip locked
    ))
    returning i.expires_at
  )
  select count(*)::integer, max(g.expires_at) from gone g
$$;
comment on function private.purge_organization_invitations(timestamptz, integer) is
  'Purge: invitations that expired more than 30 days ago.';

create function private.purge_stripe_events(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from public.stripe_events e
    where e.ctid = any (array(
      select o.ctid
      from public.stripe_events o
      where o.status in ('processed', 'ignored')
        -- Stripe itself keeps events for 30 days: none of these can come again.
        and o.received_at >= since and o.received_at < now() - interval '90 days'
      order by o.received_at
      limit max_rows
      for update skip locked
    ))
    returning e.received_at
  )
  select count(*)::integer, max(g.received_at) from gone g
$$;
comment on function private.purge_stripe_events(timestamptz, integer) is
  'Purge: events that were dealt with, older than 90 days; never one that failed or is under way.';

create function private.purge_rate_counters(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.rate_counters c
    where c.ctid = any (array(
      select o.ctid
      from private.rate_counters o
      -- In any order, without an index: one on minute would make every call of the limiter write it.
      where o.minute >= since and o.minute < now() - interval '1 day'
      limit max_rows
      for update skip locked
    ))
    returning c.minute
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_rate_counters(timestamptz, integer) is
  'Purge: counters of the limiter that nobody has touched for a day.';

create function private.purge_purge_counts(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.purge_counts c
    where c.ctid = any (array(
      select o.ctid
      from private.purge_counts o
      where o.day >= since::date and o.day < (now() at time zone 'UTC')::date - 365
      limit max_rows
      for update skip locked
    ))
    returning c.day
  )
  select count(*)::integer, null::timestamptz from gone g
$$;
comment on function private.purge_purge_counts(timestamptz, integer) is 'Purge: counts of retention older than a year.';

create function private.can_use_schema(schema_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from pg_namespace n where n.nspname = schema_name and has_schema_privilege(n.oid, 'usage')
  )
$$;
comment on function private.can_use_schema(text) is
  'Whether something of the platform is here and ours to use: schema cron of pg_cron, net of pg_net, vault.';

create function private.purge_cron_runs(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language plpgsql
set search_path = ''
as $$
begin
  deleted := 0;
  reached := null;
  if not private.can_use_schema('cron') then
    return;
  end if;
  with gone as (
    delete from cron.job_run_details d
    where d.runid in (
      select o.runid
      from cron.job_run_details o
      -- Our jobs' only; and no run that is under way.
      where o.command ~ '\mprivate\.run_(sql|function)_schedule\('
        and o.end_time >= since and o.end_time < now() - interval '7 days'
      order by o.runid
      limit max_rows
    )
    returning d.runid
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end into deleted, reached from gone;
exception when insufficient_privilege then
  raise warning 'cron.job_run_details is not ours to shorten: %', sqlerrm;
end
$$;
comment on function private.purge_cron_runs(timestamptz, integer) is
  'Purge: what pg_cron wrote down of runs of the schedules, older than seven days; nothing where there is no pg_cron.';

create function private.purge_failed_sign_ups(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from auth.users u
    where u.id in (
      select o.id
      from auth.users o
      where o.last_sign_in_at is null
        -- A confirmed address can sign in at any time, and ensure_profile makes the profile then.
        and o.email_confirmed_at is null
        and o.phone_confirmed_at is null
        -- A link or code that was sent lately may still be used.
        and greatest(o.created_at, o.updated_at, o.confirmation_sent_at, o.invited_at, o.recovery_sent_at)
          < now() - interval '7 days'
        and o.created_at >= since
        and not exists (select from public.profiles p where p.auth_id = o.id)
        and not exists (select from auth.sessions s where s.user_id = o.id)
      order by o.id
      limit max_rows
      for update of o skip locked
    )
    returning u.id
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_failed_sign_ups(timestamptz, integer) is
  'Purge: logins that nobody confirmed or used for seven days and that sign-up gave no profile. Whoever signs up again gets a new one.';

create function private.purge_kind(kind text, max_rows integer)
returns boolean
language plpgsql
set search_path = ''
as $$
<<batch>>
declare
  today date := (now() at time zone 'UTC')::date;
  since timestamptz := coalesce(
    (select c.reached from private.purge_counts c where c.day = today and c.kind = purge_kind.kind), '-infinity'
  );
  deleted integer;
  reached timestamptz;
begin
  if since = 'infinity' then
    return false;
  end if;
  execute format('select p.deleted, p.reached from private.%I($1, $2) p', 'purge_' || kind)
  into deleted, reached using since, max_rows;
  if deleted = 0 and reached is null then
    return false;
  end if;
  insert into private.purge_counts as c (day, kind, deleted, reached)
  values (today, purge_kind.kind, batch.deleted::bigint, batch.reached)
  on conflict on constraint purge_counts_pkey do update
  set deleted = c.deleted + excluded.deleted, reached = excluded.reached;
  return true;
end
$$;
comment on function private.purge_kind(text, integer) is
  'One batch of one kind, from where the last one of the day ended, and its count; false when there was nothing to do and nothing to write down.';

create function private.run_retention()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  max_rows integer := (select p.batch_rows from private.retention_policy p);
  kind text;
  first_failure text;
begin
  -- A kind a call, so that each is kept at once. Those without an index come last, for they are met only once the others
  -- have nothing left.
  foreach kind in array array[
    'usage_counters', 'user_activity', 'sync_logs', 'audit_logs', 'bridge_tokens', 'organization_invitations',
    'stripe_events', 'purge_counts', 'cron_runs', 'rate_counters', 'failed_sign_ups'
  ] loop
    begin
      if private.purge_kind(kind, max_rows) then
        return true;
      end if;
    exception when others then
      raise warning 'retention passes over %: %', kind, sqlstate;
      first_failure := coalesce(first_failure, sqlstate);
    end;
  end loop;
  if first_failure is not null then
    raise exception 'retention_failed' using errcode = first_failure, hint = 'The log names the kinds that were passed over.';
  end if;
  return false;
end
$$;
comment on function private.run_retention() is
  'Deletes one batch of what is over; false when there is nothing left. A kind that fails is passed over, and its SQLSTATE raised once the others have nothing left. Called by its schedule, as the owner of the tables.';

alter table private.retention_policy enable row level security;
alter table private.purge_counts enable row level security;

-- What retention looks for, oldest first. A counter's end never changes: counting writes no index.
create index usage_counters_reset_at_idx on public.usage_counters (reset_at);
create index stripe_events_received_at_idx on public.stripe_events (received_at) where status in ('processed', 'ignored');
create index organization_invitations_expires_at_idx on public.organization_invitations (expires_at);
