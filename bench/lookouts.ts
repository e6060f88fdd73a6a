import pg from "pg";
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { compareRounds, type Measure, measure } from "./report.ts";

const DUE = 10_000;
const CLAIMERS = 8;
const ROUNDS = 3;
/** Lookouts per claim: the number that the lookouts function claims, and all that one call starts. */
const BATCHES = [16, 50];

const CLAIM = "select run_id as id from public.claim_due_lookouts($1)";
/** No run rows, no lease and no `skip locked`: enough for a single client that has the table to itself. */
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

/** Measures several clients that claim due lookouts, against one client that only updates the same rows. */
export async function measureLookouts(): Promise<Measure[]> {
  await using database = await startScratchDatabase();
  const url = database.url("postgres");
  await seed(url);
  const rates = BATCHES.map(() => ({ claimed: [] as number[][], plain: [] as number[][] }));
  let wrong = 0;
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, batch] of BATCHES.entries()) {
      const plain = await measureClaims(url, 1, PLAIN, batch);
      const claimed = await measureClaims(url, CLAIMERS, CLAIM, batch);
      wrong += plain.wrong + claimed.wrong + await countWrongRuns(url);
      rates[index]?.plain.push([plain.rate]);
      rates[index]?.claimed.push([claimed.rate]);
    }
  }
  const format = (rate: number) => `${rate.toFixed(0)}/s`;
  return [
    ...rates.map(({ claimed, plain }, index) =>
      compareRounds(
        `${DUE} due lookouts, ${CLAIMERS} claimers, ${BATCHES[index]} a claim : one plain update`,
        claimed,
        plain,
        { format },
      )
    ),
    measure("  claimed twice, or never", wrong, { target: { most: 0 } }),
  ];
}

interface Claims {
  /** Lookouts claimed per second. */
  rate: number;
  /** The number of lookouts that were claimed twice or never. */
  wrong: number;
}

async function seed(url: string): Promise<void> {
  await query(
    url,
    `with users as (
       insert into public.profiles (email) select 'user-' || n || '@example.com' from generate_series(1, 1000) n
       returning id
     )
     insert into public.lookouts
       (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select u.id, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now()
     from users u, generate_series(1, $1::integer / 1000)`,
    [DUE],
  );
}

/** Makes everything due, and lets the clients claim until nothing is left. */
async function measureClaims(
  url: string,
  claimers: number,
  claim: string,
  batch: number,
): Promise<Claims> {
  await query(url, "delete from public.lookout_runs");
  await query(
    url,
    `update public.lookouts
     set status = 'active', lease_until = null, next_run_at = now() - random() * interval '1 hour'`,
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
  const distinct = new Set(ids).size;
  return { rate: DUE / seconds, wrong: DUE - distinct + ids.length - distinct };
}

async function claimAll(client: pg.Client, claim: string, batch: number): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const { rows } = await client.query<{ id: string }>(claim, [batch]);
    if (rows.length === 0) return ids;
    ids.push(...rows.map(({ id }) => id));
  }
}

/** Returns the number of lookouts without a run, plus extra runs of lookouts that have one. */
async function countWrongRuns(url: string): Promise<number> {
  const [row] = await query(
    url,
    `select $1::integer - count(distinct lookout_id) + count(*) - count(distinct lookout_id) as wrong
     from public.lookout_runs`,
    [DUE],
  );
  return Number(row?.wrong);
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
