-- The steps of an upload, each a service RPC.

create function private.registered_file(profile_id uuid, session_id uuid, assistant_slug text, uploaded_as text)
returns public.chat_files
language plpgsql
stable
set search_path = ''
as $$
declare
  file public.chat_files;
begin
  select * into file
  from public.chat_files f
  where f.uploaded_as = registered_file.uploaded_as
    -- Only the user puts objects into this folder. A file of an assistant does not name its admin.
    and starts_with(f.uploaded_as, profile_id || '/')
  order by f.created_at desc
  limit 1;
  -- Registration moves the object. An object that is there again is a new upload.
  if file.id is null or file.status <> 'pending' and exists (
    select from storage.objects o where o.bucket_id = 'chat-files' and o.name = registered_file.uploaded_as
  ) then
    return null;
  end if;
  if file.session_id is distinct from registered_file.session_id
    or file.assistant_slug is distinct from registered_file.assistant_slug then
    perform private.refuse(
      409, 'object_in_use',
      'This object is already a file of another chat or assistant. Upload the file again for this one.'
    );
  end if;
  return file;
end
$$;
comment on function private.registered_file(uuid, uuid, text, text) is
  'The file that an object of the user has become, or is becoming. Null if it was not registered. Refuses with 409 '
  'a file of another session or assistant.';

create function private.open_upload(auth_user_id uuid, session_id uuid, storage_path text, assistant_slug text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  file public.chat_files;
begin
  perform private.require_active(profile.id);
  if assistant_slug is not null then
    perform private.require_assistant(assistant_slug, profile);
  end if;
  if storage_path is not null then
    file := private.registered_file(profile.id, session_id, assistant_slug, storage_path);
    if file.id is null then
      perform private.require_own_object(profile.id, storage_path, assistant_slug);
    end if;
  end if;
  return jsonb_build_object(
    'profile_id', profile.id,
    'folder', case when assistant_slug is null then profile.id::text else 'assistants' end,
    'max_bytes', private.max_file_bytes(case when assistant_slug is null then profile.id end),
    'file', case when file.id is not null then to_jsonb(file) end
  );
end
$$;
comment on function private.open_upload(uuid, uuid, text, text) is
  'Returns the folder of an upload and its size limit. Refuses an object that may not be registered. Definer: '
  'private.ensure_profile is not granted.';
grant execute on function private.open_upload(uuid, uuid, text, text) to service_role;

create function public.open_upload(auth_user_id uuid, session_id uuid default null, storage_path text default null,
  assistant_slug text default null)
returns jsonb
language sql
security invoker
set search_path = ''
as $$
  select private.open_upload(auth_user_id, session_id, storage_path, assistant_slug)
$$;
comment on function public.open_upload(uuid, uuid, text, text) is
  'Service RPC of the files function: {profile_id, folder, max_bytes, file}. Refuses with 403 an account that may not '
  'act. With assistant_slug, refuses with 403 who is not an admin, and with 404 an assistant that does not exist. '
  'With storage_path, refuses with 404 or 413 an object that may not be registered, before the function reads it. '
  'file is the row if the object was registered before, else null.';
grant execute on function public.open_upload(uuid, uuid, text, text) to service_role;

create function private.create_file(auth_user_id uuid, file_id uuid, file_name text, file_type text,
  storage_path text, session_id uuid, assistant_slug text, message_id text, is_stored boolean, uploaded_as text)
returns public.chat_files
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  session public.chat_sessions;
  file public.chat_files;
begin
  if assistant_slug is not null then
    perform private.require_active(profile.id);
    perform private.require_assistant(assistant_slug, profile);
  else
    -- A full account is told so before its bytes arrive. It locks the profile, so it comes before the session.
    perform private.check_storage(profile.id, 1, 1);
    session := private.session_for_turn(session_id, profile.id);
  end if;
  if uploaded_as is not null then
    file := private.registered_file(profile.id, session.id, assistant_slug, uploaded_as);
    if file.id is not null then
      return file;
    end if;
    perform private.require_own_object(profile.id, uploaded_as, assistant_slug);
  elsif is_stored then
    perform private.require_own_object(profile.id, storage_path);
  end if;
  if assistant_slug is not null then
    perform private.check_assistant_file(assistant_slug, file_type);
  else
    perform private.check_file_count(profile.id, session.id);
    perform private.require_daily_rate('upload', profile.id, (private.limits()).uploads_per_day);
  end if;

  insert into public.chat_files
    (id, user_id, session_id, assistant_slug, message_id, file_name, file_type, storage_path, uploaded_as)
  values (file_id, session.user_id, session.id, create_file.assistant_slug,
    private.message_for_file(session.id, create_file.message_id), create_file.file_name, create_file.file_type,
    create_file.storage_path, create_file.uploaded_as)
  returning * into file;
  perform private.audit_file(profile, 'admin_add_file', file);
  return file;
end
$$;
comment on function
  private.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text) is
  'Creates the row of a file before its bytes are stored, after they are (is_stored), or of an object that the user '
  'has put into Storage (uploaded_as). Definer: private.session_for_turn is not granted.';
grant execute on function private.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text)
  to service_role;

create function public.create_file(auth_user_id uuid, file_id uuid, file_name text, file_type text, storage_path text,
  session_id uuid default null, assistant_slug text default null, message_id text default null,
  is_stored boolean default false, uploaded_as text default null)
returns public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select private.create_file(auth_user_id, file_id, file_name, file_type, storage_path, session_id, assistant_slug,
    message_id, is_stored, uploaded_as)
