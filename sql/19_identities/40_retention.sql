-- Retention of identities and of idle anonymous logins.

create function private.purge_identities(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language plpgsql
set search_path = ''
as $$
declare
  trials_since timestamptz := (
    select case p.identity_days when 0 then 'infinity' else now() - make_interval(days => p.identity_days) end
    from private.retention_policy p
  );
begin
  with ended as (
    select i.hash, i.trial_used_at
    from private.identities i
    where i.period_start >= since
      and (
        trials_since = 'infinity'
        or private.quota_period_start(i.period_start) > i.period_start and i.month < private.this_month()
          and (i.trial_used_at is null or i.trial_used_at < trials_since
            or greatest(i.messages, i.messages_today, i.searches, i.spent) > 0)
      )
    limit max_rows
    for update skip locked
  ),
  gone as (
    delete from private.identities i
    using ended e
    where i.hash = e.hash and (e.trial_used_at is null or e.trial_used_at < trials_since)
    returning i.hash
  ),
  cleared as (
    update private.identities i
    set messages = 0, messages_today = 0, searches = 0, spent = 0
    from ended e
    where i.hash = e.hash and e.trial_used_at >= trials_since
    returning i.hash
  )
  select count(*)::integer, case when count(*) < max_rows then 'infinity'::timestamptz end
  into deleted, reached
  from (select g.hash from gone g union all select c.hash from cleared c) as changed;
end
$$;
comment on function private.purge_identities(timestamptz, integer) is
  'Purge: usage of addresses whose periods have ended, and used trials older than identity_days of the policy. The '
  'times are not indexed, because a row exists only for an account that was deleted, moved or subscribed.';

create function private.purge_anonymous_logins(
  since timestamptz, max_rows integer, out deleted integer, out reached timestamptz
)
language sql
set search_path = ''
as $$
  -- The trigger on auth.users deletes the account of each login, so a batch is small.
  with gone as (
    delete from auth.users u
    where u.id in (
      select o.id
      from auth.users o
      where o.is_anonymous
        and greatest(o.created_at, o.last_sign_in_at, o.updated_at)
          < now() - make_interval(days => (select r.anonymous_days from private.retention_policy r))
        -- Auth updates the session at each refresh of a token, at most an hour apart while an app is in use.
        and not exists (
          select from auth.sessions s
          where s.user_id = o.id
            and s.updated_at >= now() - make_interval(days => (select r.anonymous_days from private.retention_policy r))
        )
        and not exists (
          select from public.profiles p
          where p.auth_id = o.id and (p.plan_source <> 'none' or p.role not in ('user', 'banned'))
        )
      order by o.id
      limit least(max_rows, 50)
      for update of o skip locked
    )
    returning u.id
  )
  select count(*)::integer, case when count(*) < least(max_rows, 50) then 'infinity'::timestamptz end from gone g
$$;
comment on function private.purge_anonymous_logins(timestamptz, integer) is
  'Purge: anonymous logins that nobody used for anonymous_days of the policy, with their accounts and what these have '
  'at OpenAI and in Storage. A login with a plan or a role that somebody gave it stays.';
