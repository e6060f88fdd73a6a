-- The schedules of Parley, and the tables that Realtime publishes.

insert into private.schedules (name, cron, function_path, due_function, per_call, max_parallel)
values
  ('lookouts', '* * * * *', 'lookouts/run', 'count_due_lookouts', 50, 20),
  ('turn-recovery', '* * * * *', 'turn-recovery', 'count_stale_turns', 50, 10),
  ('file-indexing', '* * * * *', 'vector-store-cleanup/files', 'count_due_files', 20, 5),
  ('remote-deletions', '* * * * *', 'vector-store-cleanup/deletions', 'count_due_deletions', 300, 20),
  ('stripe-events', '* * * * *', 'stripe-webhook/events', 'count_due_stripe_events', 300, 4);
insert into private.schedules (name, cron, function_path)
values ('vector-store-cleanup', '*/15 * * * *', 'vector-store-cleanup');
insert into private.schedules (name, cron, sql_function)
values
  ('finish-account-deletions', '* * * * *', 'settle_account_deletions'),
  ('refresh-entitlements', '* * * * *', 'refresh_entitlements'),
  -- Once a day; the runs of the same hour continue what a run left unfinished.
  ('retention', '*/10 3 * * *', 'run_retention');

-- Realtime sends changes of published tables to users whose policies let them read the row. The publication may not
-- exist.
do $$
declare
  wanted text;
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime' and not puballtables) then
    return;
  end if;
  foreach wanted in array array['chat_sessions', 'chat_messages'] loop
    if not exists (
      select from pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = wanted
    ) then
      execute format('alter publication supabase_realtime add table public.%I', wanted);
    end if;
  end loop;
exception when insufficient_privilege then
  raise notice 'supabase_realtime belongs to somebody else: add chat_sessions and chat_messages there by hand.';
end
$$;
