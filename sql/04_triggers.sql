-- Triggers: from auth.users to profiles, the order of messages, and the activity of sessions.

create trigger parley_auth_user_created
  after insert on auth.users
  for each row execute function private.handle_auth_user_created();

create trigger parley_auth_user_updated
  after update on auth.users
  for each row
  when (
    old.email is distinct from new.email
    or old.email_confirmed_at is distinct from new.email_confirmed_at
    or old.phone is distinct from new.phone
    or old.phone_confirmed_at is distinct from new.phone_confirmed_at
    or old.is_anonymous is distinct from new.is_anonymous
    or old.raw_app_meta_data::text is distinct from new.raw_app_meta_data::text
  )
  execute function private.handle_auth_user_updated();

create function private.assign_message_seq()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  perform from public.chat_sessions s where s.id = new.session_id for no key update;
  new.seq := coalesce(
    (select max(m.seq) from public.chat_messages m where m.session_id = new.session_id and m.user_id = new.user_id), 0
  ) + 1;
  return new;
end
$$;
comment on function private.assign_message_seq() is
  'Trigger: gives a message the next seq of its session. It holds the session''s row lock, so concurrent writers '
  'queue.';

create trigger chat_messages_assign_seq
  before insert on public.chat_messages
  for each row when (new.seq is null)
  execute function private.assign_message_seq();

create function private.count_inserted_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set message_count = s.message_count + i.messages,
      updated_at = now()
  from (select session_id, count(*) as messages from inserted group by session_id) i
  where s.id = i.session_id;
  return null;
end
$$;
comment on function private.count_inserted_messages() is
  'Trigger: adds new messages to the count of their session and sets updated_at, by which the list of chats is '
  'sorted. Definer: no client may write message_count.';

create function private.count_deleted_messages()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  update public.chat_sessions s
  set message_count = s.message_count - d.messages
  from (select session_id, count(*) as messages from deleted group by session_id) d
  where s.id = d.session_id;
  return null;
end
$$;
comment on function private.count_deleted_messages() is
  'Trigger: subtracts deleted messages from the count of their session. Definer: the trigger also runs for the '
  'client that deletes a session.';

create trigger chat_messages_count_inserted
  after insert on public.chat_messages
  referencing new table as inserted
  for each statement execute function private.count_inserted_messages();

create trigger chat_messages_count_deleted
  after delete on public.chat_messages
  referencing old table as deleted
  for each statement execute function private.count_deleted_messages();
