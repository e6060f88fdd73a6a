import { type AccountExport, AccountExportPart, joinExport } from "../../types/api.ts";
import { asPostgres, stack, type TestUser } from "./stack.ts";

/** Requests a part of an export as a client does, the first part by default. */
export function requestExport(user: TestUser, after = ""): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/account/export?${new URLSearchParams({ after })}`, {
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
}

/** Returns all parts of an export, parsed by their published schema. */
export async function readExportParts(user: TestUser): Promise<AccountExportPart[]> {
  const parts: AccountExportPart[] = [];
  for (let after: string | null = ""; after !== null; after = parts.at(-1)?.next ?? null) {
    const response = await requestExport(user, after);
    if (!response.ok) throw new Error(await response.text());
    parts.push(AccountExportPart.parse(await response.json()));
  }
  return parts;
}

/** Returns a whole export, joined from its parts. */
export async function readExport(user: TestUser): Promise<AccountExport> {
  return joinExport(await readExportParts(user));
}

/** Deletes an account as a client does. */
export function deleteAccount(user: TestUser): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/account`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
}

/** Returns the tables whose rows name a user as their owner, with that column. */
export function listOwnedTables() {
  return asPostgres<{ name: string; schema: string; relation: string; owner: string }>(
    `select c.relname as name, c.relnamespace::regnamespace::text as schema, c.oid::regclass::text as relation,
       a.attname as owner
     from pg_class c
     join pg_attribute a on a.attrelid = c.oid and a.attname in ('user_id', 'invited_by')
     where c.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and c.relkind = 'r'`,
  );
}

/** Counts a user's rows in each table; tables without any are left out. */
export async function countRows({ profileId }: TestUser): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { name, relation, owner } of await listOwnedTables()) {
    const query = `select count(*)::integer as count from ${relation} where ${owner} = $1`;
    const [row] = await asPostgres<{ count: number }>(query, [profileId]);
    if (row && row.count > 0) counts[name] = row.count;
  }
  return counts;
}

/** Runs the schedule until all due deletions are finished, without waiting for leases. */
export async function finishDeletions(): Promise<void> {
  await asPostgres("update private.account_deletions set due_at = now() - interval '1 second'");
  for (;;) {
    const [step] = await asPostgres<{ more: boolean }>(
      "select private.settle_account_deletions() as more",
    );
    if (!step?.more) return;
  }
}

/** Inserts a user's row into every table that the product writes to, except those of files and billing. */
export async function fillTables({ profileId }: TestUser, sessionId: string): Promise<void> {
  await asPostgres(
    `with me as (select $1::uuid as user_id, $2::uuid as session_id),
     instructions as (
       insert into public.custom_instructions (user_id, content) select user_id, 'I am new here.' from me
     ),
     question as (
       insert into public.chat_messages (session_id, user_id, seq, sender, content, parts)
       select session_id, user_id, 1, 'user', 'Hello', '[{"type": "text", "text": "Hello"}]' from me
       returning id
     ),
     answer as (
       insert into public.chat_messages (session_id, user_id, seq, sender, content, parts)
       select session_id, user_id, 2, 'assistant', 'Hi', '[{"type": "text", "text": "Hi"}]' from me
       returning id
     ),
     stream as (
       insert into public.chat_turns
         (session_id, user_id, user_message_id, assistant_message_id, status, finished_at)
       select session_id, user_id, question.id, answer.id, 'complete', now() from me, question, answer
       returning id, session_id, user_id
     ),
     call as (
       insert into public.tool_calls (turn_id, session_id, user_id, call_id, tool_slug, arguments)
       select id, session_id, user_id, 'call_1', 'ask', '{"question": "Why?"}' from stream
     ),
     counter as (
       insert into public.usage_counters (user_id, feature, period_start, reset_at)
       select user_id, 'messages', date_trunc('day', now()), now() + interval '1 day' from me
     ),
     metric as (
       insert into public.usage_metrics (user_id, day, feature_type, model, request_count, total_cost)
       select user_id, current_date, 'chat', 'gpt-5.4-mini', 1, 0.01 from me
     ),
     cost as (
       insert into public.monthly_costs (user_id, month, spent)
       select user_id, date_trunc('month', now() at time zone 'UTC')::date, 0.01 from me
     ),
     activity as (
       insert into public.user_activity (user_id, action) select user_id, 'opened_app' from me
     ),
     note as (
       insert into public.admin_notes (user_id, note) select user_id, 'Asks a lot.' from me
     ),
     audit as (
       insert into public.audit_logs (user_id, action) select user_id, 'admin_get_user' from me
     ),
     token as (
       insert into public.bridge_tokens (user_id, auth_session_id, token_hash)
       select user_id, user_id, sha256(convert_to(user_id::text, 'UTF8')) from me
     ),
     invitation as (
       insert into public.organization_invitations (organization_id, email, role, token_hash, invited_by)
       select p.organization_id, 'guest@example.com', 'member', sha256(convert_to(p.id::text, 'UTF8')), p.id
       from me join public.profiles p on p.id = me.user_id
       where p.organization_id is not null
     ),
     lookout as (
       insert into public.lookouts
         (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
       select user_id, 'News', 'What is new?', 'researcher', 'daily', '0 9 * * *', 'UTC', now() + interval '1 day'
       from me
       returning id, user_id
     ),
     run as (
       insert into public.lookout_runs (lookout_id, user_id, scheduled_at, status, finished_at)
       select id, user_id, now(), 'complete', now() from lookout
     ),
     sync as (
       insert into public.sync_logs (user_id, event_type, event_source, success)
       select user_id, 'bridge_issue', 'bridge', true from me
     )
     insert into private.rate_counters (bucket, subject, minute, count)
     select 'log_activity', user_id::text, now(), 1 from me`,
    [profileId, sessionId],
  );
}

/** Adds `count` messages of `length` characters each to a session. */
export async function addMessages(sessionId: string, count: number, length = 100): Promise<void> {
  await asPostgres(
    `insert into public.chat_messages (session_id, user_id, seq, sender, content, parts)
     select s.id, s.user_id, s.message_count + n, 'user', repeat('x', $3),
       jsonb_build_array(jsonb_build_object('type', 'text', 'text', 'Message ' || n))
     from public.chat_sessions s, generate_series(1, $2::integer) n
     where s.id = $1`,
    [sessionId, count, length],
  );
}
