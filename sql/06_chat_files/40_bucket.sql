-- The private bucket that holds the bytes of files, and its policies.

-- The types of the files that Parley accepts, and what browsers and storage-js call them. SVG and XML are missing,
-- because a browser would run their scripts on the origin of the API. Storage serves HTML as text. Storage compares
-- types exactly, with their parameters: https://github.com/supabase/storage/blob/master/src/storage/uploader.ts
insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types)
values ('chat-files', 'chat-files', false, 52428800, array[
  'application/csv', 'application/javascript', 'application/json', 'application/msword', 'application/octet-stream',
  'application/pdf', 'application/rtf', 'application/typescript', 'application/vnd.ms-excel',
  'application/vnd.oasis.opendocument.spreadsheet', 'application/vnd.oasis.opendocument.text',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document', 'application/x-httpd-php',
  'application/x-javascript', 'application/x-php', 'application/x-ruby', 'application/x-sh',
  'application/x-shellscript', 'application/x-tex', 'application/x-zip-compressed', 'application/zip', 'image/gif',
  'image/jpeg', 'image/png', 'image/webp', 'text/css', 'text/csv', 'text/html', 'text/javascript', 'text/markdown',
  'text/plain', 'text/plain; charset=utf-8', 'text/plain;charset=UTF-8', 'text/plain;charset=utf-8', 'text/rtf',
  'text/tab-separated-values', 'text/x-c', 'text/x-c++', 'text/x-c++src', 'text/x-csharp', 'text/x-csrc',
  'text/x-golang', 'text/x-java', 'text/x-markdown', 'text/x-php', 'text/x-python', 'text/x-python-script',
  'text/x-ruby', 'text/x-sh', 'text/x-tex', 'video/mp2t'
])
on conflict (id) do update
set public = excluded.public, file_size_limit = excluded.file_size_limit,
    allowed_mime_types = excluded.allowed_mime_types;

-- Users may neither update nor delete objects, and an object stays equal to its row: the outbox deletes it. A signed
-- upload address can replace an object that came after the address was made, so there must be none for the name of a
-- file. Names of files are random, and users may not upload to the name of a row.
create policy chat_files_select_own_folder on storage.objects
  for select to authenticated
  using (
    bucket_id = 'chat-files'
    -- A signed address outlives the token that asked for it.
    and (select private.current_sign_in()) is not null
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
  );

create policy chat_files_insert_own_folder on storage.objects
  for insert to authenticated
  with check (
    bucket_id = 'chat-files'
    and (select private.may_act())
    -- A copy may name any type, which Storage does not compare with the types of the bucket.
    and coalesce((select current_setting('storage.operation', true)), '') not like '%.copy'
    and (select private.is_safe_object_name(name))
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
    and not exists (select from public.chat_files f where f.storage_path = objects.name)
  );
