-- The outbox: objects that Parley no longer needs and still has to delete at OpenAI, in Storage and at Stripe.

create table private.remote_deletions (
  id bigint generated always as identity primary key,
  kind text not null,
  provider text not null generated always as (
    case kind
      when 'stripe_customer' then 'stripe'
      when 'stripe_email' then 'stripe'
      when 'object' then 'storage'
      else 'openai'
    end
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
      'response', 'conversation', 'vector_store_file', 'vector_store', 'file', 'object', 'stripe_customer',
      'stripe_email'
    )),
  constraint remote_deletions_attempts_check check (attempts >= 0)
);

comment on table private.remote_deletions is
  'The outbox: objects at OpenAI, in Storage and at Stripe that are to be deleted. Written in the transaction that '
  'drops the reference to them.';
comment on column private.remote_deletions.provider is
  'The service that deletes it. Each claim covers one provider, so a hung provider cannot block the others.';
comment on column private.remote_deletions.kind is
  'What is deleted. For stripe_email, the old address of a customer is replaced with the present one of its profile.';
comment on column private.remote_deletions.remote_id is
  'The name of the object there: an id, store/file for an attachment, or the path of an object in Storage.';
comment on column private.remote_deletions.session_id is
  'The session it belonged to. No foreign key, because the session may be gone. A conversation waits for the '
  'responses of its session.';
comment on column private.remote_deletions.due_at is
  'When the next attempt may start. A claim moves it into the future; that is the lease.';
comment on column private.remote_deletions.last_error is 'Name or status of the last failure.';

create function private.enqueue_deletion(kind text, remote_id text, session_id uuid default null)
returns void
language sql
set search_path = ''
as $$
  -- Makes an existing entry due again, because the worker that holds it may have tried too early.
  insert into private.remote_deletions as d (kind, remote_id, session_id)
  values (enqueue_deletion.kind, enqueue_deletion.remote_id, enqueue_deletion.session_id)
  on conflict on constraint remote_deletions_kind_remote_id_key do update
  set due_at = clock_timestamp(), attempts = 0
$$;
comment on function private.enqueue_deletion(text, text, uuid) is 'Puts one object into the outbox.';

create function private.enqueue_session_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- Ids of the old Assistants API no longer name anything.
  if starts_with(old.thread_id, 'conv_') then
    perform private.enqueue_deletion('conversation', old.thread_id, old.id);
  end if;
  return null;
end
$$;
comment on function private.enqueue_session_deletion() is
  'Trigger: enqueues the conversation of a session that is deleted or gets another conversation. Definer: the outbox '
  'is closed to all roles.';

create trigger chat_sessions_outbox_deleted
  after delete on public.chat_sessions
  for each row execute function private.enqueue_session_deletion();
create trigger chat_sessions_outbox_thread
  after update of thread_id on public.chat_sessions
  for each row when (old.thread_id is distinct from new.thread_id)
  execute function private.enqueue_session_deletion();

create function private.enqueue_response_deletion()
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
comment on function private.enqueue_response_deletion() is
  'Trigger: enqueues the stored response of a message or turn that is deleted or gets another response. Definer: the '
  'outbox is closed to all roles.';

create trigger chat_messages_outbox_deleted
  after delete on public.chat_messages
  for each row when (old.response_id is not null)
  execute function private.enqueue_response_deletion();
create trigger chat_turns_outbox_deleted
  after delete on public.chat_turns
  for each row when (old.response_id is not null)
  execute function private.enqueue_response_deletion();
create trigger chat_turns_outbox_response
  after update of response_id on public.chat_turns
  for each row when (old.response_id <> new.response_id)
  execute function private.enqueue_response_deletion();

create function private.enqueue_store_deletion()
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
comment on function private.enqueue_store_deletion() is
  'Trigger: enqueues a store at OpenAI that is replaced or whose row is deleted. Definer: the outbox is closed to all '
  'roles.';

create trigger vector_stores_outbox_deleted
  after delete on public.vector_stores
  for each row when (old.store_id is not null)
  execute function private.enqueue_store_deletion();
create trigger vector_stores_outbox_store
  after update of store_id on public.vector_stores
  for each row when (old.store_id is distinct from new.store_id and old.store_id is not null)
  execute function private.enqueue_store_deletion();

create function private.enqueue_file_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if old.openai_file_id is not null then
    -- If the session or assistant is deleted too, its store is deleted with all attachments.
    perform private.enqueue_deletion('vector_store_file', v.store_id || '/' || old.openai_file_id, old.session_id)
    from public.vector_stores v
    where (v.session_id = old.session_id or v.assistant_slug = old.assistant_slug)
      and v.store_id is not null
      and not private.is_image(old)
      and (
        exists (select from public.chat_sessions s where s.id = v.session_id)
        or exists (select from public.assistants a where a.slug = v.assistant_slug)
      );
    perform private.enqueue_deletion('file', old.openai_file_id, old.session_id);
  end if;
  return null;
end
$$;
comment on function private.enqueue_file_deletion() is
  'Trigger: enqueues the OpenAI file of a row that is deleted, fails, or gets another file. Definer: the outbox is '
  'closed to all roles.';

create function private.enqueue_object_deletion()
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
comment on function private.enqueue_object_deletion() is
  'Trigger: enqueues the Storage object of a file that is deleted, gets another object, or fails before its bytes are '
  'known to be stored. Definer: the outbox is closed to all roles.';

