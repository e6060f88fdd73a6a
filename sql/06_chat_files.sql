-- Files of a session, the bucket that holds their bytes, and the steps of an upload.

create table public.chat_files (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null,
  session_id uuid not null,
  message_id uuid,
  file_name text not null,
  file_size bigint,
  file_type text not null,
  storage_path text not null,
  sha256 text,
  openai_file_id text,
  vector_store_id uuid,
  status text not null default 'pending',
  error jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint chat_files_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_files_message_id_fkey foreign key (message_id)
    references public.chat_messages (id) on delete set null,
  constraint chat_files_storage_path_key unique (storage_path),
  constraint chat_files_openai_file_id_key unique (openai_file_id),
  constraint chat_files_file_name_check check (char_length(file_name) between 1 and 255),
  constraint chat_files_file_size_check check (file_size > 0),
  constraint chat_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint chat_files_status_check check (status in ('pending', 'indexing', 'ready', 'failed')),
  constraint chat_files_stored_check check (status in ('pending', 'failed') or num_nulls(sha256, file_size) = 0)
);

comment on table public.chat_files is
  'The files that users have uploaded to a session. Only the file functions write them.';
comment on column public.chat_files.message_id is 'The first message that named the file.';
comment on column public.chat_files.file_name is 'The name that the user knows. It is never part of a path.';
comment on column public.chat_files.file_type is
  'Media type, detected from the content. The model sees files of type image/*; all other files are searched.';
comment on column public.chat_files.storage_path is 'The name of the object in the bucket chat-files.';
comment on column public.chat_files.sha256 is 'Hash of the bytes. Null until all bytes are stored.';
comment on column public.chat_files.vector_store_id is
  'The vector store of the session, once the file is attached to it.';
comment on column public.chat_files.status is
  'pending: the bytes are being uploaded. indexing: stored, but not searchable yet. ready: usable in turns. failed: '
  'error says why.';
comment on column public.chat_files.error is 'Why the file failed, for the user: code and message.';

create function private.upload_limits(profile_id uuid)
returns jsonb
language plpgsql
stable
set search_path = ''
as $$
begin
  return (
    select to_jsonb(l)
    from public.profiles p
    join public.plans l on l.slug = p.subscription_plan
    where p.id = profile_id
  );
end
$$;
comment on function private.upload_limits(uuid) is 'The plan whose limits a profile''s uploads meet.';

