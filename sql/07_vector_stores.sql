-- The vector stores of sessions and assistants. A store is made on first use, and again when it is needed after OpenAI
-- has expired it.

create table public.vector_stores (
  id uuid primary key default gen_random_uuid(),
  store_id text,
  user_id uuid,
  session_id uuid,
  assistant_slug text,
  name text not null,
  file_count integer not null default 0,
  expires_at timestamptz,
  status text not null default 'recreating',
  expired_at timestamptz,
  error text,
  openai_metadata jsonb not null default '{}',
  lease_until timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint vector_stores_collection_key unique nulls not distinct (session_id, assistant_slug),
  constraint vector_stores_store_id_key unique (store_id),
  constraint vector_stores_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint vector_stores_collection_check check (num_nonnulls(session_id, assistant_slug) = 1),
  -- Without it, the foreign key would not check a session that has no user here.
  constraint vector_stores_user_id_check check ((user_id is null) = (session_id is null)),
  constraint vector_stores_status_check check (status in ('active', 'expired', 'recreating', 'failed')),
  constraint vector_stores_active_check check (status <> 'active' or num_nulls(store_id, expires_at) = 0),
  constraint vector_stores_lease_until_check check (status <> 'recreating' or lease_until is not null),
  constraint vector_stores_file_count_check check (file_count >= 0)
);

comment on table public.vector_stores is
  'The vector store that file search of a session or assistant reads; at most one each. The row outlives the store at '
  'OpenAI.';
comment on column public.vector_stores.user_id is 'The user of the session. Null for the store of an assistant.';
comment on column public.vector_stores.session_id is 'The session of the store. Null for the store of an assistant.';
comment on column public.vector_stores.assistant_slug is
  'The assistant whose files the store has, for all its sessions. Null for the store of a session.';
comment on column public.vector_stores.store_id is 'The store''s id at OpenAI. Null while no store exists.';
comment on column public.vector_stores.expires_at is 'When OpenAI expires the store, unless it is used before.';
comment on column public.vector_stores.status is
  'recreating: a caller is making the store, until lease_until. failed: making it may be tried again after '
  'lease_until.';
comment on column public.vector_stores.error is 'Why the store could not be made, for operators.';
comment on column public.vector_stores.openai_metadata is 'metadata and expires_after, as the store was created.';

alter table public.chat_files
  add constraint chat_files_vector_store_id_fkey foreign key (vector_store_id)
    references public.vector_stores (id) on delete set null;
create index chat_files_vector_store_id_idx on public.chat_files (vector_store_id);

create function private.can_build(store public.vector_stores)
returns boolean
language sql
stable
set search_path = ''
as $$
  select store.status = 'expired'
    or (store.status = 'active' and store.expires_at <= now())
    or (store.status in ('recreating', 'failed') and store.lease_until <= now())
$$;
comment on function private.can_build(public.vector_stores) is
  'True for a store that the next caller builds: it has expired, its builder died, or a failed attempt is long ago.';
grant execute on function private.can_build(public.vector_stores) to service_role;

create function public.claim_vector_store(session_id uuid default null, assistant_slug text default null)
returns jsonb
language plpgsql
security invoker
set search_path = ''
as $$
declare
  store public.vector_stores;
begin
  -- A single statement, so only one of several concurrent callers makes the store.
  insert into public.vector_stores as v (session_id, user_id, assistant_slug, name, lease_until)
  select c.session_id, c.user_id, c.slug, c.name, clock_timestamp() + interval '2 minutes'
  from (
    select s.id, s.user_id, null, 'Chat ' || s.id
    from public.chat_sessions s
    where s.id = claim_vector_store.session_id
    union all
    select null, null, a.slug, 'Assistant ' || a.slug
    from public.assistants a
    where a.slug = claim_vector_store.assistant_slug
  ) as c (session_id, user_id, slug, name)
  -- Callers that find a store, or wait for one, do not write. Many users may ask for the store of an assistant at once.
  where not exists (
    select from public.vector_stores b
    where (b.session_id = c.session_id or b.assistant_slug = c.slug) and not private.can_build(b)
  )
  on conflict on constraint vector_stores_collection_key do update
  set status = 'recreating', lease_until = excluded.lease_until, expired_at = coalesce(v.expired_at, now())
  where private.can_build(v)
  returning * into store;

  if store.id is not null then
    -- The store may not outlive its assistant; see private.follow_assistant.
    perform from public.assistants a where a.slug = store.assistant_slug for key share;
    if not found and store.assistant_slug is not null then
      perform private.refuse(
        404, 'assistant_not_found',
        'This assistant does not exist. Check its slug in the list of assistants.'
      );
    end if;
    return jsonb_build_object('kind', 'build', 'id', store.id, 'lease_until', store.lease_until, 'name', store.name);
  end if;
  select * into store
  from public.vector_stores v
  where v.session_id = claim_vector_store.session_id or v.assistant_slug = claim_vector_store.assistant_slug;
  return case store.status
    when 'active' then jsonb_build_object('kind', 'ready', 'id', store.id, 'store_id', store.store_id)
    when 'recreating' then jsonb_build_object('kind', 'wait')
    else jsonb_build_object('kind', 'failed', 'error', store.error,
      'retry_after', extract(epoch from store.lease_until - clock_timestamp()))
  end;
