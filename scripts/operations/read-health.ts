import type pg from "pg";
import { type BillingHealth, readBilling } from "./read-billing.ts";
import { readSchedules, type ScheduleState } from "./read-schedules.ts";

/** The health of a database in operation. Sizes are in bytes, ages in seconds. */
export interface Health {
  checked_at: Date;
  /** The release of Parley in the database. */
  release: string;
  connections: {
    used: number;
    max: number;
    active: number;
    idle_in_transaction: number;
    /** The age of the oldest transaction. */
    oldest_transaction: number | null;
  };
  cache: { hit_ratio: number | null; blocks: number };
  /** The largest tables, with the numbers of their scans. */
  tables: {
    name: string;
    bytes: number;
    rows: number;
    dead_rows: number;
    sequential_scans: number;
    index_scans: number;
  }[];
  /** The indexes that were never used since the statistics began, without those of constraints. */
  unused_indexes: { name: string; table: string; bytes: number }[];
  /** The pending deletions at OpenAI and in Storage, and those of customers at Stripe. */
  outbox: {
    waiting: number;
    oldest: number | null;
    customers: number;
    oldest_customer: number | null;
  };
  stuck_turns: { count: number; oldest: number | null };
  /** The replies that failed in the last hour because OpenAI rejected a setting, and their assistants. */
  misconfigured: { replies: number; assistants: string[] };
  /** The lookouts that are due and have not run. */
  late_lookouts: { count: number; oldest: number | null };
  /** The accounts with a requested deletion whose login still exists. */
  waiting_accounts: { count: number; oldest: number | null };
  /** The costs of this month (UTC) in US dollars, and the number of users who have used most of their budget. */
  costs: { total: number; budget: number | null; users_near_budget: number };
  /** What subscriptions and payments could not give, with an example each, and changes of plans that still wait. */
  entitlements: {
    refused_credits: number;
    refused_payment: string | null;
    unknown_amounts: number;
    unknown_subscription: string | null;
    waiting: number;
    oldest: number | null;
  };
  /** The events of the last seven days. */
  /** The events of a week that failed, and those that have waited for a minute. The age is in seconds. */
  stripe_events: { failed: number; waiting: number; oldest: number | null };
  billing: BillingHealth;
  /** True if Realtime has its tables, but no policy lets users join the channels of live events. */
  lacks_live_events: boolean;
  /** The number of vector stores by status. */
  stores: Record<string, number>;
  schedules: ScheduleState[];
  /** The number of rows that retention has deleted since the start of yesterday (UTC), by kind. */
  purges: Record<string, number>;
}

/** A turn without progress for this time is stuck: turn-recovery has not resumed it either. */
const STUCK_AFTER = "5 minutes";
/** Lookouts and deletions of accounts normally start within a minute. */
const LATE_AFTER = "30 minutes";
const WAITING_AFTER = "1 hour";

/** The share of a budget from which on the report mentions it. */
export const NEAR_BUDGET = 0.8;

const RELEASE = "select private.release() as release";

const CONNECTIONS = `
  select
    count(*)::integer as used,
    current_setting('max_connections')::integer as max,
    count(*) filter (where state = 'active')::integer as active,
    count(*) filter (where starts_with(state, 'idle in transaction'))::integer as idle_in_transaction,
    extract(epoch from now() - min(xact_start))::float8 as oldest_transaction
  from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()
`;

const CACHE = `
  select round(blks_hit::numeric / nullif(blks_hit + blks_read, 0), 4)::float8 as hit_ratio,
    (blks_hit + blks_read)::float8 as blocks
  from pg_stat_database
  where datname = current_database()
`;

const TABLES = `
  select relid::regclass::text as name, pg_total_relation_size(relid)::float8 as bytes,
    n_live_tup::float8 as rows, n_dead_tup::float8 as dead_rows,
    seq_scan::float8 as sequential_scans, coalesce(idx_scan, 0)::float8 as index_scans
  from pg_stat_user_tables
  where schemaname in ('public', 'private', 'auth', 'storage')
  order by bytes desc, name
  limit 20
`;

const UNUSED_INDEXES = `
  select s.indexrelid::regclass::text as name, s.relid::regclass::text as table,
    pg_relation_size(s.indexrelid)::float8 as bytes
  from pg_stat_user_indexes s
  join pg_index i on i.indexrelid = s.indexrelid
  where s.schemaname in ('public', 'private') and s.idx_scan = 0 and not i.indisunique
  order by bytes desc, name
`;

const STUCK_TURNS = `
  select count(*)::integer as count, extract(epoch from now() - min(progressed_at))::float8 as oldest
  from public.chat_turns
  where status = 'active' and progressed_at < now() - interval '${STUCK_AFTER}'
`;

// Starts from the turns, whose rows are much smaller than those of messages.
const MISCONFIGURED = `
  select count(*)::integer as replies,
    coalesce(array_agg(distinct s.assistant_slug order by s.assistant_slug), '{}') as assistants
  from public.chat_turns t
  join public.chat_messages m on m.id = t.assistant_message_id
  join public.chat_sessions s on s.id = t.session_id
  where t.status = 'failed' and t.finished_at > now() - interval '1 hour'
    and m.error ->> 'code' = 'provider_misconfigured'
`;