create function private.check_file_size(profile_id uuid, file_size bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_bytes bigint := (private.upload_limits(profile_id) ->> 'max_file_bytes')::bigint;
begin
  if file_size > max_bytes then
    perform private.refuse(
      413, 'file_too_large',
      'The file is larger than your plan allows. Choose a smaller file or upgrade the plan.',
      jsonb_build_object('max_bytes', max_bytes)
    );
  end if;
end
$$;
comment on function private.check_file_size(uuid, bigint) is
  'Refuses with 413 a file that is larger than the plan allows.';

create function private.check_file_count(profile_id uuid, session_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_files integer := (private.upload_limits(profile_id) ->> 'max_session_files')::integer;
begin
  if (
    select count(*)
    from public.chat_files f
    where f.session_id = check_file_count.session_id
      and f.user_id = profile_id
      and f.status <> 'failed'
  ) >= max_files then
    perform private.refuse(
      402, 'file_limit_reached',
      'This chat already has as many files as your plan allows. Delete a file of this chat or upgrade the plan.',
      jsonb_build_object('max_files', max_files)
    );
  end if;
end
$$;
comment on function private.check_file_count(uuid, uuid) is
  'Refuses with 402 when the session already has as many files as the plan allows. Called under the session''s row '
  'lock.';

create function private.is_safe_object_name(name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  -- URL parsers drop white space at the ends and some control characters, so `a/.. ` also ends in `..`.
  select name !~ '(^|/)\s*\.{0,2}\s*(/|$)' and name !~ '[?#%\\[:cntrl:]]'
$$;
comment on function private.is_safe_object_name(text) is
  'Tells whether a URL that contains the object''s name leads to that object. Refuses empty, `.` and `..` segments, '
  '`?`, `#`, `%`, backslashes and control characters.';
grant execute on function private.is_safe_object_name(text) to authenticated;

create function private.require_own_object(profile_id uuid, storage_path text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  size bigint := (
    select (o.metadata ->> 'size')::bigint
    from storage.objects o
    where o.bucket_id = 'chat-files' and o.name = require_own_object.storage_path
  );
begin
  if private.is_safe_object_name(storage_path) is not true then
    perform private.refuse(
      404, 'object_not_found',
      'This name has an empty or dotted segment, or one of ? # % and backslash. Use another name.'
    );
  end if;
  if size is null or not starts_with(storage_path, profile_id || '/') then
    perform private.refuse(
      404, 'object_not_found',
      'This object does not exist in your folder of the bucket chat-files. Upload the object there first.'
    );
  end if;
  perform private.check_file_size(profile_id, size);
end
$$;
comment on function private.require_own_object(uuid, text) is
  'Refuses an object with 404 if it does not exist, is not in the profile''s folder, or has an unsafe name. Refuses '
  'with 413 an object that is too large.';

create function private.message_for_file(session_id uuid, message_id text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  found_id uuid;
begin
  select m.id into found_id
  from public.chat_messages m
  where m.session_id = message_for_file.session_id
    and message_for_file.message_id in (m.client_id, m.id::text);
  if found_id is null and message_id is not null then
    perform private.refuse(
      404, 'message_not_found',
      'This message does not exist in this chat. Reload the chat and choose one of your own messages.'
    );
  end if;
  return found_id;
end
$$;
comment on function private.message_for_file(uuid, text) is
  'Returns the id of a message of the session, found by its own id or by the client''s id. Refuses with 404 when '
  'there is no such message.';

create function private.open_upload(auth_user_id uuid, storage_path text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
begin
  perform private.require_active(profile.id);
  if storage_path is not null then
    perform private.require_own_object(profile.id, storage_path);
  end if;
  return jsonb_build_object(
    'profile_id', profile.id,
    'max_bytes', private.upload_limits(profile.id) -> 'max_file_bytes'
  );
end
$$;
comment on function private.open_upload(uuid, text) is
  'Returns the folder of an upload and its size limit. Refuses an object that may not be registered. Definer: '
  'private.ensure_profile is not granted.';
grant execute on function private.open_upload(uuid, text) to service_role;

create function public.open_upload(auth_user_id uuid, storage_path text default null)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.open_upload(auth_user_id, storage_path)
$$;
comment on function public.open_upload(uuid, text) is
  'Service RPC of the files function: {profile_id, max_bytes}. Refuses with 403 an account that may not act. With '
  'storage_path, refuses with 404 or 413 an object that may not be registered, before the function reads it.';
grant execute on function public.open_upload(uuid, text) to service_role;

create function private.create_file(auth_user_id uuid, session_id uuid, file_id uuid, file_name text, file_type text,
  storage_path text, message_id text, is_stored boolean)
returns public.chat_files
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  session public.chat_sessions := private.session_for_turn(session_id, profile.id);
  file public.chat_files;
begin
  if is_stored then
    perform private.require_own_object(profile.id, storage_path);
  end if;
  select * into file from public.chat_files f where f.storage_path = create_file.storage_path;
  if file.session_id = session.id then
    return file;
  elsif file.id is not null then
    perform private.refuse(
      409, 'object_in_use',
      'This object is already a file of another chat. Upload the file again for this chat.'
    );
  end if;
  perform private.check_file_count(profile.id, session.id);

  insert into public.chat_files (id, user_id, session_id, message_id, file_name, file_type, storage_path)
  values (file_id, profile.id, session.id, private.message_for_file(session.id, create_file.message_id),
    create_file.file_name, create_file.file_type, create_file.storage_path)
  returning * into file;
  return file;
end
$$;
comment on function private.create_file(uuid, uuid, uuid, text, text, text, text, boolean) is
  'Creates the row of a file before its bytes are stored, or (is_stored) of an object that the user has put into '
  'Storage. Definer: private.session_for_turn is not granted.';
grant execute on function private.create_file(uuid, uuid, uuid, text, text, text, text, boolean) to service_role;

create function public.create_file(auth_user_id uuid, session_id uuid, file_id uuid, file_name text, file_type text,
  storage_path text, message_id text default null, is_stored boolean default false)
returns public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select private.create_file(auth_user_id, session_id, file_id, file_name, file_type, storage_path, message_id,
    is_stored)
$$;
comment on function public.create_file(uuid, uuid, uuid, text, text, text, text, boolean) is
  'Service RPC of the files function: checks the upload and creates a pending row. If the object is already '
  'registered in this session, returns the existing row.';
grant execute on function public.create_file(uuid, uuid, uuid, text, text, text, text, boolean) to service_role;

create function private.store_file(file_id uuid, file_size bigint, sha256 text)
returns public.chat_files
language plpgsql
security definer
set search_path = ''
as $$
declare
  file public.chat_files;
begin
  select * into file from public.chat_files f where f.id = file_id and f.status = 'pending';
  if file.id is null then
    perform private.refuse(404, 'file_not_found', 'The file was deleted during its upload. Upload the file again.');
  end if;
  perform private.check_file_size(file.user_id, store_file.file_size);

  update public.chat_files f
  set status = 'indexing', file_size = store_file.file_size, sha256 = store_file.sha256
  where f.id = file_id
  returning * into file;
  return file;
exception when unique_violation then
  -- The session already has the same bytes, or received them at the same time. Delete this row; its object goes with
  -- it.
  delete from public.chat_files f where f.id = file_id returning * into file;
  select * into file
  from public.chat_files f
  where f.session_id = file.session_id and f.sha256 = store_file.sha256 and f.status <> 'failed';
  if file.id is null then
    perform private.refuse(409, 'file_changed', 'The file was deleted during its upload. Upload the file again.');
  end if;
  return file;
end
$$;
comment on function private.store_file(uuid, bigint, text) is
  'Records that all bytes of a file are stored. Definer: private.check_file_size is not granted.';
grant execute on function private.store_file(uuid, bigint, text) to service_role;

create function public.store_file(file_id uuid, file_size bigint, sha256 text)
returns public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select private.store_file(file_id, file_size, sha256)
$$;
comment on function public.store_file(uuid, bigint, text) is
  'Service RPC of the files function: records that all bytes of a file are stored, and returns its row, now '
  'indexing. If the session already has the same bytes, returns that file''s row instead. Refuses with 413 a file '
  'that is too large.';
grant execute on function public.store_file(uuid, bigint, text) to service_role;

create function public.settle_file(file_id uuid, vector_store_id uuid default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set status = 'ready', error = null, vector_store_id = coalesce(settle_file.vector_store_id, f.vector_store_id)
  where f.id = file_id and f.status = 'indexing'
$$;
comment on function public.settle_file(uuid, uuid) is
  'Service RPC: OpenAI has processed the file, so turns may use it.';
grant execute on function public.settle_file(uuid, uuid) to service_role;

create function public.fail_file(file_id uuid, error jsonb)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set status = 'failed', error = fail_file.error, openai_file_id = null, vector_store_id = null
  where f.id = file_id
    -- A ready file fails only if OpenAI has lost it and Storage now holds different bytes.
    and (f.status in ('pending', 'indexing') or f.status = 'ready' and fail_file.error ->> 'code' = 'content_changed')
$$;
comment on function public.fail_file(uuid, jsonb) is
  'Service RPC: marks a file as failed, with the reason {code, message}. Its copies at OpenAI go to the outbox for '
  'deletion.';
grant execute on function public.fail_file(uuid, jsonb) to service_role;

create function public.delete_file(auth_user_id uuid, file_id uuid)
returns uuid
language plpgsql
security invoker
set search_path = ''
as $$
declare
  owner_id uuid;
begin
  delete from public.chat_files f
  using public.profiles p
  where f.id = file_id and p.id = f.user_id and p.auth_id = auth_user_id
  returning f.user_id into owner_id;
  if not found then
    perform private.refuse(
      404, 'file_not_found',
      'This file does not exist or belongs to another user. Reload the list of files.'
    );
  end if;
  return owner_id;
end
$$;
comment on function public.delete_file(uuid, uuid) is
  'Service RPC of the files function: deletes the row at once; the outbox deletes remote copies. Returns the '
  'owner''s profile id. Refuses with 404 a file that is not the user''s.';
grant execute on function public.delete_file(uuid, uuid) to service_role;

create function public.claim_stale_files(max_count integer)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  -- updated_at serves as the lease: a second run claims other files, and the files of a crashed run become stale again.
  update public.chat_files f
  set updated_at = now()
  where f.id in (
    select s.id
    from public.chat_files s
    where s.status in ('pending', 'indexing') and s.updated_at < now() - interval '10 minutes'
    order by s.updated_at
    limit max_count
    for update skip locked
  )
  returning f.*
$$;
comment on function public.claim_stale_files(integer) is
  'Service RPC of the clean-up: claims files whose upload or indexing has made no progress for ten minutes. Each '
  'file goes to one caller.';
grant execute on function public.claim_stale_files(integer) to service_role;

create trigger chat_files_touch
  before update on public.chat_files
  for each row execute function private.touch_updated_at();

alter table public.chat_files enable row level security;

grant select on public.chat_files to authenticated;
grant select, insert, update, delete on public.chat_files to service_role;

create policy chat_files_select_own on public.chat_files
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- A session holds the same bytes only once. Bytes of a failed upload may be uploaded again.
create unique index chat_files_session_id_sha256_key on public.chat_files (session_id, sha256) where status <> 'failed';

-- Foreign keys, and the list of a session's files.
create index chat_files_session_id_user_id_idx on public.chat_files (session_id, user_id);
create index chat_files_message_id_idx on public.chat_files (message_id);

-- The clean-up: abandoned uploads.
create index chat_files_unfinished_updated_at_idx on public.chat_files (updated_at)
  where status in ('pending', 'indexing');

insert into storage.buckets (id, name, public, file_size_limit)
values ('chat-files', 'chat-files', false, 52428800)
on conflict (id) do update set public = excluded.public, file_size_limit = excluded.file_size_limit;

-- Users may neither update nor delete objects. An object stays equal to its row, and the outbox deletes it.
create policy chat_files_select_own_folder on storage.objects
  for select to authenticated
  using (
    bucket_id = 'chat-files'
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
  );

create policy chat_files_insert_own_folder on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'chat-files'
    and (select private.may_act())
    and (select private.is_safe_object_name(name))
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
  );
