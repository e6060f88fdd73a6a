-- Accounts: export and deletion.
--
-- What becomes of every row that belongs to a user when the account goes:
--   profiles                 stays, anonymized (private.anonymize_profile); auth_id goes with the login
--   auth.users, its sessions go: sessions at once, the login last
--   chat_sessions            go, and with them chat_messages, chat_streams, chat_files, vector_stores; by the outbox
--                            what they have at OpenAI and in Storage
--   storage.objects          go by the outbox, all in the profile's folder
--   custom_instructions, user_activity, admin_notes (about the user), bridge_tokens, sync_logs, usage_counters,
--   private.rate_counters    go
--   lookouts                 go at once, and with them lookout_runs (trigger profiles_drop_lookouts)
--   organizations            go with their last member; otherwise ownership is to be passed on before (API), or passes
--                            on by itself (login deleted directly)
--   organization_invitations go: those that the user sent, and those to the user's address
--   stripe_customers         stay for the rows that name them, without name, address and metadata, also those that were
--                            made for the profile and never linked; the customer at Stripe goes by the outbox, and ends
--                            its subscriptions
--   subscriptions, payments, private.credit_grants, usage_metrics, audit_logs
--                            stay: they are the books; payments keep what an invoice must say
--   admin_notes (by the user, about others)
--                            stay, and name the anonymized profile

create table private.account_deletions (
  profile_id uuid primary key,
  requested_at timestamptz not null default now(),
  due_at timestamptz not null default now(),
  constraint account_deletions_profile_id_fkey foreign key (profile_id) references public.profiles (id) on delete cascade
);

comment on table private.account_deletions is
  'Accounts that are being deleted. A row stays for 15 minutes at least: what was under way when the account was closed may still write.';
comment on column private.account_deletions.due_at is
  'When the schedule may go on with it; later while a function is at it.';

