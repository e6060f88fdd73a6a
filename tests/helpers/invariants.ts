import type pg from "pg";
import * as z from "zod";

/** A rule that must hold whenever nothing is running. `breaches` finds the rows that break it. */
interface Invariant {
  name: string;
  /** Checked only if this table exists. */
  table?: string;
  breaches: string;
}

/** A broken invariant, with some of the rows that break it. */
export interface Breach {
  invariant: string;
  count: number;
  examples: unknown[];
}

const EXAMPLES = 3;

const turns: Invariant[] = [
  {
    name: "no stream is left active",
    breaches: "select t.id, t.progressed_at from public.chat_turns t where t.status = 'active'",
  },
  {
    name: "no message is left streaming",
    breaches: "select m.id, m.created_at from public.chat_messages m where m.status = 'streaming'",
  },
  {
    name: "a session has at most one active stream",
    breaches: `
      select t.session_id from public.chat_turns t
      where t.status = 'active' group by t.session_id having count(*) > 1`,
  },
  {
    name: "seq counts a session's messages without gaps or doubles",
    breaches: `
      select m.session_id, array_agg(m.seq order by m.seq) as seqs from public.chat_messages m
      group by m.session_id
      having min(m.seq) <> 1 or max(m.seq) <> count(*) or count(distinct m.seq) <> count(*)`,
  },
  {
    name: "every question has one answer",
    breaches: `
      select m.id, m.session_id, m.seq, m.sender from public.chat_messages m
      where (m.seq % 2 = 1) <> (m.sender = 'user')
      union all
      select m.id, m.session_id, m.seq, m.sender from public.chat_messages m
      join public.chat_sessions s on s.id = m.session_id
      where m.sender = 'user' and m.seq = s.message_count`,
  },
  {
    name: "message_count is the number of messages",
    breaches: `
      select s.id, s.message_count from public.chat_sessions s
      where s.message_count <> (select count(*) from public.chat_messages m where m.session_id = s.id)`,
  },
  {
    name: "a stream and its reply ended alike",
    breaches: `
      select t.id, t.status, m.status as message_status from public.chat_turns t
      join public.chat_messages m on m.id = t.assistant_message_id
      where t.status <> m.status`,
  },
  {
    name: "a failed reply says why, and no other does",
    breaches: `
      select m.id, m.status, m.error from public.chat_messages m
      where (m.status = 'failed') <> (m.error ->> 'code' is not null)`,
  },
  {
    name: "a response at OpenAI is one reply",
    breaches: `
      select m.response_id from public.chat_messages m
      where m.response_id is not null group by m.response_id having count(*) > 1`,
  },
];

const usage: Invariant[] = [
  {
    // A turn is booked if it has delivered output, and only then is it not refunded. A purchase starts a new count.
    name: "each message charged was delivered, and each one delivered was charged",
    breaches: `
      select p.id, p.subscription_usage as charged, coalesce(sum(u.request_count), 0) as delivered
      from public.profiles p
      left join public.usage_metrics u on u.user_id = p.id and u.feature_type = 'chat'
      where p.stripe_customer_id is null and p.tokens = 0
      group by p.id
      having p.subscription_usage <> coalesce(sum(u.request_count), 0)`,
  },
  {
    // A reservation from before midnight is not taken back from the next day's count, so only today's users are
    // checked.
    name: "the day's messages are those that were charged",
    breaches: `
      select p.id, p.subscription_usage as charged, coalesce(sum(c.count), 0) as counted
      from public.profiles p
      left join public.usage_counters c on c.user_id = p.id and c.feature = 'messages'
      where p.stripe_customer_id is null and p.created_at >= date_trunc('day', now(), 'UTC')
      group by p.id
      having p.subscription_usage <> coalesce(sum(c.count), 0)`,
  },
  {
    name: "a month costs the sum of its days, and reserves nothing while no turn runs",
    breaches: `
      select c.user_id, c.month, c.spent, c.reserved, coalesce(sum(u.total_cost), 0) as booked
      from public.monthly_costs c
      left join public.usage_metrics u on u.user_id = c.user_id and date_trunc('month', u.day) = c.month
      group by c.user_id, c.month
      having c.spent <> coalesce(sum(u.total_cost), 0) or c.reserved <> 0`,
  },
  {
    name: "no reply that is there was paid by nobody",
    breaches: `
      select m.user_id, count(*) as replies from public.chat_messages m
      join public.profiles p on p.id = m.user_id
      where m.sender = 'assistant' and m.content <> '' and p.stripe_customer_id is null
      group by m.user_id, p.subscription_usage
      having count(*) > p.subscription_usage`,
  },
];

