import pg from "pg";
import { startScratchDatabase } from "../local/scratch-database.ts";
import { type Measure, ratio } from "./report.ts";

const DUE = 10_000;
const CLAIMERS = 8;
/** Runs of one claim: what the lookouts function takes, and a batch. */
const BATCHES = [1, 10];

const CLAIM = "select run_id as id from public.claim_due_lookouts($1)";
/** No run rows, no lease, no skip locked: what one claimer needs that has the table to itself. */
const PLAIN = `
  update public.lookouts l
  set status = 'running'
  from (
    select id from public.lookouts
    where status = 'active' and next_run_at <= now()
    order by next_run_at
    limit $1
  ) due
  where l.id = due.id
  returning l.id`;

/** Claiming due lookouts, several claimers at once, against one that updates the same rows plainly. */
export async function measureLookouts(): Promise<Measure[]> {
  await using database = await startScratchDatabase();
  const url = database.url("postgres");
  await seed(url);
  const measures: Measure[] = [];
  for (const batch of BATCHES) {
    const plain = await measureClaims(url, 1, PLAIN, batch);
    const claimed = await measureClaims(url, CLAIMERS, CLAIM, batch);
    await checkRuns(url);
    measures.push({
      name: `${DUE} due lookouts, ${CLAIMERS} claimers, ${batch} a claim`,
      value: `${Math.round(claimed)} runs/s, ${ratio(claimed, plain)} of one plain update's ${
        Math.round(plain)
      }/s, none twice`,
    });
  }
  return measures;
}

async function seed(url: string): Promise<void> {
  await query(
    url,
    `with users as (
       insert into public.profiles (email) select 'user-' || n || '@example.com' from generate_series(1, 1000) n
       returning id
     )
     insert into public.lookouts (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select u.id, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now()
     from users u, generate_series(1, $1::integer / 1000)`,
    [DUE],
  );
}

/** Lookouts claimed in a second. Throws unless each was claimed exactly once. */
async function measureClaims(
  url: string,
  claimers: number,
  claim: string,
  batch: number,
): Promise<number> {
  await query(url, "delete from public.lookout_runs");
  await query(
    url,
    "update public.lookouts set status = 'active', lease_until = null, next_run_at = now() - random() * interval '1 hour'",
  );
  await query(url, "vacuum analyze public.lookouts, public.lookout_runs");
  const clients = await Promise.all(Array.from({ length: claimers }, async () => {
    const client = new pg.Client(url);
    await client.connect();
    return client;
  }));
  const startedAt = performance.now();
  const claimed = await Promise.all(clients.map((client) => claimAll(client, claim, batch)));
  const seconds = (performance.now() - startedAt) / 1000;
  await Promise.all(clients.map((client) => client.end()));
  const ids = claimed.flat();
  if (ids.length !== DUE || new Set(ids).size !== DUE) {
    throw new Error("a lookout was lost or doubled");
  }
  return DUE / seconds;
}

async function claimAll(client: pg.Client, claim: string, batch: number): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const { rows } = await client.query<{ id: string }>(claim, [batch]);
    if (rows.length === 0) return ids;
    ids.push(...rows.map(({ id }) => id));
  }
}

async function checkRuns(url: string): Promise<void> {
  const [row] = await query(
    url,
    "select count(*)::integer as runs, count(distinct lookout_id)::integer as lookouts from public.lookout_runs",
  );
  if (row?.runs !== DUE || row.lookouts !== DUE) throw new Error("a run was lost or doubled");
}

async function query(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return (await client.query(text, values)).rows;
  } finally {
    await client.end();
  }
}
