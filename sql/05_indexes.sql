-- Indexes of 01-03, each with the query that it serves.

-- A live profile owns its address; look-ups by address ignore case.
create unique index profiles_email_key on public.profiles (lower(email));

-- The sidebar: my sessions, last activity first.
create index chat_sessions_user_id_updated_at_idx on public.chat_sessions (user_id, updated_at desc);
-- A policy does not tell the planner which user asks, so it plans for the average one: with a dozen sessions each it would
-- fetch and sort all of a user's instead of reading a page in this order. Told that they have a hundred, it reads the page.
alter table public.chat_sessions alter column user_id set (n_distinct = -0.01);

-- The catalogue's foreign key: may this assistant be renamed?
create index chat_sessions_assistant_slug_idx on public.chat_sessions (assistant_slug);

-- At most one generation runs in a session; also finds it for stop and resume.
create unique index chat_turns_active_session_id_key on public.chat_turns (session_id) where status = 'active';

-- Recovery: active streams whose heartbeat is old.
create index chat_turns_active_heartbeat_at_idx on public.chat_turns (heartbeat_at) where status = 'active';

-- Foreign keys of chat_turns: deleting a session or a message finds its streams.
create index chat_turns_session_id_user_id_idx on public.chat_turns (session_id, user_id);
create index chat_turns_user_message_id_idx on public.chat_turns (user_message_id);
create index chat_turns_assistant_message_id_idx on public.chat_turns (assistant_message_id);
