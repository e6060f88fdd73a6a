-- The limit of objects that a user puts into the bucket and does not register as files.

create function private.unregistered_objects(profile_id uuid, out objects bigint, out bytes numeric)
language plpgsql
stable
set search_path = ''
as $$
begin
  select count(*), coalesce(sum((o.metadata ->> 'size')::bigint), 0) into objects, bytes
  from storage.objects o
  where o.bucket_id = 'chat-files'
    -- The character after `/` is `0`. Storage has an index with this collation.
    and o.name collate "C" >= profile_id || '/'
    and o.name collate "C" < profile_id || '0'
    and not exists (select from public.chat_files f where f.storage_path = o.name)
    and not exists (select from private.remote_deletions d where d.kind = 'object' and d.remote_id = o.name);
end
$$;
comment on function private.unregistered_objects(uuid) is
  'Counts the objects in the folder of a profile that no file has and that no deletion waits for, and their bytes.';

create function private.check_unregistered_objects(profile_id uuid, added_bytes bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  plan record;
  max_objects integer := (private.limits()).max_unregistered_objects;
  present record;
begin
  -- With the lock, parallel uploads count one after the other.
  perform from public.profiles p where p.id = profile_id for no key update;
  select l.max_files, l.max_bytes into plan from private.plan_of(profile_id) as l;
  max_objects := least(max_objects, plan.max_files);
  select * into present from private.unregistered_objects(profile_id);
  if present.objects >= max_objects or present.bytes + added_bytes > plan.max_bytes then
    perform private.refuse(
      403, 'too_many_unregistered_objects',
      'Too many uploads are not registered as files. Register them, or wait a day until they are deleted.',
      jsonb_build_object('max_files', max_objects, 'max_bytes', plan.max_bytes)
    );
  end if;
end
$$;
comment on function private.check_unregistered_objects(uuid, bigint) is
  'Refuses with 403 an object that would be one too many without a file. Together these objects may have as many '
  'bytes as the plan allows for files.';

create function private.limit_unregistered_objects()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile_id uuid := (
    select p.id from public.profiles p
    where p.id = substring(new.name from '^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/')::uuid
  );
  advice text;
begin
  -- A function creates the row of a file before it stores the bytes.
  if profile_id is not null and not exists (select from public.chat_files f where f.storage_path = new.name) then
    perform private.check_unregistered_objects(profile_id, coalesce((new.metadata ->> 'size')::bigint, 0));
  end if;
  if new.user_metadata is not null then
    perform private.require_small_object(new.user_metadata);
  end if;
  return new;
exception when others then
  if sqlstate not like 'PT%' then
    raise;
  end if;
  get stacked diagnostics advice = pg_exception_hint;
  raise exception using errcode = '42501', message = sqlerrm || ': ' || advice;
end
$$;
-- Source: https://github.com/supabase/storage/blob/master/src/storage/database/knex.ts, DBError.fromDBError.
-- Triggers are allowed here: https://github.com/orgs/supabase/discussions/34270
comment on function private.limit_unregistered_objects() is
  'Trigger on storage.objects: limits what a user uploads without registering it, and its metadata. A policy cannot '
  'do this exactly: Storage asks policies before the bytes arrive, and writes the row later without them. Storage '
  'answers an SQLSTATE of 42501 with 403 and the message, and any other with 500. Definer: Storage has no rights on '
  'these tables.';

create trigger chat_files_limit_unregistered
  before insert on storage.objects
  for each row when (new.bucket_id = 'chat-files')
  execute function private.limit_unregistered_objects();
