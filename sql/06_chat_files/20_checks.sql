-- Checks of an upload: size, count, name and owner of the object.

create function private.max_file_bytes(profile_id uuid)
returns bigint
language plpgsql
stable
set search_path = ''
as $$
begin
  -- Storage itself does not check the size of a body that was sent without a length.
  return least(
    case when profile_id is not null then (private.plan_of(profile_id)).max_file_bytes end,
    (select b.file_size_limit from storage.buckets b where b.id = 'chat-files')
  );
end
$$;
comment on function private.max_file_bytes(uuid) is
  'The largest size of a file: the limit of the plan or of the bucket. Null when neither has one. A file of an '
  'assistant has no profile, so only the bucket limits it.';
grant execute on function private.max_file_bytes(uuid) to service_role;

create function private.check_file_size(profile_id uuid, file_size bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_bytes bigint := private.max_file_bytes(profile_id);
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
  'Refuses with 413 a file that is larger than the plan or the bucket allows.';
grant execute on function private.check_file_size(uuid, bigint) to service_role;

create function private.holds_object(file public.chat_files)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select file.status <> 'failed' or file.sha256 is not null
$$;
comment on function private.holds_object(public.chat_files) is
  'True if the object in Storage belongs to the file. The object of an upload that failed is deleted.';
grant execute on function private.holds_object(public.chat_files) to service_role;

create function private.check_file_count(profile_id uuid, session_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_files integer := (private.plan_of(profile_id)).max_session_files;
begin
  if (
    select count(*)
    from public.chat_files f
    where f.session_id = check_file_count.session_id
      and f.user_id = profile_id
      -- The bytes of a failed file stay in Storage until its row is deleted.
      and private.holds_object(f)
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
grant execute on function private.check_file_count(uuid, uuid) to service_role;

create function private.check_storage(profile_id uuid, added_files integer, added_bytes bigint)
returns void
language plpgsql
set search_path = ''
as $$
declare
  plan record;
  files bigint;
  bytes numeric;
begin
  -- Files of all chats count, so the profile is locked, and before its sessions.
  perform from public.profiles p where p.id = profile_id for no key update;
  select l.max_files, l.max_bytes into plan from private.plan_of(profile_id) as l;
  if num_nonnulls(plan.max_files, plan.max_bytes) = 0 then
    return;
  end if;
  select count(*), coalesce(sum(f.file_size), 0) into files, bytes
  from public.chat_files f
  where f.user_id = profile_id and private.holds_object(f);
  if files + added_files > plan.max_files or bytes + added_bytes > plan.max_bytes then
    perform private.refuse(
      402, 'storage_full',
      'Your files take as much room as your plan allows. Delete files or chats, or upgrade the plan.',
      jsonb_build_object('max_files', plan.max_files, 'max_bytes', plan.max_bytes, 'files', files, 'bytes', bytes)
    );
  end if;
end
$$;
comment on function private.check_storage(uuid, integer, bigint) is
  'Refuses with 402 files that the plan has no room for, in all chats of the user together. Locks the profile until '
  'the transaction ends.';
grant execute on function private.check_storage(uuid, integer, bigint) to service_role;

create function private.is_image(file public.chat_files)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select file.file_type like 'image/%'
$$;
comment on function private.is_image(public.chat_files) is
  'Tells whether a file is an image. The model sees images; file search reads all other files.';

create function private.is_safe_object_name(name text)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select bool_and(
    -- URL parsers drop white space at the ends and some control characters, so `a/.. ` also ends in `..`. Some servers
    -- cut a segment at `;`, so `..;` also counts as `..`.
    form !~ '(^|/)\s*\.{0,2}\s*(;[^/]*)?(/|$)' and form !~ '[?#%\\[:cntrl:]\u0080-\u009f]'
  )
  -- Some systems compose or simplify characters, so the full-width dots in `．．` may become `..`.
  from unnest(array[name, normalize(name, nfkc)]) as form
$$;
comment on function private.is_safe_object_name(text) is
  'Tells whether a URL that contains the object''s name leads to that object. Refuses empty, `.` and `..` segments, '
  '`?`, `#`, `%`, backslashes and control characters, also in the simplified form of the name (NFKC).';
grant execute on function private.is_safe_object_name(text) to authenticated;

create function private.require_own_object(profile_id uuid, storage_path text, assistant_slug text default null)
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
      'This name has an empty, blank or dotted segment, or a forbidden character. Use another name.'
    );
  end if;
  if size is null or not starts_with(storage_path, profile_id || '/') then
    perform private.refuse(
      404, 'object_not_found',
      'This object does not exist in your folder of the bucket chat-files. Upload the object there first.'
    );
  end if;
  perform private.check_file_size(case when assistant_slug is null then profile_id end, size);
end
$$;
comment on function private.require_own_object(uuid, text, text) is
  'Refuses an object with 404 if it does not exist, is not in the profile''s folder, or has an unsafe name. Refuses '
  'with 413 an object that is too large. The plan of an admin does not limit a file of an assistant.';

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
