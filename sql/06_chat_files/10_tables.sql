-- Files of sessions and assistants: the table, and who may read it.

create table public.chat_files (
  id uuid primary key default gen_random_uuid(),
  user_id uuid,
  session_id uuid,
  assistant_slug text,
  message_id uuid,
  file_name text not null,
  file_size bigint,
  file_type text not null,
  storage_path text not null,
  uploaded_as text,
  sha256 text,
  openai_file_id text,
  vector_store_id uuid,
  origin text not null default 'user',
  status text not null default 'pending',
  error jsonb,
  indexing_since timestamptz not null default now(),
  retry_at timestamptz default now() + interval '10 minutes',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint chat_files_session_id_user_id_fkey foreign key (session_id, user_id)
    references public.chat_sessions (id, user_id) on delete cascade,
  constraint chat_files_message_id_fkey foreign key (message_id)
    references public.chat_messages (id) on delete set null,
  constraint chat_files_storage_path_key unique (storage_path),
  constraint chat_files_openai_file_id_key unique (openai_file_id),
  constraint chat_files_collection_check check (num_nonnulls(session_id, assistant_slug) = 1),
  -- Without it, the foreign key would not check a session that has no user here.
  constraint chat_files_user_id_check check ((user_id is null) = (session_id is null)),
  constraint chat_files_file_name_check check (char_length(file_name) between 1 and 255),
  constraint chat_files_file_type_check check (char_length(file_type) <= 255),
  constraint chat_files_file_size_check check (file_size > 0),
  constraint chat_files_sha256_check check (sha256 ~ '^[0-9a-f]{64}$'),
  constraint chat_files_origin_check check (origin in ('user', 'assistant')),
  constraint chat_files_status_check check (status in ('pending', 'indexing', 'ready', 'failed')),
  constraint chat_files_stored_check check (status in ('pending', 'failed') or num_nulls(sha256, file_size) = 0)
);

comment on table public.chat_files is
  'The files of sessions and assistants: uploads of users and admins, and files that the model made. Only functions '
  'write them.';
comment on column public.chat_files.user_id is 'The user of the session. Null for a file of an assistant.';
comment on column public.chat_files.session_id is 'The session of the file. Null for a file of an assistant.';
comment on column public.chat_files.assistant_slug is
  'The assistant whose file it is: an admin uploaded it, and every turn with the assistant can search it. Null for a '
  'file of a session.';
comment on column public.chat_files.message_id is
  'The first message that named the file, or the reply in which the model made it.';
comment on column public.chat_files.origin is
  'user: an upload. assistant: the model made it, as an image or with the code interpreter.';
comment on column public.chat_files.file_name is 'The name that the user knows. It is never part of a path.';
comment on column public.chat_files.file_type is
  'Media type, detected from the content. The model sees files of type image/*; all other files are searched.';
comment on column public.chat_files.storage_path is 'The name of the object in the bucket chat-files.';
comment on column public.chat_files.uploaded_as is
  'The name of the object that the user put into Storage and registered. Its registration moved it to storage_path. '
  'Null for other files.';
comment on column public.chat_files.sha256 is 'Hash of the bytes. Null until all bytes are stored.';
comment on column public.chat_files.vector_store_id is
  'The vector store of the session or assistant, once the file is attached to it.';
comment on column public.chat_files.status is
  'pending: the bytes are being uploaded. indexing: stored, but not searchable yet. ready: usable in turns; a file of '
  'the assistant without openai_file_id can only be downloaded. failed: error says why. The stored bytes stay.';
comment on column public.chat_files.error is
  'Why the file failed, why its last attempt while indexing failed, or why the model cannot use a ready file of the '
  'assistant: code and message.';
comment on column public.chat_files.indexing_since is
  'When indexing began. A file that OpenAI has not read an hour later fails.';
comment on column public.chat_files.retry_at is
  'pending or indexing: when the clean-up may continue the upload or the indexing. A claim moves it into the future; '
  'that is the lease.';

create trigger chat_files_touch
  before update on public.chat_files
  for each row execute function private.touch_updated_at();

alter table public.chat_files enable row level security;

grant select on public.chat_files to authenticated;
grant select, insert, update, delete on public.chat_files to service_role;

create policy chat_files_select_own on public.chat_files
  for select to authenticated
  using (user_id = (select private.current_profile_id()));

-- A session or assistant holds the same bytes only once. Bytes of a failed upload may be uploaded again.
create unique index chat_files_session_id_sha256_key on public.chat_files (session_id, sha256) where status <> 'failed';
create unique index chat_files_assistant_slug_sha256_key on public.chat_files (assistant_slug, sha256)
  where status <> 'failed';

-- Foreign keys, and the list of the files of a session or assistant.
create index chat_files_session_id_user_id_idx on public.chat_files (session_id, user_id);
create index chat_files_assistant_slug_idx on public.chat_files (assistant_slug);
create index chat_files_message_id_idx on public.chat_files (message_id);

-- Limits by user, and an object that is registered again.
create index chat_files_user_id_idx on public.chat_files (user_id);
create index chat_files_uploaded_as_idx on public.chat_files (uploaded_as) where uploaded_as is not null;

-- The clean-up: abandoned uploads, and files whose next attempt is due.
create index chat_files_unfinished_retry_at_idx on public.chat_files (retry_at)
  where status in ('pending', 'indexing');
