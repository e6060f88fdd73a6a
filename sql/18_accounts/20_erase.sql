-- Erases an account: its customers at Stripe, its chats, and the profile's own rows.

create function private.holder_of_customer(customer public.stripe_customers)
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(
    customer.user_id,
    -- In an upsert, the trigger runs before the existing row is known.
    (select c.user_id from public.stripe_customers c where c.id = customer.id),
    (select p.id from public.profiles p where p.stripe_customer_id = customer.id),
    (
      select p.id
      from public.profiles p
      where p.id = case
        when customer.metadata ->> 'profile_id' ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
          then (customer.metadata ->> 'profile_id')::uuid
      end
    )
  )
$$;
comment on function private.holder_of_customer(public.stripe_customers) is
  'The profile whose deletion also deletes this customer. A link comes first. The metadata, which Parley''s server '
  'writes when it creates a customer, counts only for a customer without a link. Nobody gains a right by it.';
grant execute on function private.holder_of_customer(public.stripe_customers) to service_role;

create function private.enqueue_customer(customer_id text)
returns void
language sql
set search_path = ''
as $$
  -- An entry that is already in the outbox keeps its due time and attempts.
  select private.enqueue_deletion('stripe_customer', customer_id)
  where not exists (
    select from private.remote_deletions d where d.kind = 'stripe_customer' and d.remote_id = customer_id
  )
$$;
comment on function private.enqueue_customer(text) is
  'Puts a customer at Stripe into the outbox, unless it is there already.';

create function private.enqueue_customer_deletions(profile_id uuid)
returns void
language sql
set search_path = ''
as $$
  -- The update fires the triggers that remove personal data and enqueue the deletion.
  update public.stripe_customers c
  set email = null, name = null
  where (
      c.user_id = enqueue_customer_deletions.profile_id
      or (c.user_id is null and c.metadata ->> 'profile_id' = enqueue_customer_deletions.profile_id::text)
    )
    and private.holder_of_customer(c) = enqueue_customer_deletions.profile_id;

  update public.subscriptions s
  set custom_field_data = null, cancellation_comment = null
  where s.user_id = enqueue_customer_deletions.profile_id
    and num_nonnulls(s.custom_field_data, s.cancellation_comment) > 0;

  select private.enqueue_customer(p.stripe_customer_id)
  from public.profiles p
  where p.id = enqueue_customer_deletions.profile_id
    and p.stripe_customer_id is not null
$$;
comment on function private.enqueue_customer_deletions(uuid) is
  'Enqueues the Stripe customers of a closed profile for deletion, also customers that were created and never linked. '
  'Rows stay without personal data, because other rows refer to them. Subscriptions lose what the user wrote.';

create function private.forget_customer()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  holder uuid := private.holder_of_customer(new);
begin
  if exists (select from public.profiles p where p.id = holder and p.is_deleted) then
    new.email := null;
    new.name := null;
    -- For a customer that is not linked, only this says whose it was.
    new.metadata := case when new.user_id is null then jsonb_build_object('profile_id', holder) else '{}'::jsonb end;
  end if;
  return new;
end
$$;
comment on function private.forget_customer() is
  'Trigger: removes personal data that Stripe still sends about the customer of a deleted account.';

create function private.enqueue_customer_deletion()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from public.profiles p where p.id = private.holder_of_customer(new) and p.is_deleted) then
    perform private.enqueue_customer(new.id);
  end if;
  return null;
end
$$;
comment on function private.enqueue_customer_deletion() is
  'Trigger: enqueues a customer that appears or is linked after its account was deleted. Definer: the outbox is '
  'closed to all roles.';

create function private.forget_subscription()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  if exists (select from public.profiles p where p.id = new.user_id and p.is_deleted) then
    new.custom_field_data := null;
    new.cancellation_comment := null;
  end if;
  return new;
end
$$;
comment on function private.forget_subscription() is
  'Trigger: removes what the user of a deleted account wrote in the checkout or when canceling. Stripe still sends it.';

create trigger subscriptions_forget
  before insert or update on public.subscriptions
  for each row when (num_nonnulls(new.custom_field_data, new.cancellation_comment) > 0)
  execute function private.forget_subscription();