create trigger chat_files_outbox_deleted
  after delete on public.chat_files
  for each row execute function private.enqueue_file_deletion();
create trigger chat_files_outbox_replaced
  after update of openai_file_id on public.chat_files
  for each row when (old.openai_file_id is distinct from new.openai_file_id)
  execute function private.enqueue_file_deletion();
create trigger chat_files_outbox_object_deleted
  after delete on public.chat_files
  for each row execute function private.enqueue_object_deletion();
create trigger chat_files_outbox_object_failed
  after update of status on public.chat_files
  for each row when (old.status <> 'failed' and new.status = 'failed' and new.sha256 is null)
  execute function private.enqueue_object_deletion();
create trigger chat_files_outbox_object_replaced
  after update of storage_path on public.chat_files
  for each row when (old.storage_path <> new.storage_path)
  execute function private.enqueue_object_deletion();

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
  'Stores the OpenAI id of a file. If the row was deleted meanwhile, the file is enqueued for deletion. Definer: '
  'private.enqueue_deletion is not granted.';
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
  'Service RPC: stores the OpenAI id of a file; false if the row is gone or failed.';
grant execute on function public.set_openai_file(uuid, text) to service_role;

create function private.abandon_remote(kind text, remote_id text, session_id uuid)
returns void
language sql
security definer
set search_path = ''
as $$
  select private.enqueue_deletion(kind, remote_id, session_id)
$$;
comment on function private.abandon_remote(text, text, uuid) is
  'Enqueues an object that no row names. Definer: the outbox is closed to all roles.';
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
  'Service RPC: enqueues an object at OpenAI or in Storage that no row names.';
grant execute on function public.abandon_remote(text, text, uuid) to service_role;

create function private.can_delete(deletion private.remote_deletions)
returns boolean
language sql
stable
set search_path = ''
as $$
  -- A response that is still running would add its items to the conversation.
  select deletion.due_at <= now() and (deletion.kind <> 'conversation' or not exists (
    select from private.remote_deletions r where r.session_id = deletion.session_id and r.kind = 'response'
  ))
$$;
comment on function private.can_delete(private.remote_deletions) is
  'True for a deletion that is due. A conversation waits until the responses of its session are deleted.';

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
    where w.provider = claim_remote_deletions.provider and w.due_at <= now() and private.can_delete(w)
    order by w.due_at, w.id
    limit max_count
    for update skip locked
  )
  returning d.*
$$;
comment on function private.claim_remote_deletions(text, integer) is
  'Claims due deletions of one provider, with a lease of five minutes. Definer: the outbox is closed to all roles.';
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
  'Service RPC of the clean-up: claims due deletions for openai, storage or stripe, each for one caller at a time. '
  'The caller ends the claim by settle_remote_deletions.';
grant execute on function public.claim_remote_deletions(text, integer) to service_role;

create function private.settle_remote_deletions(claimed_until timestamptz, outcomes jsonb)
returns void
language sql
security definer
set search_path = ''
as $$
  -- An entry that was enqueued again after the claim has another due_at, and stays.
  delete from private.remote_deletions d
  using jsonb_each_text(outcomes) o
  where d.id = o.key::bigint and d.due_at = claimed_until and o.value is null;
  update private.remote_deletions d
  set attempts = d.attempts + 1,
      due_at = now() + least(interval '6 hours', interval '1 minute' * 2 ^ least(d.attempts, 10)),
      last_error = left(o.value, 200)
  from jsonb_each_text(outcomes) o
  where d.id = o.key::bigint and d.due_at = claimed_until and o.value is not null;
$$;
comment on function private.settle_remote_deletions(timestamptz, jsonb) is
  'Settles a claim: deletes each entry, or schedules another attempt after one minute, doubling to six hours. Definer: '
  'the outbox is closed to all roles.';
grant execute on function private.settle_remote_deletions(timestamptz, jsonb) to service_role;

create function public.settle_remote_deletions(claimed_until timestamptz, outcomes jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.settle_remote_deletions(claimed_until, outcomes)
$$;
comment on function public.settle_remote_deletions(timestamptz, jsonb) is
  'Service RPC of the clean-up: settles a claim. claimed_until is the due_at of the claim. outcomes names each entry '
  'by its id: null deletes the entry, and an error lets it wait.';
grant execute on function public.settle_remote_deletions(timestamptz, jsonb) to service_role;

create function private.count_due_deletions(max_count integer)
returns integer
language sql
stable
set search_path = ''
as $$
  select count(*)::integer
  from (
    select from private.remote_deletions d
    where d.provider in ('openai', 'storage', 'stripe') and d.due_at <= now() and private.can_delete(d)
    limit max_count
  ) due
$$;
comment on function private.count_due_deletions(integer) is
  'Counts deletions that are due, up to max_count. The dispatcher calls it.';

alter table private.remote_deletions enable row level security;

-- Every row is soon deleted. Autovacuum comes before the dead rows slow the claims.
alter table private.remote_deletions set (autovacuum_vacuum_scale_factor = 0.01);

-- Serve the due entries of a provider, oldest first, and the check for responses that a conversation waits for.
create index remote_deletions_provider_due_at_idx on private.remote_deletions (provider, due_at, id);
create index remote_deletions_response_session_id_idx on private.remote_deletions (session_id) where kind = 'response';
