-- Retention: deletes old rows, one batch of one kind at a time.

create table private.retention_policy (
  is_only boolean primary key default true,
  activity_days integer default 365,
  audit_days integer default 730,
  identity_days integer not null default 395,
  anonymous_days integer default 30,
  batch_rows integer not null default 5000,
  constraint retention_policy_is_only_check check (is_only),
  constraint retention_policy_check check (
    least(activity_days, audit_days, anonymous_days, batch_rows) > 0 and identity_days >= 0
  )
);
insert into private.retention_policy default values;

create table private.purge_counts (
  day date not null,
  kind text not null,
  deleted bigint not null,
  reached timestamptz,
  primary key (day, kind)
);

comment on table private.retention_policy is
  'One row: how many days activity (ACTIVITY_RETENTION_DAYS) and audit rows (AUDIT_RETENTION_DAYS) are kept, and how '
  'many rows a batch has.';
comment on column private.retention_policy.activity_days is
  'For user_activity and sync_logs; null keeps them for ever.';
comment on column private.retention_policy.audit_days is 'For audit_logs; null keeps them for ever.';
comment on column private.retention_policy.identity_days is
  'How long an address without an account gets no trial if it had one. With 0, nothing is remembered of an address.';
comment on column private.retention_policy.anonymous_days is
  'After how many idle days an anonymous login is deleted; null keeps it for ever.';
comment on table private.purge_counts is 'How many rows of a kind retention deleted on a UTC day; kept for a year.';
comment on column private.purge_counts.reached is
  'Time of the last row deleted that day. The next batch starts there and skips index entries of deleted rows. '
  'infinity: the kind is done for the day.';

-- A purge deletes up to max_rows rows from a time on, oldest first. It returns how many it deleted and the time of the
-- last. It skips rows that another transaction has locked; they wait for another day. The lock keeps ctid stable, so
-- ctid names the rows. A purge without an index reads the whole table. When its batch is not full, it returns infinity,
-- so that it runs once a day.

create function private.purge_before(
  target regclass, time_column text, since timestamptz, until timestamptz, max_rows integer,
  condition text default 'true', out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
begin
  execute format(
    'with gone as (
       delete from %1$s d
       where d.ctid = any (array(
         select t.ctid from %1$s t
         where t.%2$I >= $1 and t.%2$I < $2 and %3$s
         order by t.%2$I
         limit $3
         for update skip locked
       ))
       returning d.%2$I as gone_at
     )
     select count(*)::integer, max(g.gone_at) from gone g',
    target, time_column, condition
  ) into deleted, reached using since, until, max_rows;
end
$$;
comment on function private.purge_before(regclass, text, timestamptz, timestamptz, integer, text) is
  'Deletes one batch of rows of a table whose time is at or after since and before until, oldest first.';

