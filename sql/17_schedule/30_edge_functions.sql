-- The dispatcher: calls edge functions as often as the due work needs. pg_cron and pg_net use it on Supabase, and the
-- scheduler of the local stack uses it otherwise.

create function private.read_http_results()
returns table (call_id bigint, name text, status text)
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_use_schema('net') then
    return;
  end if;
  return query
  select c.id, c.schedule_name, case
    when r.status_code between 200 and 299 then 'ok'
    when r.status_code is not null then r.status_code::text
    when r.timed_out then 'timeout'
    else 'unreachable'
  end
  from private.schedule_calls c
  -- Uses the existing index on created: a response is never older than its request.
  join net._http_response r on r.id = c.request_id and r.created >= c.called_at;
end
$$;
comment on function private.read_http_results() is
  'Responses of pg_net to calls that are still open. Read at every run, and by npm run schedules.';

create function private.close_call(call_id bigint, status text)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  closed private.schedule_calls;
begin
  delete from private.schedule_calls c where c.id = call_id returning * into closed;
  if closed.id is not null then
    perform private.record_schedule_run(closed.schedule_name, status);
  end if;
  return coalesce(closed.asks_again and status = 'ok', false);
end
$$;
comment on function private.close_call(bigint, text) is
  'Ends a call with its status. Returns true if the function asked for the next run at once.';

create function private.close_ended_calls()
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.close_call(r.call_id, r.status) from private.read_http_results() r;
  -- Two minutes is longer than a request may take: the caller died, or the server crashed and lost the responses.
  perform private.close_call(c.id, case when c.asks_again is null then 'no_answer' else 'ok' end)
  from private.schedule_calls c
  where c.called_at < now() - interval '2 minutes';
end
$$;
comment on function private.close_ended_calls() is
  'Ends the calls that pg_net has an answer for, and those that will never have one. Every run of any schedule calls '
  'it, because the response to a daily request is deleted before the next day.';

create function private.open_calls(schedule_name text)
returns setof bigint
language plpgsql
set search_path = ''
as $$
declare
  target private.schedules;
  free integer;
  due integer;
begin
  -- Runs wait for each other for a moment. Two that counted at the same time would make calls for the same work.
  perform pg_advisory_xact_lock(hashtextextended('private.open_calls', 0));
  perform private.close_ended_calls();
  select * into target
  from private.schedules s
  where s.name = schedule_name and s.function_path is not null and s.is_enabled;
  if target.name is null then
    return;
  end if;
  select target.max_parallel - count(*)::integer into free
  from private.schedule_calls c
  where c.schedule_name = target.name and c.asks_again is null;
  if free <= 0 then
    return;
  end if;
  if target.due_function is null then
    due := target.per_call;
  else
    execute format('select private.%I($1)', target.due_function) into due using free * target.per_call;
  end if;
  if due = 0 then
    perform private.record_schedule_run(target.name, 'ok');
  end if;
  return query
  insert into private.schedule_calls (schedule_name)
  select target.name
  from generate_series(1, least(free, ceil(due::numeric / target.per_call)::integer))
  returning id;
end
$$;
comment on function private.open_calls(text) is
  'Returns the ids of the calls that the due work of a schedule needs now, beside those that are still open. The '
  'caller makes each call and ends it by private.close_call.';

create function private.read_vault(secret_name text)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if not private.can_use_schema('vault') then
    return null;
  end if;
  return (select nullif(v.decrypted_secret, '') from vault.decrypted_secrets v where v.name = secret_name);
end
$$;
comment on function private.read_vault(text) is
  'A secret of Supabase Vault; null if the secret or Vault does not exist.';

create function private.run_function_schedule(schedule_name text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  functions_url text := private.read_vault('parley_functions_url');
  secret_key text := private.read_vault('parley_secret_key');
  target private.schedules;
  opened bigint;
begin
  if functions_url is null or secret_key is null or not private.can_use_schema('net') then
    perform private.record_schedule_run(schedule_name, 'not_configured');
    return;
  end if;
  select * into target from private.schedules s where s.name = schedule_name;
  for opened in select o.id from private.open_calls(schedule_name) as o (id) loop
    -- The key is not a token: the gateway would refuse it in the Authorization header.
    update private.schedule_calls c
    set request_id = net.http_post(
      url => rtrim(functions_url, '/') || '/' || target.function_path,
      body => target.body || jsonb_build_object('call_id', opened),
      headers => jsonb_build_object('apikey', secret_key, 'content-type', 'application/json'),
      timeout_milliseconds => 90000
    )
    where c.id = opened;
  end loop;
exception when others then
  perform private.record_schedule_run(schedule_name, sqlstate);
end
$$;
comment on function private.run_function_schedule(text) is
  'Lets pg_net call the edge function of a schedule, with URL and secret key from Vault. Called by pg_cron, and by a '
  'call that has done its part. The next run of any schedule reads the responses.';

create function private.finish_call(call_id bigint, has_worked boolean)
returns void
language plpgsql
security definer
set search_path = ''
as $$
declare
  asked text;
begin
  update private.schedule_calls c
  set asks_again = has_worked
  where c.id = call_id and c.asks_again is null
  returning c.schedule_name into asked;
  -- Without pg_cron, the local scheduler looks for more work when it gets the function's response.
  if has_worked and asked is not null and private.can_use_schema('cron') then
    perform private.run_function_schedule(asked);
  end if;
end
$$;
comment on function private.finish_call(bigint, boolean) is
  'Reports that a call has done its part. After one that has worked, the next run starts at once. Definer: the list is '
  'closed to all roles.';
grant execute on function private.finish_call(bigint, boolean) to service_role;

create function public.finish_call(call_id bigint, has_worked boolean)
returns void
language sql
security invoker
set search_path = ''
as $$
  select private.finish_call(call_id, has_worked)
$$;
comment on function public.finish_call(bigint, boolean) is
  'Service RPC of scheduled functions: the call has done its part. has_worked is false if it found nothing to do.';
grant execute on function public.finish_call(bigint, boolean) to service_role;