$$;
comment on function public.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text) is
  'Service RPC of the files function: checks the upload and creates a pending row. The file belongs to the session or, '
  'if an admin adds it, to the assistant. With uploaded_as, the caller then moves that object to storage_path. If the '
  'object is already registered there, returns the existing row.';
grant execute on function public.create_file(uuid, uuid, text, text, text, uuid, text, text, boolean, text)
  to service_role;

create function public.store_file(file_id uuid, file_size bigint, sha256 text)
returns public.chat_files
language plpgsql
security invoker
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
  if file.user_id is not null then
    -- The pending row counts as a file already, and has no size yet.
    perform private.check_storage(file.user_id, 0, store_file.file_size);
  end if;

  update public.chat_files f
  set status = 'indexing', file_size = store_file.file_size, sha256 = store_file.sha256,
      indexing_since = now(), retry_at = now() + interval '10 minutes'
  where f.id = file_id
  returning * into file;
  return file;
exception when unique_violation then
  -- The collection already has the same bytes, or received them at the same time. Deleting this row also puts its
  -- object into the outbox. A file that the model makes again belongs to the newer reply, which may replace the older.
  delete from public.chat_files f where f.id = file_id returning * into file;
  update public.chat_files f
  set message_id = case when file.origin = 'assistant' and f.origin = 'assistant' then file.message_id
    else f.message_id end
  where (f.session_id = file.session_id or f.assistant_slug = file.assistant_slug)
    and f.sha256 = store_file.sha256 and f.status <> 'failed'
  returning * into file;
  if file.id is null then
    perform private.refuse(404, 'file_not_found', 'The file was deleted during its upload. Upload the file again.');
  end if;
  return file;
end
$$;
comment on function public.store_file(uuid, bigint, text) is
  'Service RPC of the files function: records that all bytes of a file are stored, and returns its row, now '
  'indexing. If the session or assistant already has the same bytes, returns that file''s row instead. Refuses with '
  '413 a file that is too large.';
grant execute on function public.store_file(uuid, bigint, text) to service_role;

create function public.settle_file(file_id uuid, vector_store_id uuid default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set status = 'ready', error = null, retry_at = null,
      vector_store_id = coalesce(settle_file.vector_store_id, f.vector_store_id)
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
  set error = fail_file.error, openai_file_id = null, vector_store_id = null, retry_at = null,
      -- The user has no other copy of a file that the model made, so a stored one stays.
      status = case
        when f.origin = 'assistant' and f.status <> 'pending' and fail_file.error ->> 'code' <> 'file_changed'
          then 'ready'
        else 'failed'
      end
  where f.id = file_id
    -- A ready file fails only while its store is made again: if OpenAI cannot read the file any more, or has lost it
    -- and Storage now holds different bytes. An attempt that ended late does not fail it.
    and (
      f.status in ('pending', 'indexing')
      or f.status = 'ready' and fail_file.error ->> 'code' not in ('upload_interrupted', 'indexing_timeout')
    )
$$;
comment on function public.fail_file(uuid, jsonb) is
  'Service RPC: marks a file as failed, with the reason {code, message}. Its copies at OpenAI go to the outbox for '
  'deletion, and the bytes in Storage stay. A stored file that the model made becomes ready instead, without a copy '
  'at OpenAI.';
grant execute on function public.fail_file(uuid, jsonb) to service_role;

create function public.delay_file(file_id uuid, claimed_until timestamptz, seconds double precision,
  error jsonb default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set retry_at = now() + make_interval(secs => seconds), error = coalesce(delay_file.error, f.error)
  where f.id = file_id and f.status = 'indexing' and f.retry_at = claimed_until
$$;
comment on function public.delay_file(uuid, timestamptz, double precision, jsonb) is
  'Service RPC: ends an attempt to index a file, and schedules the next one. claimed_until is the retry_at of the '
  'claim; without that claim, nothing changes. error {code, message} says why the attempt failed.';
grant execute on function public.delay_file(uuid, timestamptz, double precision, jsonb) to service_role;

create function public.reindex_file(file_id uuid, error jsonb default null)
returns void
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set status = 'indexing', error = reindex_file.error, vector_store_id = null, indexing_since = now(),
      retry_at = now() + interval '5 seconds'
  where f.id = file_id and f.status = 'ready'
$$;
comment on function public.reindex_file(uuid, jsonb) is
  'Service RPC: OpenAI does not search this ready file in a new store, because it still reads the file, or has failed '
  '(error). The clean-up continues.';
grant execute on function public.reindex_file(uuid, jsonb) to service_role;

create function public.claim_stale_files(max_count integer)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set retry_at = now() + interval '10 minutes'
  where f.id in (
    select s.id
    from public.chat_files s
    where s.status in ('pending', 'indexing') and s.retry_at <= now()
    order by s.retry_at
    limit max_count
    for update skip locked
  )
  returning f.*
$$;
comment on function public.claim_stale_files(integer) is
  'Service RPC of the clean-up: claims files whose next attempt is due, or whose function has died, for ten minutes. '
  'Each file goes to one caller.';
grant execute on function public.claim_stale_files(integer) to service_role;

create function public.claim_file(file_id uuid)
returns setof public.chat_files
language sql
security invoker
set search_path = ''
as $$
  update public.chat_files f
  set retry_at = now() + interval '10 minutes'
  where f.id = file_id and f.status = 'indexing' and f.retry_at <= now()
  returning f.*
$$;
comment on function public.claim_file(uuid) is
  'Service RPC: claims a file for its next attempt, for ten minutes. Returns no row if the attempt is not due, or '
  'another caller has it.';
grant execute on function public.claim_file(uuid) to service_role;
