-- Files that the model made in a turn.

create function public.create_made_file(turn_id uuid, file_id uuid, file_name text, file_type text, storage_path text,
  file_size bigint default null)
returns public.chat_files
language plpgsql
security invoker
set search_path = ''
as $$
declare
  turn public.chat_turns;
  file public.chat_files;
begin
  -- The profile is locked before the session. The turn may have ended until the session is locked.
  select * into turn from public.chat_turns t where t.id = turn_id;
  perform from public.profiles p where p.id = turn.user_id for no key update;
  perform private.lock_session_of(turn_id);
  select * into turn from public.chat_turns t where t.id = turn_id;
  select * into file from public.chat_files f where f.id = file_id and f.session_id = turn.session_id;
  if file.id is not null and file.status <> 'failed' then
    return file;
  end if;
  if turn.status is distinct from 'active' then
    perform private.refuse(
      404, 'file_not_found',
      'The reply has ended or its chat was deleted, so its file is not stored. Reload the chat.'
    );
  end if;
  perform private.check_file_size(turn.user_id, create_made_file.file_size);
  perform private.check_file_count(turn.user_id, turn.session_id);
  perform private.check_storage(turn.user_id, 1, coalesce(create_made_file.file_size, 1));

  insert into public.chat_files as f (id, user_id, session_id, message_id, file_name, file_type, storage_path, origin)
  values (file_id, turn.user_id, turn.session_id, turn.assistant_message_id, create_made_file.file_name,
    create_made_file.file_type, create_made_file.storage_path, 'assistant')
  -- An attempt that the clean-up gave up. Its object goes to the outbox, so the new one has another path.
  on conflict (id) do update
  set status = 'pending', error = null, retry_at = now() + interval '10 minutes',
      storage_path = create_made_file.storage_path
  where f.status = 'failed'
  returning * into file;
  return file;
end
$$;
comment on function public.create_made_file(uuid, uuid, text, text, text, bigint) is
  'Service RPC: creates the pending row of a file that the model made in a turn, before its bytes are stored. '
  'file_size is null while it is not known. Returns the existing row when another process stores the file too. '
  'Refuses as an upload does, and with 404 when the turn has ended.';
grant execute on function public.create_made_file(uuid, uuid, text, text, text, bigint) to service_role;

create function private.delete_made_files()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  delete from public.chat_files f
  where f.message_id = old.id
    and f.origin = 'assistant'
    and not exists (
      select from public.chat_messages m
      where m.session_id = old.session_id
        and m.id <> old.id
        and m.has_files
        -- As ids, because a client may write an id in capitals.
        and f.id = any (private.part_file_ids(m.parts))
    );
  return old;
end
$$;
comment on function private.delete_made_files() is
  'Trigger: deletes the files that the model made in a reply with the reply, unless another message names them. '
  'Definer: the user who deletes a chat may not delete files.';

create trigger chat_messages_delete_made_files
  before delete on public.chat_messages
  for each row when (old.sender = 'assistant')
  execute function private.delete_made_files();