create function private.holder_of_customer(customer public.stripe_customers)
returns uuid
language sql
stable
set search_path = ''
as $$
  select coalesce(
    customer.user_id,
    -- An upsert asks before it knows of the row that is there.
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
  'With whose account a customer goes. Who is linked to it comes first; metadata, which our server writes when it makes one, speaks only for those that it could not link. Nobody gains anything by it.';
grant execute on function private.holder_of_customer(public.stripe_customers) to service_role;

create function private.let_go_of_customers(profile_id uuid)
returns void
language sql
set search_path = ''
as $$
  -- The triggers forget what it says of a person, and put it into the outbox.
  update public.stripe_customers c
  set email = null, name = null
  where (
      c.user_id = let_go_of_customers.profile_id
      or (c.user_id is null and c.metadata ->> 'profile_id' = let_go_of_customers.profile_id::text)
    )
    and private.holder_of_customer(c) = let_go_of_customers.profile_id;

  select private.enqueue_deletion('stripe_customer', p.stripe_customer_id)
  from public.profiles p
  where p.id = let_go_of_customers.profile_id
    and p.stripe_customer_id is not null
    and not exists (
      select from private.remote_deletions d where d.kind = 'stripe_customer' and d.remote_id = p.stripe_customer_id
    )
$$;
comment on function private.let_go_of_customers(uuid) is
  'Puts a closed profile''s customers at Stripe into the outbox, also those that were made and never linked; of our rows of them, only what others refer to stays.';

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
    -- Of one that is not linked, this alone says whose it was.
    new.metadata := case when new.user_id is null then jsonb_build_object('profile_id', holder) else '{}'::jsonb end;
  end if;
  return new;
end
$$;
comment on function private.forget_customer() is
  'Trigger: what Stripe still says of a customer whose account is deleted is not written down again.';

create function private.let_go_of_customer()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if exists (select from public.profiles p where p.id = private.holder_of_customer(new) and p.is_deleted)
    and not exists (select from private.remote_deletions d where d.kind = 'stripe_customer' and d.remote_id = new.id)
  then
    perform private.enqueue_deletion('stripe_customer', new.id);
  end if;
  return null;
end
$$;
comment on function private.let_go_of_customer() is
  'Trigger: a customer that we hear of, or link, when its account is deleted goes too. Definer: the outbox is closed to all roles.';

create trigger stripe_customers_forget
  before insert or update on public.stripe_customers
  for each row execute function private.forget_customer();

create trigger stripe_customers_let_go
  after insert or update on public.stripe_customers
  for each row when (not new.is_deleted)
  execute function private.let_go_of_customer();

create function private.close_account(profile_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
  address text;
begin
  -- Its own row first, as whoever acts in an organization does.
  select lower(p.email) into address
  from public.profiles p
  where p.id = close_account.profile_id
  for no key update;
  insert into private.account_deletions (profile_id)
  values (close_account.profile_id)
  on conflict on constraint account_deletions_pkey do nothing;

  -- The last member takes the organization along; otherwise ownership passes on.
  perform private.anonymize_profile(close_account.profile_id);
  -- Who accepts one holds the organization and waits for a profile: what is being used up is left to that.
  delete from public.organization_invitations i
  where i.id in (
    select d.id from public.organization_invitations d
    where d.invited_by = close_account.profile_id or d.email = address
    for update skip locked
  );
  perform private.let_go_of_customers(close_account.profile_id);
end
$$;
comment on function private.close_account(uuid) is
  'Ends an account at once, whatever its size: nobody can act with it, nothing of it is public, and the rest is due to be erased. Repeating it changes nothing.';

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
    -- Before its messages and streams, as in private.lock_session_of.
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
  'Deletes chats of a profile, message by message where they are long; how many more rows may go in this batch.';

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
      'delete from public.%1$I where ctid = any (array(select t.ctid from public.%1$I t where t.user_id = $1 limit $2))',
      target
    ) using erase_account.profile_id, budget;
    get diagnostics erased = row_count;
    budget := budget - erased;
  end loop;
  if budget <= 0 then
    return true;
  end if;

  delete from private.rate_counters r where r.subject = erase_account.profile_id::text;
  perform private.let_go_of_customers(erase_account.profile_id);
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
  'One batch of what is erased of a closed account; true: call again, there is more.';

create function private.require_sole_member(me public.profiles)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if me.organization_role is distinct from 'owner' then
    return;
  end if;
  -- Whoever joins waits here, and then finds no organization.
  perform from public.organizations o where o.id = me.organization_id for no key update;
  if exists (select from public.profiles p where p.organization_id = me.organization_id and p.id <> me.id) then
    perform private.refuse(
      409, 'owner_must_transfer', hint => 'Transfer the ownership or delete the organization first.'
    );
  end if;
end
$$;
comment on function private.require_sole_member(public.profiles) is
  'Refuses with 409 the owner of an organization that has other members.';

create function private.end_sessions(auth_user_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from auth.sessions s where s.user_id = auth_user_id;
exception when insufficient_privilege then
  -- They go with the login, and are of no use until then.
  raise warning 'sessions of % stay until the login goes', auth_user_id;
end
$$;
comment on function private.end_sessions(uuid) is
  'Signs a login out everywhere: nothing is refreshed any more. The table is the Auth service''s.';

create function private.request_account_deletion()
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  me public.profiles;
begin
  select * into me from public.profiles p where p.auth_id = auth.uid();
  if me.id is null then
    me := private.ensure_profile(auth.uid());
  end if;
  if me.role = 'admin' then
    -- As in private.act_among_admins: of two admins who leave at once, one stays.
    perform pg_advisory_xact_lock(hashtextextended('parley.admins', 0));
  end if;
  select * into me from public.profiles p where p.id = me.id for no key update;
  if not me.is_deleted then
    perform private.require_sole_member(me);
    perform private.close_account(me.id);
    perform private.require_admin_left(me);
    -- Whoever asked goes on; the schedule takes over when it has heard nothing for a minute.
    update private.account_deletions d set due_at = now() + interval '1 minute' where d.profile_id = me.id;
  end if;
  perform private.end_sessions(me.auth_id);
  return jsonb_build_object('profile_id', me.id, 'stripe_customers', to_jsonb(array(
    select c.id from public.stripe_customers c where c.user_id = me.id and not c.is_deleted order by c.id
  )));
end
$$;
comment on function private.request_account_deletion() is
  'Closes the caller''s account and signs it out, or refuses and changes nothing. Open to who may not act, too. Definer: profiles and sessions are no client''s to write; the caller is taken from the token.';
grant execute on function private.request_account_deletion() to authenticated;

create function public.request_account_deletion()
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.request_account_deletion()
$$;
comment on function public.request_account_deletion() is
  'Client RPC behind DELETE /account, which then calls continue_account_deletion: { profile_id, stripe_customers }, also when asked again. 409 owner_must_transfer, last_admin; 401 unknown_user when the login is gone.';
grant execute on function public.request_account_deletion() to authenticated;

create function private.continue_account_deletion(profile_id uuid)
returns boolean
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform from private.account_deletions d
  where d.profile_id = continue_account_deletion.profile_id
  for update;
  if not found or not private.erase_account(continue_account_deletion.profile_id, 2000) then
    return false;
  end if;
  update private.account_deletions d
  set due_at = now() + interval '1 minute'
  where d.profile_id = continue_account_deletion.profile_id;
  return true;
end
$$;
comment on function private.continue_account_deletion(uuid) is
  'Erases a batch of a closed account. Definer: the list of deletions is closed to all roles, and an account that is not on it stays.';
grant execute on function private.continue_account_deletion(uuid) to service_role;

create function public.continue_account_deletion(profile_id uuid)
returns boolean
language sql
security invoker
set search_path = ''
as $$
  select private.continue_account_deletion(profile_id)
$$;
comment on function public.continue_account_deletion(uuid) is
  'Service RPC of the account function: erases up to 2000 rows of an account that request_account_deletion has closed; true: call again, there is more.';
grant execute on function public.continue_account_deletion(uuid) to service_role;

create function private.finish_account_deletions()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  deletion private.account_deletions;
begin
  select * into deletion
  from private.account_deletions d
  where d.due_at <= now()
  order by d.due_at
  limit 1
  for update skip locked;
  if deletion.profile_id is null then
    return false;
  end if;

  begin
    perform private.close_account(deletion.profile_id);
    if not private.erase_account(deletion.profile_id, 5000) then
      delete from auth.users u
      using public.profiles p
      where p.id = deletion.profile_id and u.id = p.auth_id;
      -- Once more when everything has ended that was under way when the account was closed.
      update private.account_deletions d
      set due_at = d.requested_at + interval '15 minutes'
      where d.profile_id = deletion.profile_id;
      delete from private.account_deletions d
      where d.profile_id = deletion.profile_id and d.due_at <= now();
    end if;
  exception when others then
    raise warning 'deletion of profile % waits: %', deletion.profile_id, sqlstate;
    update private.account_deletions d
    set due_at = now() + interval '10 minutes'
    where d.profile_id = deletion.profile_id;
  end;
  return exists (select from private.account_deletions d where d.due_at <= now());
end
$$;
comment on function private.finish_account_deletions() is
  'One step of one deletion that nobody is at: a batch, or the login when nothing else is left; true: call again, there is more. Called by the schedule.';

create function private.handle_auth_user_deleted()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  gone uuid;
begin
  select p.id into gone from public.profiles p where p.auth_id = old.id for no key update;
  if gone is null then
    return old;
  end if;
  -- By itself, so that the schedule repairs whatever fails below.
  insert into private.account_deletions (profile_id) values (gone)
  on conflict on constraint account_deletions_pkey do nothing;
  begin
    perform private.close_account(gone);
    -- Whoever is at it already goes on. A large account is finished by the schedule: Auth does not wait for it.
    perform from private.account_deletions d where d.profile_id = gone for update skip locked;
    if found then
      perform private.erase_account(gone, 5000);
    end if;
  exception when others then
    raise warning 'account of auth user % waits to be deleted: %', old.id, sqlerrm;
  end;
  return old;
exception when others then
  raise warning 'account of auth user % was not deleted: %', old.id, sqlerrm;
  return old;
end
$$;
comment on function private.handle_auth_user_deleted() is
  'Trigger on auth.users: with a login goes its account, as by request_account_deletion; ownership of an organization passes on. Never makes a deletion fail. Definer: the Auth service has no rights here.';

create trigger parley_auth_user_deleted
  before delete on auth.users
  for each row execute function private.handle_auth_user_deleted();

create function private.export_sections()
returns table (section text, source text, keys text[], condition text, session_key text, is_hidden boolean)
language sql
immutable
set search_path = ''
as $$
  values
    ('profiles', 'public.profiles', '{id}'::text[], 't.id = $1', null, false),
    ('custom_instructions', 'public.custom_instructions', '{user_id}', 't.user_id = $1', null, false),
    ('chat_sessions', 'public.chat_sessions', '{id}', 't.user_id = $1', null, false),
    ('chat_messages', 'public.chat_messages', '{session_id,seq}', null, 'integer', false),
    ('chat_streams', 'public.chat_streams', '{session_id,id}', null, 'uuid', false),
    ('chat_files', 'public.chat_files', '{session_id,id}', null, 'uuid', false),
    ('vector_stores', 'public.vector_stores', '{session_id,id}', null, 'uuid', false),
    ('usage_counters', 'public.usage_counters', '{feature,period_start}', 't.user_id = $1', null, false),
    ('usage_metrics', 'public.usage_metrics', '{day,feature_type,model}', 't.user_id = $1', null, false),
    ('stripe_customers', 'public.stripe_customers', '{id}', 't.user_id = $1', null, false),
    ('subscriptions', 'public.subscriptions', '{id}', 't.user_id = $1', null, false),
    ('payments', 'public.payments', '{id}', 't.user_id = $1', null, false),
    ('credit_grants', 'private.credit_grants', '{id}', 't.user_id = $1', null, true),
    ('organizations', 'public.organizations', '{id}',
      't.id = (select p.organization_id from public.profiles p where p.id = $1)', null, false),
    ('organization_invitations',
      '(select id, organization_id, email, role, invited_by, expires_at, created_at, updated_at
        from public.organization_invitations)',
      '{id}', 't.invited_by = $1', null, true),
    ('lookouts', 'public.lookouts', '{id}', 't.user_id = $1', null, false),
    ('lookout_runs', 'public.lookout_runs', '{lookout_id,scheduled_at}',
      't.user_id = $1 and t.lookout_id = any (array(select l.id from public.lookouts l where l.user_id = $1))', null, false),
    ('user_activity', 'public.user_activity', '{created_at,id}', 't.user_id = $1', null, false),
    ('bridge_tokens',
      '(select id, user_id, session_data, client_ip, user_agent, expires_at, redeemed_at, created_at from public.bridge_tokens)',
      '{id}', 't.user_id = $1', null, true),
    ('sync_logs', 'public.sync_logs', '{created_at,id}', 't.user_id = $1', null, true)
$$;
comment on function private.export_sections() is
  'What an export holds: rows of source (t) that meet condition ($1: the profile), in the order of keys, which are unique for a user and never change. With session_key, the type of the second key, rows are read session by session, as their indexes lie. What clients may not read is hidden.';
grant execute on function private.export_sections() to authenticated;

create function private.export_query(
  source text, keys text[], condition text, session_key text, after text[], max_rows integer
)
returns text
language sql
immutable
set search_path = ''
as $$
  select case when session_key is null then format(
    'select array[%s], row_to_json(t)::text from %s t where %s %s order by %s',
    (select string_agg(format('t.%I::text', key), ', ' order by n) from unnest(keys) with ordinality as k (key, n)),
    source, condition,
    case when after is not null then format('and (%s) > (%s)', columns.list, (
      select string_agg(quote_nullable(value), ', ' order by n) from unnest(after) with ordinality as a (value, n)
    )) end,
    columns.list
  ) else format(
    'select array[s.id::text, t.%2$I::text], row_to_json(t)::text
     from (select c.id from public.chat_sessions c where c.user_id = $1 %4$s order by c.id) s
     cross join lateral (
       select r.* from %1$s r where r.session_id = s.id and r.user_id = $1 %5$s order by r.%2$I limit %3$s
     ) t
     order by s.id, t.%2$I',
    source, keys[2], max_rows,
    case when after is not null then format('and c.id >= %L', after[1]) end,
    case when after is not null then format(
      'and r.%I > case when s.id = %L then %L else %L end::%s', keys[2], after[1], after[2],
      case session_key when 'integer' then '0' else '00000000-0000-0000-0000-000000000000' end, session_key
    ) end
  ) end
  from (select string_agg(format('t.%I', key), ', ' order by n) as list from unnest(keys) with ordinality as k (key, n)) columns
$$;
comment on function private.export_query(text, text[], text, text, text[], integer) is
  'The query of a section, without its limit: keys as text, and the row as JSON. All but after is ours; after is quoted.';
grant execute on function private.export_query(text, text[], text, text, text[], integer) to authenticated;

create function private.read_export_page(section text, after text[])
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  max_rows constant integer := 1000;
  max_bytes constant integer := 1000000;
  me uuid := private.current_profile_id();
  query text := (
    select private.export_query(s.source, s.keys, s.condition, s.session_key, after, max_rows)
    from private.export_sections() s
    where s.section = read_export_page.section
      and (after is null or cardinality(after) = cardinality(s.keys))
  );
  bodies text[] := array[]::text[];
  bytes integer := 0;
  last_keys text[];
  body text;
begin
  -- An account that is deleted in the middle of its export is not exported as empty.
  if me is null then
    perform private.refuse(401, 'unknown_user', hint => 'This login no longer exists.');
  end if;
  if query is null then
    perform private.refuse(400, 'invalid_cursor');
  end if;

  for last_keys, body in execute query || ' limit ' || max_rows using me
  loop
    bodies := array_append(bodies, body);
    bytes := bytes + octet_length(body);
    exit when bytes >= max_bytes;
  end loop;
  return format('{"next":%s,"rows":[%s]}',
    case when cardinality(bodies) = max_rows or bytes >= max_bytes then to_json(last_keys)::text else 'null' end,
    array_to_string(bodies, ',')
  )::json;
end
$$;
comment on function private.read_export_page(text, text[]) is
  'One page of a section, of the caller''s rows as the role that runs it sees them: 1000 rows, or as many as make a megabyte.';
grant execute on function private.read_export_page(text, text[]) to authenticated;

create function private.read_hidden_export_page(section text, after text[])
returns json
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
  return private.read_export_page(section, after);
end
$$;
comment on function private.read_hidden_export_page(text, text[]) is
  'As read_export_page. Definer: the user owns rows in tables that no client reads; the caller is taken from the token.';
grant execute on function private.read_hidden_export_page(text, text[]) to authenticated;

create function private.export_account(section text, after text[])
returns json
language plpgsql
stable
set search_path = ''
as $$
declare
  is_hidden boolean := (select s.is_hidden from private.export_sections() s where s.section = export_account.section);
begin
  if is_hidden is null then
    perform private.refuse(404, 'unknown_section');
  end if;
  if is_hidden then
    return private.read_hidden_export_page(section, after);
  end if;
  return private.read_export_page(section, after);
end
$$;
comment on function private.export_account(text, text[]) is
  'One page of a section, under the caller''s own row-level security wherever clients may read the table.';
grant execute on function private.export_account(text, text[]) to authenticated;

create function public.export_account(section text, after text[] default null)
returns json
language sql
stable
security invoker
set search_path = ''
as $$
  select private.export_account(section, after)
$$;
comment on function public.export_account(text, text[]) is
  'Client RPC behind GET /account/export: { next, rows } of one section, e.g. chat_messages. next is the after of the next page, null on the last.';
grant execute on function public.export_account(text, text[]) to authenticated;

alter table private.account_deletions enable row level security;

-- What the schedule goes on with.
create index account_deletions_due_at_idx on private.account_deletions (due_at);
-- Customers that were made for a profile and never linked, when its account goes.
create index stripe_customers_unlinked_profile_id_idx on public.stripe_customers ((metadata ->> 'profile_id'))
  where user_id is null;
-- Invitations to an address, when its account goes.
create index organization_invitations_email_idx on public.organization_invitations (email);
