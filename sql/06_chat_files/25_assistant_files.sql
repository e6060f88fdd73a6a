-- Files of assistants: admins add, retry and delete them, and every user of the assistant searches them.

create function private.is_active_admin(profile public.profiles)
returns boolean
language sql
immutable
set search_path = ''
as $$
  select profile.role = 'admin' and profile.is_active and not profile.is_deleted
$$;
comment on function private.is_active_admin(public.profiles) is 'True for an admin who may act.';

create function private.require_assistant(slug text, profile public.profiles)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if private.is_active_admin(profile) is not true then
    perform private.refuse(403, 'not_allowed', 'Only admins of this service can do this. Ask an admin to do it.');
  end if;
  -- The lock lets one transaction at a time count the files of an assistant.
  perform from public.assistants a where a.slug = require_assistant.slug for no key update;
  if not found then
    perform private.refuse(
      404, 'assistant_not_found',
      'This assistant does not exist. Check its slug in the list of assistants.'
    );
  end if;
end
$$;
comment on function private.require_assistant(text, public.profiles) is
  'Locks an assistant whose files are changed. Refuses with 403 a profile that is not an admin''s, and with 404 an '
  'assistant that does not exist. An assistant that is switched off can have files.';

create function private.check_assistant_file(slug text, file_type text)
returns void
language plpgsql
stable
set search_path = ''
as $$
declare
  max_files integer := (select a.max_files from public.assistants a where a.slug = check_assistant_file.slug);
begin
  if file_type like 'image/%' then
    perform private.refuse(
      415, 'image_not_searched',
      'The files of an assistant are searched, and an image cannot be searched. Upload a document or a text.'
    );
  end if;
  if (
    select count(*) from public.chat_files f where f.assistant_slug = slug and private.holds_object(f)
  ) >= max_files then
    perform private.refuse(
      409, 'assistant_file_limit_reached',
      'This assistant has as many files as its max_files allows. Delete one of its files, or raise max_files.',
      jsonb_build_object('max_files', max_files)
    );
  end if;
end
$$;
comment on function private.check_assistant_file(text, text) is
  'Refuses with 415 an image, and with 409 a file when the assistant has as many as it may. Called under the '
  'assistant''s row lock.';

create function private.audit_file(profile public.profiles, action text, file public.chat_files)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- The files function calls it for the admin, so the address of the request is not the admin's.
  insert into public.audit_logs (admin_id, action, details)
  select profile.id, audit_file.action,
    jsonb_build_object('assistant_slug', file.assistant_slug, 'file_id', file.id, 'file_name', file.file_name)
  where file.assistant_slug is not null;
end
$$;
comment on function private.audit_file(public.profiles, text, public.chat_files) is
  'Writes a change of an assistant''s file into the audit log. Does nothing for a file of a session.';

create function private.file_of_caller(profile public.profiles, file_id uuid)
returns public.chat_files
language plpgsql
set search_path = ''
as $$
declare
  file public.chat_files;
begin
  select * into file
  from public.chat_files f
  where f.id = file_id
    and (f.user_id = profile.id or (f.assistant_slug is not null and private.is_active_admin(profile)))
  for update;
  if file.id is null then
    perform private.refuse(
      404, 'file_not_found',
      'This file does not exist or belongs to another user. Reload the list of files.'
    );
  end if;
  return file;
end
$$;
comment on function private.file_of_caller(public.profiles, uuid) is
  'Locks a file that the profile may change: one of its own, or for an admin also one of an assistant. Refuses any '
  'other file with 404.';

-- A foreign key would make the table a second relationship between chats and assistants. Then a client could not embed
-- the assistant of a chat without naming the relationship.
create function private.follow_assistant()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    delete from public.chat_files f where f.assistant_slug = old.slug;
    delete from public.vector_stores v where v.assistant_slug = old.slug;
  else
    update public.chat_files f set assistant_slug = new.slug where f.assistant_slug = old.slug;
    update public.vector_stores v set assistant_slug = new.slug where v.assistant_slug = old.slug;
  end if;
  return null;
end
$$;
comment on function private.follow_assistant() is
  'Trigger: deletes the files and the store of an assistant with it, and keeps them when its slug changes. Definer: '
  'an operator who may change assistants may not write files.';

create trigger assistants_follow_on_delete
  after delete on public.assistants
  for each row execute function private.follow_assistant();
create trigger assistants_follow_on_rename
  after update of slug on public.assistants
  for each row when (old.slug is distinct from new.slug)
  execute function private.follow_assistant();
