import type pg from "pg";

/** The admin who lists users. */
export const ADMIN = "00000000-0000-4000-8000-000000000001";
/** The number of sessions with a running turn. */
const ACTIVE_STREAMS = 100;
/** The source of all texts; it never repeats. */
const CORPUS = buildCorpus(4_000);

/**
 * Fills an empty database with `messages` messages and the rows that belong to them. 5% of the users have
 * half of the sessions. Most sessions are short, some have hundreds of messages, and one in 500 has
 * thousands. Rows are in the order of a year, so that sessions of the same time are mixed on disk, as in
 * production.
 */
export async function seed(client: pg.Client, messages: number): Promise<void> {
  // Triggers and foreign key checks are too slow for bulk inserts.
  await client.query("set session_replication_role = replica");
  await client.query("set work_mem = '256MB'");
  await client.query("select setseed(0.5)");
  await planSessions(client, messages);
  await insertUsers(client);
  await insertSessions(client);
  await insertMessages(client);
  await insertTurns(client);
  await insertUsage(client);
  await client.query("reset session_replication_role");
  await client.query("reset work_mem");
  await addNaivePolicies(client);
  await client.query("vacuum analyze");
  await client.query("checkpoint");
}

async function planSessions(client: pg.Client, messages: number): Promise<void> {
  await client.query(
    `create temp table planned as
     with drawn as materialized (
       select n, random() as kind, random() as share, random() as owner_kind, random() as owner_share, random() as age
       from generate_series(1, $1::integer / 10) n
     ), measured as (
       select *, 2 * case
         when kind < 0.700 then 1 + floor(share * 8)
         when kind < 0.973 then 9 + floor(share * 22)
         when kind < 0.998 then 50 + floor(share * 100)
         else 500 + floor(share * 1000)
       end::integer as length
       from drawn
     ), summed as (
       select *, sum(length) over (order by n) as total from measured
     )
     select gen_random_uuid() as session_id, owner_kind, owner_share, length,
       now() - interval '4 days' - age * interval '360 days' as created_at
     from summed
     where total <= $1::integer`,
    [messages],
  );
}

async function insertUsers(client: pg.Client): Promise<void> {
  await client.query(
    `create temp table owners as
     select n::integer as n, gen_random_uuid() as user_id, gen_random_uuid() as auth_id
     from generate_series(1, (select count(*) / 8 from planned)) n`,
  );
  await client.query(
    `insert into auth.users (id, aud, role, email)
     select auth_id, 'authenticated', 'authenticated', 'user-' || n || '@example.com' from owners
     union all select $1::uuid, 'authenticated', 'authenticated', 'boss@example.com'`,
    [ADMIN],
  );
  // Each login is signed in; its session has the id of the login.
  await client.query(
    "insert into auth.sessions (id, user_id, created_at, updated_at) select id, id, now(), now() from auth.users",
  );
  await client.query(
    `insert into public.profiles (id, auth_id, email, user_name, role, subscription_plan, created_at)
     select user_id, auth_id, 'user-' || n || '@example.com', 'User ' || n, 'user'::public.user_role, 'enterprise',
       now() - n * 7919 % 525600 * interval '1 minute'
     from owners
     union all
     select gen_random_uuid(), $1::uuid, 'boss@example.com', 'Boss', 'admin'::public.user_role, 'enterprise', now()`,
    [ADMIN],
  );
  // Removes the limits, but not the counting.
  await client.query("update public.plans set turns_per_minute = null, daily_messages = null");
}

async function insertSessions(client: pg.Client): Promise<void> {
  await client.query(
    `insert into public.chat_sessions
       (id, user_id, assistant_slug, thread_id, title, message_count, created_at, updated_at)
     select p.session_id, o.user_id, 'coach', 'conv_' || replace(p.session_id::text, '-', ''),
       'A chat about ' || left(p.session_id::text, 8), p.length, p.created_at,
       p.created_at + p.length * interval '45 seconds'
     from planned p
     cross join (select count(*) as count from owners) total
     join owners o on o.n = 1 + floor(case when p.owner_kind < 0.5 then p.owner_share * 0.05 else p.owner_share end
       * total.count)::integer
     order by p.created_at`,
  );
}

