-- Changes of files that exist: indexing again, and deletion.

create function private.retry_file(auth_user_id uuid, file_id uuid)
returns public.chat_files
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles := private.ensure_profile(auth_user_id);
  file public.chat_files;
begin
  perform private.require_active(profile.id);
  file := private.file_of_caller(profile, file_id);
  if file.status in ('pending', 'indexing') or file.error is null then
    perform private.refuse(
      409, 'file_not_failed',
      'This file has not failed, so there is nothing to try again. Reload the list of files.'
    );
  elsif file.sha256 is null then
    perform private.refuse(
      409, 'file_not_stored',
      'The upload of this file did not reach its end. Upload the file again.'
    );
  end if;
  perform private.require_daily_rate('upload', profile.id, (private.limits()).uploads_per_day);
  update public.chat_files f
  set status = 'indexing', error = null, indexing_since = now(), retry_at = now() + interval '10 minutes'
  where f.id = file_id
  returning * into file;
  perform private.audit_file(profile, 'admin_retry_file', file);
  return file;
exception when unique_violation then
  perform private.refuse(
    409, 'file_exists',
    'This chat or assistant has another file with the same content. Use that file, and delete this one.'
  );
  return null;
end
$$;
comment on function private.retry_file(uuid, uuid) is
  'Starts indexing a failed file again. Definer: private.ensure_profile is not granted.';
grant execute on function private.retry_file(uuid, uuid) to service_role;

create function public.retry_file(auth_user_id uuid, file_id uuid)
returns public.chat_files
language sql
security invoker
set search_path = ''
as $$
  select private.retry_file(auth_user_id, file_id)
$$;
comment on function public.retry_file(uuid, uuid) is
  'Service RPC of the files function: starts indexing a failed file again, from the bytes in Storage. Returns the row, '
  'now indexing. Refuses with 404 a file that is not the user''s, and with 409 a file that has not failed, whose '
  'bytes were never stored, or whose content another file of the session or assistant has.';
grant execute on function public.retry_file(uuid, uuid) to service_role;

create function private.delete_file(auth_user_id uuid, file_id uuid)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
  profile public.profiles;
  file public.chat_files;
begin
  perform private.require_named_sign_in(auth_user_id);
  select * into profile from public.profiles p where p.auth_id = auth_user_id;
  file := private.file_of_caller(profile, file_id);
  delete from public.chat_files f where f.id = file.id;
  perform private.audit_file(profile, 'admin_delete_file', file);
  return profile.id;
end
$$;
comment on function private.delete_file(uuid, uuid) is
  'Deletes a file. Definer: the audit log is closed to all roles.';
grant execute on function private.delete_file(uuid, uuid) to service_role;

create function public.delete_file(auth_user_id uuid, file_id uuid)
returns uuid
language sql
security invoker
set search_path = ''
as $$
  select private.delete_file(auth_user_id, file_id)
$$;
comment on function public.delete_file(uuid, uuid) is
  'Service RPC of the files function: deletes the row at once; the outbox deletes remote copies. Returns the caller''s '
  'profile id. Refuses with 404 a file that is not the user''s, unless an admin deletes a file of an assistant.';
grant execute on function public.delete_file(uuid, uuid) to service_role;
