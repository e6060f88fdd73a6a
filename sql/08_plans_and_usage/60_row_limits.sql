-- Limits of rows: the limits that are the same for all plans, and the triggers that refuse a row beyond a limit.

create table private.limit_policy (
  is_only boolean primary key default true,
  max_lookouts integer not null default 200,
  max_unregistered_objects integer not null default 100,
  max_invitations integer not null default 100,
  uploads_per_day integer not null default 2000,
  lookouts_per_day integer not null default 100,
  organizations_per_day integer not null default 10,
  activity_per_minute integer not null default 60,
  activity_per_day integer not null default 1000,
  bridge_codes_per_minute integer not null default 10,
  bridge_codes_per_day integer not null default 100,
  constraint limit_policy_is_only_check check (is_only),
  constraint limit_policy_check check (
    least(max_lookouts, max_unregistered_objects, max_invitations, uploads_per_day, lookouts_per_day,
      organizations_per_day, activity_per_minute, activity_per_day, bridge_codes_per_minute, bridge_codes_per_day) >= 0
  )
);
insert into private.limit_policy default values;

comment on table private.limit_policy is
  'One row: the limits that are the same for all plans. types/limits.ts names the calls that each limit refuses.';
comment on column private.limit_policy.max_lookouts is 'Lookouts of a user, archived ones included.';
comment on column private.limit_policy.max_unregistered_objects is
  'Objects of a user in Storage that are not registered as files. A plan with fewer files allows only so many.';
comment on column private.limit_policy.max_invitations is 'Open invitations of an organization.';
comment on column private.limit_policy.uploads_per_day is
  'Files that a user may upload, register or index again in a UTC day.';
comment on column private.limit_policy.lookouts_per_day is 'Lookouts that a user may create in a UTC day.';
comment on column private.limit_policy.organizations_per_day is 'Organizations that a user may create in a UTC day.';
comment on column private.limit_policy.activity_per_minute is 'Calls of log_activity by a user in a minute.';
comment on column private.limit_policy.activity_per_day is 'Calls of log_activity by a user in a UTC day.';
comment on column private.limit_policy.bridge_codes_per_minute is 'Bridge codes of a user in a minute.';
comment on column private.limit_policy.bridge_codes_per_day is 'Bridge codes of a user in a UTC day.';

create function private.limits()
returns private.limit_policy
language plpgsql
stable
set search_path = ''
as $$
begin
  return (select p from private.limit_policy p);
end
$$;
comment on function private.limits() is 'Returns the limits that are the same for all plans.';

create function private.require_daily_rate(bucket text, profile_id uuid, max_count integer)
returns void
language plpgsql
set search_path = ''
as $$
begin
  if not private.within_rate(bucket, profile_id::text, max_count, 'day') then
    perform private.refuse(
      429, 'too_many_today',
      'You did this as often as one day allows. Try again after the time in details.reset_at.',
      private.limit_detail('day', max_count)
    );
  end if;
end
$$;
comment on function private.require_daily_rate(text, uuid, integer) is
  'Counts one call of a profile in the current UTC day. Refuses with 429 when the limit is reached. The bucket of a '
  'limit per day is not the bucket of a limit per minute.';

create function private.require_session_limit()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
declare
  max_sessions integer;
begin
  -- With the lock, parallel inserts count one after the other. The query also sees earlier rows of the same insert.
  perform from public.profiles p where p.id = new.user_id for no key update;
  max_sessions := (private.plan_of(new.user_id)).max_sessions;
  if max_sessions <= (select count(*) from public.chat_sessions s where s.user_id = new.user_id) then
    perform private.refuse(
      402, 'session_limit_reached',
      'You have as many chats as your plan allows. Delete chats or upgrade the plan.',
      jsonb_build_object('limit', max_sessions)
    );
  end if;
  return new;
end
$$;
comment on function private.require_session_limit() is
  'Trigger: refuses with 402 a session that the plan has no room for, whoever creates it. Archived sessions count. '
  'Definer: clients may not lock profiles.';

create function private.require_short_texts()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  texts jsonb := to_jsonb(new);
begin
  for argument in 0 .. tg_nargs - 1 by 2 loop
    if char_length(texts ->> tg_argv[argument]) > tg_argv[argument + 1]::integer then
      perform private.refuse(
        413, 'text_too_long',
        'A text is longer than allowed. Shorten it to the number of characters in details.limit.',
        jsonb_build_object('column', tg_argv[argument], 'limit', tg_argv[argument + 1]::integer)
      );
    end if;
  end loop;
  return new;
end
$$;
comment on function private.require_short_texts() is
  'Trigger: refuses with 413 a text of a client that is too long. Its arguments are pairs of a column and its largest '
  'number of characters. The check constraints of the columns stay the last guard.';

create function private.require_small_metadata()
returns trigger
language plpgsql
security definer
set search_path = ''
as $$
begin
  if octet_length(new.raw_user_meta_data::text) > 16384 then
    perform private.refuse(
      413, 'metadata_too_large',
      'The metadata of a login has at most 16 KiB. Store less in it.', '{"limit": 16384}'
    );
  end if;
  return new;
end
$$;
-- Source: https://github.com/supabase/auth/blob/master/internal/utilities/postgres.go
comment on function private.require_small_metadata() is
  'Trigger on auth.users: refuses metadata of more than 16 KiB, which is part of every access token. Auth answers with '
  'the status of an SQLSTATE of the form PT413, as PostgREST does. Definer: the Auth service has no rights here.';

create trigger chat_sessions_limit
  before insert on public.chat_sessions
  for each row execute function private.require_session_limit();
create trigger chat_sessions_short_texts
  before insert or update of title on public.chat_sessions
  for each row execute function private.require_short_texts('title', '200');
create trigger profiles_short_texts
  before update of user_name, organization_name, avatar_url on public.profiles
  for each row execute function
    private.require_short_texts('user_name', '200', 'organization_name', '200', 'avatar_url', '2048');
create trigger parley_auth_user_metadata_on_insert
  before insert on auth.users
  for each row when (new.raw_user_meta_data is not null)
  execute function private.require_small_metadata();
create trigger parley_auth_user_metadata_on_update
  before update of raw_user_meta_data on auth.users
  for each row when (old.raw_user_meta_data::text is distinct from new.raw_user_meta_data::text)
  execute function private.require_small_metadata();

alter table private.limit_policy enable row level security;
