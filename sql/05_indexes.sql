-- Indexes for the tables of files 01 to 03, each with the query that it serves.

-- No two profiles have the same address. Look-ups by address ignore case.
create unique index profiles_email_key on public.profiles (lower(email));

-- The list of chats: the caller's sessions, last activity first.
create index chat_sessions_user_id_updated_at_idx on public.chat_sessions (user_id, updated_at desc);
-- The planner does not know which user a policy selects, so it plans for the average user. If users have a dozen
-- sessions on average, it fetches and sorts all sessions of a user instead of reading one page of this index. This
-- statistic says that users have a hundred sessions, so the planner reads the page.
alter table public.chat_sessions alter column user_id set (n_distinct = -0.01);

-- The catalogue's foreign key: renaming or deleting an assistant must find its sessions.
create index chat_sessions_assistant_slug_idx on public.chat_sessions (assistant_slug);

-- At most one turn is active in a session. Stop, resume and recovery find it by this index. Recovery reads all of it,
-- because an index of progressed_at would make every report of progress write that index.
create unique index chat_turns_active_session_id_key on public.chat_turns (session_id) where status = 'active';

-- Foreign keys of chat_turns: deleting a session or a message must find its turns.
create index chat_turns_session_id_user_id_idx on public.chat_turns (session_id, user_id);
create index chat_turns_user_message_id_idx on public.chat_turns (user_message_id);
create index chat_turns_assistant_message_id_idx on public.chat_turns (assistant_message_id);

-- By default, autovacuum waits until a fifth of a table is dead. In a table of 100 million rows, that is weeks of
-- bloat, and then one run of hours. These tables change with every message, so autovacuum visits them often and
-- briefly.
alter table public.profiles set (autovacuum_vacuum_scale_factor = 0.01);
alter table public.chat_sessions set (autovacuum_vacuum_scale_factor = 0.01);
alter table public.chat_turns set (autovacuum_vacuum_scale_factor = 0.01);
-- Messages are hardly changed, but new pages must be marked as visible for index-only scans, and planned with.
alter table public.chat_messages set (
  autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_insert_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.02
);