const LATE_LOOKOUTS = `
  select count(*)::integer as count, extract(epoch from now() - min(next_run_at))::float8 as oldest
  from public.lookouts
  where status = 'active' and next_run_at < now() - interval '${LATE_AFTER}'
`;

const WAITING_ACCOUNTS = `
  select count(*)::integer as count, extract(epoch from now() - min(d.requested_at))::float8 as oldest
  from private.account_deletions d
  join public.profiles p on p.id = d.profile_id
  where p.auth_id is not null and d.requested_at < now() - interval '${WAITING_AFTER}'
`;

const OUTBOX = `
  select
    count(*) filter (where not is_customer)::integer as waiting,
    extract(epoch from now() - min(created_at) filter (where not is_customer))::float8 as oldest,
    count(*) filter (where is_customer)::integer as customers,
    extract(epoch from now() - min(created_at) filter (where is_customer))::float8 as oldest_customer
  from (select created_at, kind = 'stripe_customer' as is_customer from private.remote_deletions) d
`;

const COSTS = `
  select
    coalesce(sum(c.spent + c.reserved), 0)::float8 as total,
    (select project_monthly_budget from private.usage_policy)::float8 as budget,
    (count(*) filter (
      where c.spent + c.reserved + c.carried >= l.monthly_budget * ${NEAR_BUDGET}
    ))::integer as users_near_budget
  from public.monthly_costs c
  join public.profiles p on p.id = c.user_id
  join public.plans l on l.slug = p.subscription_plan
  where c.month = private.this_month()
`;

const ENTITLEMENTS = `
  select c.*, s.*, w.*
  from (
    select count(*)::integer as refused_credits,
      min(coalesce(p.stripe_invoice_id, p.stripe_payment_intent_id)) as refused_payment
    from private.refused_credits r
    join public.payments p on p.id = r.payment_id
  ) c, (
    select count(*)::integer as unknown_amounts, min(stripe_subscription_id) as unknown_subscription
    from public.subscriptions
    where amount is null and ticket > 0 and status in ('trialing', 'active', 'past_due')
  ) s, (
    select count(*)::integer as waiting, extract(epoch from now() - min(created_at))::float8 as oldest
    from private.entitlement_changes
  ) w
`;

const STRIPE_EVENTS = `
  select
    count(*) filter (where status = 'failed' and received_at > now() - interval '7 days')::integer as failed,
    count(*) filter (where is_late)::integer as waiting,
    extract(epoch from now() - min(received_at) filter (where is_late))::float8 as oldest
  from (
    select status, received_at, status = 'processing' and received_at < now() - interval '1 minute' as is_late
    from public.stripe_events
    where status in ('failed', 'processing')
  ) e
`;

const STORES = `
  select coalesce(jsonb_object_agg(status, count), '{}') as by_status
  from (select status, count(*) from public.vector_stores group by status) s
`;

const LIVE_EVENTS = `
  select to_regclass('realtime.messages') is not null and not exists (
    select from pg_policies
    where schemaname = 'realtime' and tablename = 'messages' and policyname = 'parley_messages_select_own'
  ) as is_lacking
`;

const PURGES = `
  select coalesce(jsonb_object_agg(kind, deleted order by kind), '{}') as by_kind
  from (
    select kind, sum(deleted) as deleted
    from private.purge_counts
    where day >= (now() at time zone 'UTC')::date - 1
    group by kind
    having sum(deleted) > 0
  ) p
`;

/** Reads the health of the database as role `postgres`, in a read-only transaction. */
export async function readHealth(client: pg.Client, now: Date): Promise<Health> {
  await client.query("begin transaction read only; set local statement_timeout = '30s'");
  try {
    return {
      checked_at: now,
      release: (await one<{ release: string }>(client, RELEASE)).release,
      connections: await one(client, CONNECTIONS),
      cache: await one(client, CACHE),
      tables: (await client.query(TABLES)).rows,
      unused_indexes: (await client.query(UNUSED_INDEXES)).rows,
      outbox: await one(client, OUTBOX),
      stuck_turns: await one(client, STUCK_TURNS),
      misconfigured: await one(client, MISCONFIGURED),
      late_lookouts: await one(client, LATE_LOOKOUTS),
      waiting_accounts: await one(client, WAITING_ACCOUNTS),
      costs: await one(client, COSTS),
      entitlements: await one(client, ENTITLEMENTS),
      stripe_events: await one(client, STRIPE_EVENTS),
      billing: await readBilling(client),
      lacks_live_events: (await one<{ is_lacking: boolean }>(client, LIVE_EVENTS)).is_lacking,
      stores: (await one<{ by_status: Health["stores"] }>(client, STORES)).by_status,
      schedules: await readSchedules(client, now),
      purges: (await one<{ by_kind: Health["purges"] }>(client, PURGES)).by_kind,
    };
  } finally {
    await client.query("rollback");
  }
}

async function one<Row extends pg.QueryResultRow>(client: pg.Client, text: string): Promise<Row> {
  const { rows: [row] } = await client.query<Row>(text);
  if (!row) throw new Error("The database's statistics are not readable for this role.");
  return row;
}