create trigger stripe_customers_forget
  before insert or update on public.stripe_customers
  for each row execute function private.forget_customer();

create trigger stripe_customers_let_go
  after insert or update on public.stripe_customers
  for each row when (not new.is_deleted)
  execute function private.enqueue_customer_deletion();

create function private.enqueue_account_deletion(profile_id uuid)
returns void
language sql
set search_path = ''
as $$
  insert into private.account_deletions (profile_id)
  values (enqueue_account_deletion.profile_id)
  on conflict on constraint account_deletions_pkey do nothing
$$;
comment on function private.enqueue_account_deletion(uuid) is
  'Adds an account to the list of deletions, which the schedule works through.';

create function private.close_account(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  address text;
begin
  perform private.lock_with_members(close_account.profile_id);
  select lower(p.email) into address from public.profiles p where p.id = close_account.profile_id;
  perform private.enqueue_account_deletion(close_account.profile_id);
  perform private.remember_account(close_account.profile_id);

  -- If the user was the last member, the organization is deleted. Otherwise the ownership passes on.
  perform private.anonymize_profile(close_account.profile_id);
  -- Skips an invitation that is being accepted, because that transaction holds the organization and waits for a
  -- profile. It deletes the invitation itself.
  delete from public.organization_invitations i
  where i.id in (
    select d.id from public.organization_invitations d
    where d.invited_by = close_account.profile_id or d.email = address
    for update skip locked
  );
  perform private.enqueue_customer_deletions(close_account.profile_id);
end
$$;
comment on function private.close_account(uuid) is
  'Closes an account at once, whatever its size: nobody can act with it, nothing of it is public, and its data is due '
  'to be erased. A second call changes nothing.';

create function private.erase_chats(profile_id uuid, max_rows integer)
returns integer
language plpgsql
set search_path = ''
as $$
declare
  budget integer := max_rows;
  erased integer;
  files integer;
  doomed uuid;
begin
  for doomed in
    select s.id from public.chat_sessions s where s.user_id = erase_chats.profile_id limit max_rows
  loop
    -- Locks the session before its messages and turns, as private.lock_session_of does.
    perform from public.chat_sessions s where s.id = doomed for update;
    delete from public.chat_messages m
    where m.id in (
      select d.id from public.chat_messages d
      where d.session_id = doomed and d.user_id = erase_chats.profile_id
      order by d.seq
      limit budget
    );
    get diagnostics erased = row_count;
    budget := budget - erased;
    exit when budget <= 0;

    select count(*)::integer into files from public.chat_files f where f.session_id = doomed;
    delete from public.chat_sessions s where s.id = doomed;
    budget := budget - 1 - files;
    exit when budget <= 0;
  end loop;
  return budget;
end
$$;
comment on function private.erase_chats(uuid, integer) is
  'Deletes chats of a profile, long chats message by message. Returns how many more rows this batch may delete.';

create function private.erase_account(profile_id uuid, max_rows integer)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  budget integer := private.erase_chats(profile_id, max_rows);
  erased integer;
  target text;
begin
  foreach target in array array[
    'user_activity', 'sync_logs', 'bridge_tokens', 'admin_notes', 'usage_counters', 'custom_instructions'
  ] loop
    exit when budget <= 0;
    execute format(
      'delete from public.%1$I where ctid = any (array(
         select t.ctid from public.%1$I t where t.user_id = $1 limit $2
       ))',
      target
    ) using erase_account.profile_id, budget;
    get diagnostics erased = row_count;
    budget := budget - erased;
  end loop;
  if budget <= 0 then
    return true;
  end if;

  delete from private.rate_counters r where r.subject = erase_account.profile_id::text;
  perform private.enqueue_customer_deletions(erase_account.profile_id);
  perform private.enqueue_deletion('object', o.name)
  from storage.objects o
  where o.bucket_id = 'chat-files'
    and o.name like erase_account.profile_id || '/%'
    and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name)
  limit budget;
  get diagnostics erased = row_count;
  return erased >= budget;
end
$$;
comment on function private.erase_account(uuid, integer) is
  'Erases one batch of a closed account; true if more is left and the caller should call again.';