/** Inserts messages whose ids are hashes of session and position, so that related rows need no join. */
async function insertMessages(client: pg.Client): Promise<void> {
  await client.query(
    `insert into public.chat_messages (id, session_id, user_id, seq, client_id, sender, content, parts, model,
       input_tokens, cached_input_tokens, output_tokens, completion_time, response_id, created_at)
     select md5(session_id::text || seq)::uuid, session_id, user_id, seq,
       case when seq % 2 = 1 then left(md5(seq || session_id::text), 16) end,
       case seq % 2 when 1 then 'user' else 'assistant' end,
       text,
       case seq % 2
         when 1 then jsonb_build_array(jsonb_build_object('type', 'text', 'text', text))
         else jsonb_build_array(jsonb_build_object('type', 'step-start'),
           jsonb_build_object('type', 'text', 'text', text, 'state', 'done'))
       end,
       case when seq % 2 = 0 then 'gpt-5.4-mini' end,
       case when seq % 2 = 0 then 200 + seq * 90 end,
       case when seq % 2 = 0 then seq * 80 end,
       case when seq % 2 = 0 then length(text) / 4 end,
       case when seq % 2 = 0 then 1 + share * 8 end,
       case when seq % 2 = 0 then 'resp_' || md5(session_id::text || seq) end,
       created_at
     from (
       select *, substr($1, 1 + floor(share * 3000)::integer,
         case seq % 2 when 1 then 20 + floor(share * 180)::integer else 100 + floor(share * 800)::integer end) as text
       from (
         select s.id as session_id, s.user_id, n as seq, s.created_at + n * interval '45 seconds' as created_at,
           random() as share
         from public.chat_sessions s, generate_series(1, s.message_count) n
         order by 4
       ) ordered
       offset 0
     ) written`,
    [CORPUS],
  );
}

async function insertTurns(client: pg.Client): Promise<void> {
  await client.query(
    `insert into public.chat_turns (session_id, user_id, user_message_id, assistant_message_id, response_id, status,
       progressed_at, reservation, created_at, finished_at)
     select session_id, user_id, md5(session_id::text || seq - 1)::uuid, id, response_id, 'complete', created_at,
       jsonb_build_object('source', 'quota', 'period_start', date_trunc('month', created_at), 'day',
         date_trunc('day', created_at), 'search_month', null),
       created_at, created_at + interval '5 seconds'
     from public.chat_messages
     where sender = 'assistant'`,
  );
  await client.query(
    `with running as (
       update public.chat_turns t
       set status = 'active', finished_at = null, progressed_at = now()
       from (
         select s.id, s.message_count from public.chat_sessions s
         where s.message_count between 2 and 100 order by random() limit $1
       ) s
       where t.assistant_message_id = md5(s.id::text || s.message_count)::uuid
       returning t.assistant_message_id
     )
     update public.chat_messages m
     set status = 'streaming', parts = '[]', content = ''
     from running r
     where m.id = r.assistant_message_id`,
    [ACTIVE_STREAMS],
  );
  await client.query(
    `insert into public.user_activity (user_id, action, data, created_at)
     select user_id, 'turn_started', jsonb_build_object('session_id', session_id), created_at from public.chat_turns`,
  );
}

async function insertUsage(client: pg.Client): Promise<void> {
  await client.query(
    `insert into public.usage_metrics (user_id, day, feature_type, model, request_count, input_tokens,
       cached_input_tokens, output_tokens, total_cost)
     select user_id, created_at::date, 'chat', model, count(*), sum(input_tokens), sum(cached_input_tokens),
       sum(output_tokens), sum(output_tokens) * 0.0000045
     from public.chat_messages
     where sender = 'assistant'
     group by 1, 2, 3, 4`,
  );
  await client.query(
    `insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
     select user_id, 'messages', day::timestamptz, request_count, day::timestamptz + interval '1 day'
     from public.usage_metrics
     where day > now() - interval '40 days'`,
  );
}

/** Adds policies as they are often written: they look the caller up for every row, through other tables. */
async function addNaivePolicies(client: pg.Client): Promise<void> {
  await client.query(
    `grant usage on schema public, auth to parley_naive;
     grant execute on function auth.uid() to parley_naive;
     grant select on public.profiles, public.chat_sessions, public.chat_messages, public.chat_turns to parley_naive;
     create policy profiles_select_naive on public.profiles
       for select to parley_naive using (auth_id = auth.uid());
     create policy chat_sessions_select_naive on public.chat_sessions
       for select to parley_naive
       using (exists (select from public.profiles p where p.id = user_id and p.auth_id = auth.uid()));
     create policy chat_messages_select_naive on public.chat_messages
       for select to parley_naive
       using (exists (
         select from public.chat_sessions s join public.profiles p on p.id = s.user_id
         where s.id = session_id and p.auth_id = auth.uid()
       ));
     create policy chat_turns_select_naive on public.chat_turns
       for select to parley_naive
       using (exists (
         select from public.chat_sessions s join public.profiles p on p.id = s.user_id
         where s.id = session_id and p.auth_id = auth.uid()
       ));`,
  );
}

/** Returns words in the order of a small generator, which is the same at every run. */
function buildCorpus(characters: number): string {
  const words =
    "the a plan week goal step small next write draft story hook slide list time day habit team work call "
      .concat(
        "ask answer idea question reason change because when before after without every another morning evening ",
      )
      .concat(
        "practice notice remember decide begin finish keep leave read short long clear hard easy first last",
      )
      .split(" ");
  let state = 1;
  let text = "";
  while (text.length < characters) {
    state = (state * 48_271) % 2_147_483_647;
    text += `${words[state % words.length]} `;
  }
  return text.slice(0, characters);
}