const files: Invariant[] = [
  {
    name: "every file is ready, or failed with a reason",
    breaches: `
      select f.id, f.status, f.error from public.chat_files f
      where f.status not in ('ready', 'failed')
        or f.status = 'failed' and f.error ->> 'code' is null
        or f.status = 'ready' and f.origin = 'user' and f.error is not null`,
  },
  {
    name: "a ready file is at OpenAI and in Storage",
    breaches: `
      select f.id, f.openai_file_id, f.storage_path from public.chat_files f
      where f.status = 'ready' and (f.origin = 'user' and f.openai_file_id is null or not exists (
        select from storage.objects o where o.bucket_id = 'chat-files' and o.name = f.storage_path
      ))`,
  },
  {
    name: "every object in Storage is a file's",
    breaches: `
      select o.name from storage.objects o
      where o.bucket_id = 'chat-files' and not exists (
        select from public.chat_files f where f.storage_path = o.name and (f.status <> 'failed' or f.sha256 is not null)
      )`,
  },
  {
    name: "no store is left half made",
    breaches: `
      select v.id, v.lease_until from public.vector_stores v where v.status = 'recreating'`,
  },
  {
    name: "a store counts its files",
    breaches: `
      select v.id, v.file_count from public.vector_stores v
      where v.file_count <> (select count(*) from public.chat_files f where f.vector_store_id = v.id)`,
  },
  {
    name: "the outbox has drained",
    breaches:
      "select d.kind, d.remote_id, d.attempts, d.last_error from private.remote_deletions d",
  },
];

const billing: Invariant[] = [
  {
    name: "every event of Stripe was processed",
    breaches: `
      select e.id, e.type, e.status, e.error from public.stripe_events e
      where e.status not in ('processed', 'ignored', 'dropped')`,
  },
  {
    name: "who has bought has what was bought",
    breaches: `
      select p.id, p.subscription_plan from public.profiles p
      cross join lateral (select b.* from private.bought_plans(p.id) b limit 1) b
      join public.plans l on l.slug = p.subscription_plan
      where l.rank < b.rank
         or p.stripe_subscription_id is distinct from (b.subscription).stripe_subscription_id`,
  },
  {
    name: "no more members have a plan of the organization than it has seats",
    breaches: `
      select p.organization_id, count(*) from public.profiles p
      where p.plan_source = 'organization'
      group by p.organization_id
      having count(*) > coalesce(private.seat_count(p.organization_id), 0)`,
  },
  {
    name: "no change of a plan waits",
    breaches: "select c.kind, c.subject, c.after from private.entitlement_changes c",
  },
];

const lookouts: Invariant[] = [
  {
    name: "a scheduled time of a lookout is one run",
    table: "public.lookout_runs",
    breaches: `
      select r.lookout_id, r.scheduled_at from public.lookout_runs r
      group by r.lookout_id, r.scheduled_at having count(*) > 1`,
  },
  {
    name: "no run of a lookout is left running",
    table: "public.lookout_runs",
    breaches: "select r.id, r.scheduled_at from public.lookout_runs r where r.status = 'running'",
  },
];

const invariants = [...turns, ...usage, ...files, ...billing, ...lookouts];

/** Returns every broken invariant. Needs a role that sees all rows; call it when nothing is running. */
export async function findBreaches(database: pg.Pool): Promise<Breach[]> {
  const found = await Promise.all(invariants.map((each) => findBreach(database, each)));
  return found.filter(({ count }) => count > 0);
}

/** Describes breaches, one line for each. */
export function describeBreaches(breaches: Breach[]): string {
  return breaches.map(({ invariant, count, examples }) =>
    `${invariant}: ${count} times not, e.g. ${
      examples.map((row) => JSON.stringify(row)).join(", ")
    }`
  ).join("\n");
}

async function findBreach(database: pg.Pool, invariant: Invariant): Promise<Breach> {
  const { name, table, breaches } = invariant;
  const { rows } = !table || await hasTable(database, table)
    ? await database.query<pg.QueryResultRow>(breaches)
    : { rows: [] };
  return { invariant: name, count: rows.length, examples: rows.slice(0, EXAMPLES) };
}

async function hasTable(database: pg.Pool, table: string): Promise<boolean> {
  const { rows: [row] } = await database.query<{ found: boolean }>(
    "select to_regclass($1) is not null as found",
    [table],
  );
  return row?.found ?? false;
}

const Objects = z.object({
  conversations: z.array(z.object({ id: z.string() })),
  responses: z.array(z.object({ id: z.string() })),
  files: z.array(z.object({ id: z.string() })),
  vector_stores: z.array(z.object({ id: z.string() })),
});

/** An object at OpenAI. */
export interface RemoteObject {
  kind: string;
  id: string;
}

/** Returns the objects at the OpenAI emulator that neither a row nor the outbox names. */
export async function findOrphans(database: pg.Pool, openaiUrl = ""): Promise<RemoteObject[]> {
  const reply = await fetch(new URL("/_emulator/objects", openaiUrl));
  const kinds = Object.entries(Objects.parse(await reply.json()));
  const objects = kinds.flatMap(([kind, list]) => list.map(({ id }) => ({ kind, id })));
  const { rows } = await database.query<{ id: string }>(KNOWN_AT_OPENAI);
  const known = new Set(rows.map(({ id }) => id));
  return objects.filter(({ id }) => !known.has(id));
}

const KNOWN_AT_OPENAI = `
  select s.thread_id as id from public.chat_sessions s
  union all select t.response_id from public.chat_turns t
  union all select m.response_id from public.chat_messages m
  union all select f.openai_file_id from public.chat_files f
  union all select v.store_id from public.vector_stores v
  union all select d.remote_id from private.remote_deletions d`;
