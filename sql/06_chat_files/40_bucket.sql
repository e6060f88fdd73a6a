-- The private bucket that holds the bytes of files, and its policies.

insert into storage.buckets (id, name, public, file_size_limit)
values ('chat-files', 'chat-files', false, 52428800)
on conflict (id) do update set public = excluded.public, file_size_limit = excluded.file_size_limit;

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
    and (select private.is_safe_object_name(name))
    and (storage.foldername(name))[1] = (select private.current_profile_id())::text
    and not exists (select from public.chat_files f where f.storage_path = objects.name)
  );