end
$$;
comment on function public.claim_vector_store(uuid, text) is
  'Service RPC: returns the store of a session or assistant, or claims the work of making it. kind: ready (with '
  'store_id), build (the caller makes it, under a lease), wait (another caller is making it) or failed (it could not '
  'be made, with error and the seconds retry_after; or the session or assistant is gone).';
grant execute on function public.claim_vector_store(uuid, text) to service_role;

create function private.settle_vector_store(claimed_id uuid, claimed_until timestamptz, store_id text,
  expires_at timestamptz, openai_metadata jsonb, file_ids text[])
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  -- The trigger on store_id puts the replaced store into the outbox, in this transaction.
  update public.vector_stores v
  set status = 'active', store_id = settle_vector_store.store_id, expires_at = settle_vector_store.expires_at,
      openai_metadata = settle_vector_store.openai_metadata, expired_at = null, lease_until = null, error = null
  where v.id = claimed_id and v.status = 'recreating' and v.lease_until = claimed_until;
  if not found then
    perform private.enqueue_deletion('vector_store', settle_vector_store.store_id);
    return false;
  end if;
  update public.chat_files f
  set vector_store_id = case when f.openai_file_id = any (file_ids) then claimed_id end
  from public.vector_stores v
  where v.id = claimed_id
    and (f.session_id = v.session_id or f.assistant_slug = v.assistant_slug)
    and coalesce(f.openai_file_id = any (file_ids), false) <> (f.vector_store_id is not null);
  return true;
end
$$;
comment on function private.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[]) is
  'Records a store that the caller has made, and the files that OpenAI searches in it. If the lease has expired '
  'meanwhile, the store goes to the outbox. Definer: private.enqueue_deletion is not granted.';
grant execute on function private.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[])
  to service_role;

create function public.settle_vector_store(claimed_id uuid, claimed_until timestamptz, store_id text,
  expires_at timestamptz, openai_metadata jsonb, file_ids text[])
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.settle_vector_store(claimed_id, claimed_until, store_id, expires_at, openai_metadata, file_ids)
$$;
comment on function public.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[]) is
  'Service RPC: settles a claim of claim_vector_store with a store. file_ids are the ids at OpenAI of the files that '
  'it searches. Returns false when the lease was lost.';
grant execute on function public.settle_vector_store(uuid, timestamptz, text, timestamptz, jsonb, text[])
  to service_role;

create function public.fail_vector_store(claimed_id uuid, claimed_until timestamptz, error text,
  retry_after double precision default 60)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set status = 'failed', error = fail_vector_store.error, lease_until = now() + make_interval(secs => retry_after)
  where v.id = claimed_id and v.status = 'recreating' and v.lease_until = claimed_until
$$;
comment on function public.fail_vector_store(uuid, timestamptz, text, double precision) is
  'Service RPC: settles a claim of claim_vector_store without a store. After retry_after seconds, making the store may '
  'be tried again.';
grant execute on function public.fail_vector_store(uuid, timestamptz, text, double precision) to service_role;

create function public.expire_vector_store(store_id text)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set status = 'expired', expired_at = now()
  where v.store_id = expire_vector_store.store_id and v.status = 'active'
$$;
comment on function public.expire_vector_store(text) is
  'Service RPC: OpenAI reports that the store has expired or is gone.';
grant execute on function public.expire_vector_store(text) to service_role;

create function public.touch_vector_store(store_id text, expires_at timestamptz)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.vector_stores v
  set expires_at = touch_vector_store.expires_at, lease_until = null
  where v.store_id = touch_vector_store.store_id and v.status = 'active'
$$;
comment on function public.touch_vector_store(text, timestamptz) is
  'Service RPC: stores the time at which OpenAI will expire the store.';
grant execute on function public.touch_vector_store(text, timestamptz) to service_role;

create function private.count_store_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.vector_stores v
  set file_count = (select count(*) from public.chat_files f where f.vector_store_id = v.id)
  where v.id in (old.vector_store_id, new.vector_store_id);
  return null;
end
$$;
comment on function private.count_store_files() is
  'Trigger: keeps vector_stores.file_count equal to the number of attached files. Definer: the trigger also runs for '
  'the client that deletes a session.';

create trigger chat_files_count_attached
  after update of vector_store_id on public.chat_files
  for each row when (old.vector_store_id is distinct from new.vector_store_id)
  execute function private.count_store_files();
create trigger chat_files_count_deleted
  after delete on public.chat_files
  for each row when (old.vector_store_id is not null)
  execute function private.count_store_files();

create trigger vector_stores_touch
  before update on public.vector_stores
  for each row execute function private.touch_updated_at();

alter table public.vector_stores enable row level security;

grant select on public.vector_stores to authenticated;
grant select, insert, update, delete on public.vector_stores to service_role;

create policy vector_stores_select_own on public.vector_stores
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- Foreign keys.
create index vector_stores_session_id_user_id_idx on public.vector_stores (session_id, user_id);
create index vector_stores_assistant_slug_idx on public.vector_stores (assistant_slug);

-- The clean-up: active stores near their expiry, expired stores, and abandoned attempts to make a store.
create index vector_stores_active_expires_at_idx on public.vector_stores (expires_at) where status = 'active';
create index vector_stores_expired_at_idx on public.vector_stores (expired_at)
  where status = 'expired' and store_id is not null;
create index vector_stores_recreating_lease_until_idx on public.vector_stores (lease_until) where status = 'recreating';