create function private.purge_usage_counters(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- A refund changes the current period only.
  select * from private.purge_before(
    'public.usage_counters', 'reset_at', since, now() - interval '1 day', max_rows
  ) p
$$;
comment on function private.purge_usage_counters(timestamptz, integer) is
  'Purge: counters whose period ended more than a day ago.';

create function private.purge_deleted_turns(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'private.deleted_turns', 'deleted_at', since, now() - interval '1 day', max_rows
  ) p
$$;
comment on function private.purge_deleted_turns(timestamptz, integer) is
  'Purge: deleted turns whose cost nobody has booked for a day.';

create function private.purge_user_activity(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'public.user_activity', 'created_at', since,
    now() - make_interval(days => (select p.activity_days from private.retention_policy p)), max_rows
  ) p
$$;
comment on function private.purge_user_activity(timestamptz, integer) is
  'Purge: activity older than activity_days of the policy.';

create function private.purge_sync_logs(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'public.sync_logs', 'created_at', since,
    now() - make_interval(days => (select p.activity_days from private.retention_policy p)), max_rows
  ) p
$$;
comment on function private.purge_sync_logs(timestamptz, integer) is
  'Purge: attempts to issue or redeem a code, older than activity_days of the policy.';

create function private.purge_audit_logs(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
begin
  -- The trigger of the table asks for this setting. It is cleared at once, so that no other statement profits from it.
  perform set_config('parley.retention', 'on', true);
  select * into deleted, reached from private.purge_before(
    'public.audit_logs', 'created_at', since,
    now() - make_interval(days => (select p.audit_days from private.retention_policy p)), max_rows
  ) p;
  perform set_config('parley.retention', '', true);
end
$$;
comment on function private.purge_audit_logs(timestamptz, integer) is
  'Purge: audit rows older than audit_days of the policy. The trigger of the table lets only its owner delete.';

create function private.purge_bridge_tokens(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  select * from private.purge_before(
    'public.bridge_tokens', 'expires_at', since, now() - interval '1 day', max_rows
  ) p
$$;
comment on function private.purge_bridge_tokens(timestamptz, integer) is
  'Purge: bridge codes, used or not, that expired more than a day ago.';

create function private.purge_organization_invitations(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- For 30 days a late invitee learns that the invitation expired, and the organization sees whom to invite again.
  select * from private.purge_before(
    'public.organization_invitations', 'expires_at', since, now() - interval '30 days', max_rows
  ) p
$$;
comment on function private.purge_organization_invitations(timestamptz, integer) is
  'Purge: invitations that expired more than 30 days ago.';

create function private.purge_stripe_events(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- Stripe itself keeps events for 30 days, so it cannot send any of these again.
  select * from private.purge_before(
    'public.stripe_events', 'received_at', since, now() - interval '90 days', max_rows,
    $c$t.status in ('processed', 'ignored')$c$
  ) p
$$;
comment on function private.purge_stripe_events(timestamptz, integer) is
  'Purge: processed and ignored events older than 90 days; never an event that failed or is still pending.';

create function private.purge_rate_counters(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.rate_counters c
    where c.ctid = any (array(
      select o.ctid
      from private.rate_counters o
      -- In any order and without an index, because each call of the limiter would have to write an index on minute.
      where o.minute >= since and o.minute < now() - interval '1 day'
      limit max_rows
      for update skip locked
    ))
    returning c.minute
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_rate_counters(timestamptz, integer) is
  'Purge: counters of the limiter that have not changed for a day.';

create function private.purge_history(since timestamptz, max_rows integer, out deleted integer, out reached timestamptz)
language sql
set search_path = ''
as $$
  with gone as (
    delete from private.purge_counts c
    where c.ctid = any (array(
      select o.ctid
      from private.purge_counts o
      where o.day >= since::date and o.day < (now() at time zone 'UTC')::date - 365
      limit max_rows
      for update skip locked
    ))
    returning c.day
  )
  select count(*)::integer, null::timestamptz from gone g
$$;
comment on function private.purge_history(timestamptz, integer) is 'Purge: retention''s own counts older than a year.';

create function private.can_use_schema(schema_name text)
returns boolean
language sql
stable
set search_path = ''
as $$
  select exists (
    select from pg_namespace n where n.nspname = schema_name and has_schema_privilege(n.oid, 'usage')
  )
$$;
comment on function private.can_use_schema(text) is
  'Whether a schema of the platform exists and this role may use it: cron of pg_cron, net of pg_net, vault.';

create function private.purge_cron_runs(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
begin
  deleted := 0;
  reached := null;
  if not private.can_use_schema('cron') then
    return;
  end if;
  with gone as (
    delete from cron.job_run_details d
    where d.runid in (
      select o.runid
      from cron.job_run_details o
      -- Only runs of Parley's jobs, and no run that is still going on.
      where o.command ~ '\mprivate\.run_(sql|function)_schedule\('
        and o.end_time >= since and o.end_time < now() - interval '7 days'
      order by o.runid
      limit max_rows
    )
    returning d.runid
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end
  into deleted, reached
  from gone;
exception when insufficient_privilege then
  raise warning 'cron.job_run_details is not ours to shorten: %', sqlerrm;
end
$$;
comment on function private.purge_cron_runs(timestamptz, integer) is
  'Purge: pg_cron''s records of schedule runs older than seven days. Does nothing without pg_cron.';

create function private.purge_failed_sign_ups(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  with gone as (
    delete from auth.users u
    where u.id in (
      select o.id
      from auth.users o
      where o.last_sign_in_at is null
        -- A confirmed address can sign in at any time, and ensure_profile makes the profile then.
        and o.email_confirmed_at is null
        and o.phone_confirmed_at is null
        -- A recently sent link or code may still be used.
        and greatest(o.created_at, o.updated_at, o.confirmation_sent_at, o.invited_at, o.recovery_sent_at)
          < now() - interval '7 days'
        and o.created_at >= since
        and not exists (select from public.profiles p where p.auth_id = o.id)
        and not exists (select from auth.sessions s where s.user_id = o.id)
      order by o.id
      limit max_rows
      for update of o skip locked
    )
    returning u.id
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_failed_sign_ups(timestamptz, integer) is
  'Purge: logins without a profile that nobody confirmed or used for seven days. A person who signs up again gets a '
  'new login.';

create function private.purge_kind(kind text, max_rows integer)
returns boolean
language plpgsql
set search_path = ''
as $$
<<batch>>
declare
  today date := (now() at time zone 'UTC')::date;
  since timestamptz := coalesce(
    (select c.reached from private.purge_counts c where c.day = today and c.kind = purge_kind.kind), '-infinity'
  );
  deleted integer;
  reached timestamptz;
begin
  if since = 'infinity' then
    return false;
  end if;
  execute format('select p.deleted, p.reached from private.%I($1, $2) p', 'purge_' || kind)
  into deleted, reached using since, max_rows;
  if deleted = 0 and reached is null then
    return false;
  end if;
  insert into private.purge_counts as c (day, kind, deleted, reached)
  values (today, purge_kind.kind, batch.deleted::bigint, batch.reached)
  on conflict on constraint purge_counts_pkey do update
  set deleted = c.deleted + excluded.deleted, reached = excluded.reached;
  return true;
end
$$;
comment on function private.purge_kind(text, integer) is
  'Runs one batch of one kind, from where the last batch of the day ended, and counts it. False if there was nothing '
  'to delete or record.';

create function private.run_retention()
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  max_rows integer := (select p.batch_rows from private.retention_policy p);
  kind text;
  first_failure text;
begin
  -- One kind a call, so that each batch commits at once. Kinds without an index come last and run when the others are
  -- done.
  foreach kind in array array[
    'waiting_turns', 'usage_counters', 'user_activity', 'sync_logs', 'audit_logs', 'bridge_tokens',
    'organization_invitations', 'stripe_events', 'history', 'cron_runs', 'rate_counters', 'deleted_turns',
    'identities', 'anonymous_logins', 'failed_sign_ups'
  ] loop
    begin
      if private.purge_kind(kind, max_rows) then
        return true;
      end if;
    exception when others then
      raise warning 'retention passes over %: %', kind, sqlstate;
      first_failure := coalesce(first_failure, sqlstate);
    end;
  end loop;
  if first_failure is not null then
    raise exception 'retention_failed' using
      errcode = first_failure, hint = 'The log names the kinds that were passed over.';
  end if;
  return false;
end
$$;
comment on function private.run_retention() is
  'Deletes one batch; false when nothing is left. A kind that fails is skipped, and its SQLSTATE is raised once the '
  'others have nothing left. Its schedule calls it as the owner of the tables.';

alter table private.retention_policy enable row level security;
alter table private.purge_counts enable row level security;

-- Serve retention, oldest first. The end of a counter never changes, so counting does not write this index.
create index usage_counters_reset_at_idx on public.usage_counters (reset_at);
create index stripe_events_received_at_idx on public.stripe_events (received_at)
  where status in ('processed', 'ignored');
create index organization_invitations_expires_at_idx on public.organization_invitations (expires_at);
