-- The log of what users did, and its rate limits.

create function private.within_rate(bucket text, subject text, max_count integer, unit text default 'minute')
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- A single statement, so concurrent calls cannot exceed the limit.
  insert into private.rate_counters as c (bucket, subject, minute, count)
  select within_rate.bucket, within_rate.subject, date_trunc(unit, now(), 'UTC'), 1
  where max_count > 0
  on conflict on constraint rate_counters_pkey do update
  set count = case when excluded.minute > c.minute then 1 else c.count + 1 end,
      minute = greatest(c.minute, excluded.minute)
  where excluded.minute > c.minute or c.count < max_count;
  return found;
end
$$;
comment on function private.within_rate(text, text, integer, text) is
  'Counts one call in the current minute, hour or day (UTC); false if the limit is reached.';

create function private.require_rate(bucket text, profile_id uuid, max_count integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not private.within_rate(bucket, profile_id::text, max_count) then
    perform private.refuse(
      429, 'rate_limited',
      'Too many requests were made in a short time. Wait a minute and try again.',
      private.limit_detail('minute', max_count)
    );
  end if;
end
$$;
comment on function private.require_rate(text, uuid, integer) is
  'Counts one call of a profile in the current minute. Refuses with 429 when the limit is reached.';

create function private.require_small_object(data jsonb)
returns void
language plpgsql
immutable
set search_path = ''
as $$
begin
  if data is null or jsonb_typeof(data) <> 'object' then
    perform private.refuse(400, 'invalid_data', 'The data is not a JSON object. Send an object, such as {}.');
  end if;
  if octet_length(data::text) > 4096 then
    perform private.refuse(413, 'data_too_large', 'The data is larger than 4 KiB. Send less data.', '{"limit": 4096}');
  end if;
end
$$;
comment on function private.require_small_object(jsonb) is
  'Refuses with 400 a value that is not a JSON object, and with 413 an object of more than 4 KiB.';

create function private.parse_address(text)
returns inet
language plpgsql
immutable
set search_path = ''
as $$
begin
  return host(btrim($1)::inet)::inet;
exception when invalid_text_representation then
  return null;
end
$$;
comment on function private.parse_address(text) is
  'Reads an IP address without its network; null if the text is not an address.';
grant execute on function private.parse_address(text) to service_role;

create function private.request_address()
returns inet
language sql
stable
set search_path = ''
as $$
  select private.parse_address(split_part(
    nullif(current_setting('request.headers', true), '')::jsonb ->> 'x-forwarded-for', ',', 1
  ))
$$;
comment on function private.request_address() is 'The client''s address of this REST request, from x-forwarded-for.';

create function private.log_activity(profile_id uuid, action text, data jsonb default '{}')
returns void
language plpgsql
set search_path = ''
as $$
begin
  -- Skips an account that is being deleted. Its subscription may still end, and its login may sign in once more.
  insert into public.user_activity (user_id, action, data)
  select p.id, log_activity.action, log_activity.data
  from public.profiles p
  where p.id = profile_id
    and not p.is_deleted;
exception when others then
  raise warning 'activity % of % was not logged: %', action, profile_id, sqlerrm;
end
$$;
comment on function private.log_activity(uuid, text, jsonb) is
  'Logs an action of a user. A failure is only a warning, so that logging never makes the action fail. Called by the '
  'triggers that log activity.';

create function private.log_sign_in()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(p.id, 'signed_in') from public.profiles p where p.auth_id = new.id;
  return null;
exception when others then
  raise warning 'sign-in of % was not logged: %', new.id, sqlerrm;
  return null;
end
$$;
comment on function private.log_sign_in() is
  'Trigger on auth.users: logs a sign-in. Auth sets last_sign_in_at at every sign-in but not at a token refresh. '
  'Definer: the Auth service has no rights here.';

create function private.log_turn()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'turn_started', jsonb_build_object('session_id', new.session_id));
  return null;
end
$$;
comment on function private.log_turn() is
  'Trigger on chat_turns: logs that a turn began. Definer: the role that starts a turn cannot write the log.';

create function private.log_upload_activity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'file_uploaded',
    jsonb_build_object('file_id', new.id, 'session_id', new.session_id));
  return null;
end
$$;
comment on function private.log_upload_activity() is
  'Trigger: logs an upload as activity. Definer: private.log_activity is not granted.';

create function private.log_billing_activity()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  perform private.log_activity(new.user_id, 'subscription_changed',
    jsonb_build_object('subscription_id', new.id, 'status', new.status));
  return null;
end
$$;
comment on function private.log_billing_activity() is
  'Trigger: logs a new subscription or a change of its status as activity. Definer: private.log_activity is not '
  'granted.';

create function private.log_my_activity(action text, data jsonb)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  me uuid := private.current_profile_id();
begin
  perform private.require_can_act();
  if action is null or action !~ '^[a-z][a-z0-9_.:-]{0,63}$' then
    perform private.refuse(
      400, 'invalid_action',
      'The name of an action has up to 64 characters: a-z, 0-9 and _.:-, a letter first. Use another name.'
    );
  end if;
  perform private.require_small_object(data);
  perform private.require_rate('log_activity', me, (private.limits()).activity_per_minute);
  perform private.require_daily_rate('log_activity_day', me, (private.limits()).activity_per_day);
  insert into public.user_activity (user_id, action, data) values (me, log_my_activity.action, log_my_activity.data);
end
$$;
comment on function private.log_my_activity(text, jsonb) is
  'Logs an action of the caller. Definer: clients cannot write the log; the caller is taken from the token.';
grant execute on function private.log_my_activity(text, jsonb) to authenticated;

create function public.log_activity(action text, data jsonb default '{}')
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.log_my_activity(action, data)
$$;
comment on function public.log_activity(text, jsonb) is
  'Client RPC: logs an action of the caller. data is an object of at most 4 KiB. 429 after 60 calls in a minute or '
  '1,000 in a day.';
grant execute on function public.log_activity(text, jsonb) to authenticated;

create trigger parley_auth_user_signed_in
  after update on auth.users
  for each row when (new.last_sign_in_at is distinct from old.last_sign_in_at and new.last_sign_in_at is not null)
  execute function private.log_sign_in();

create trigger chat_turns_log_turn
  after insert on public.chat_turns
  for each row execute function private.log_turn();

create trigger chat_files_log_upload
  after insert on public.chat_files
  for each row when (new.origin = 'user' and new.user_id is not null)
  execute function private.log_upload_activity();

create trigger subscriptions_log_start
  after insert on public.subscriptions
  for each row when (new.user_id is not null)
  execute function private.log_billing_activity();

create trigger subscriptions_log_change
  after update of status on public.subscriptions
  for each row when (old.status is distinct from new.status and new.user_id is not null)
  execute function private.log_billing_activity();
