begin;
select plan(1);
select set_eq(
  $$ select tablename::text from pg_publication_tables where pubname = 'supabase_realtime' and schemaname = 'public'
       and tests.is_parleys_table(format('%I.%I', schemaname, tablename)::regclass) $$,
  array['chat_messages', 'chat_sessions'],
  'Realtime sends changes of sessions and messages only'
);
select * from finish();
rollback;
