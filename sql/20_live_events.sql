-- Live events: what changed for a profile, sent to its clients by Realtime.
-- Source: https://supabase.com/docs/guides/realtime/broadcast#broadcast-from-the-database

create function private.announce(profile_id uuid, event text, payload jsonb)
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Nobody listens for a deleted account, and its deletion would send an event for each of its chats.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null
    or not exists (select from public.profiles p where p.id = profile_id and not p.is_deleted)
  then
    return;
  end if;
  -- Dynamic, because the schema realtime may not exist.
  execute 'select realtime.send($1, $2, $3, true)' using payload, event, 'user:' || profile_id;
exception when others then
  raise warning 'The live event % was not sent: %', event, sqlerrm;
end
$$;
comment on function private.announce(uuid, text, jsonb) is
  'Sends a live event to the private channel of a profile. Realtime keeps payloads for three days, so they hold ids, '
  'kinds and states only. Does nothing without Realtime. An error becomes a warning and never fails the transaction.';

create function private.announce_chat()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if tg_op = 'INSERT' then
    perform private.announce(new.user_id, 'chat_created', jsonb_build_object('session_id', new.id));
  elsif tg_op = 'DELETE' then
    perform private.announce(old.user_id, 'chat_deleted', jsonb_build_object('session_id', old.id));
  else
    perform private.announce(
      new.user_id, 'title_changed', jsonb_build_object('session_id', new.id, 'title_origin', new.title_origin)
    );
  end if;
  return null;
end
$$;
comment on function private.announce_chat() is
  'Trigger: announces a new or deleted chat, and a new title. Definer: no client may call private.announce.';

create function private.announce_message()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.announce(
    new.user_id,
    case when tg_op = 'INSERT' then 'message_created' else 'reply_settled' end,
    jsonb_build_object(
      'session_id', new.session_id, 'message_id', new.id, 'sender', new.sender, 'status', new.status
    )
  );
  return null;
end
$$;
comment on function private.announce_message() is
  'Trigger: announces a new message and the end of a reply. Definer: no client may call private.announce.';

create function private.announce_file()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.announce(
    new.user_id, 'file_changed',
    jsonb_build_object('file_id', new.id, 'session_id', new.session_id, 'origin', new.origin, 'status', new.status)
  );
  return null;
end
$$;
comment on function private.announce_file() is
  'Trigger: announces a new file and each new status of a file. Definer: no client may call private.announce.';

create function private.announce_usage()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.announce(new.id, 'usage_changed', '{}');
  return null;
end
$$;
comment on function private.announce_usage() is
  'Trigger: announces that get_my_usage returns something else, because a message was charged or refunded, or the '
  'plan or the credits changed. Definer: no client may call private.announce.';

create function private.allow_live_events()
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  if to_regclass('realtime.messages') is null then
    return false;
  end if;
  if not exists (
    select from pg_policies
    where schemaname = 'realtime' and tablename = 'messages' and policyname = 'parley_messages_select_own'
  ) then
    create policy parley_messages_select_own on realtime.messages
      for select to authenticated
      using (
        extension = 'broadcast'
        and (select realtime.topic()) = 'user:' || (select private.current_profile_id())::text
        and (select private.current_sign_in()) is not null
      );
  end if;
  return true;
exception when insufficient_privilege then
  return false;
end
$$;
comment on function private.allow_live_events() is
  'Creates the policy that lets users join their own channel while their sign-in lasts. There is no policy for '
  'inserts, so Realtime refuses broadcasts of clients. Returns false if Realtime has no tables yet or the caller may '
  'not create the policy. Repeating the call changes nothing.';

create trigger chat_sessions_announce
  after insert or delete on public.chat_sessions
  for each row execute function private.announce_chat();
create trigger chat_sessions_announce_title
  after update of title on public.chat_sessions
  for each row when (old.title is distinct from new.title)
  execute function private.announce_chat();

create trigger chat_messages_announce
  after insert on public.chat_messages
  for each row execute function private.announce_message();
create trigger chat_messages_announce_settled
  after update of status on public.chat_messages
  for each row when (old.status = 'streaming' and new.status <> 'streaming')
  execute function private.announce_message();

create trigger chat_files_announce
  after insert on public.chat_files
  for each row when (new.user_id is not null)
  execute function private.announce_file();
create trigger chat_files_announce_status
  after update of status on public.chat_files
  for each row when (new.user_id is not null and old.status <> new.status)
  execute function private.announce_file();

-- Changes of the quota are not announced: an admin who edits a plan changes it for every profile of the plan.
create trigger profiles_announce_usage
  after update of subscription_usage, tokens, subscription_plan on public.profiles
  for each row when (
    old.subscription_usage <> new.subscription_usage
    or old.tokens <> new.tokens
    or old.subscription_plan <> new.subscription_plan
  )
  execute function private.announce_usage();

do $$
begin
  if not private.allow_live_events() then
    raise notice 'No live events yet. When Realtime runs, call private.allow_live_events() in the SQL editor.';
  end if;
end
$$;
