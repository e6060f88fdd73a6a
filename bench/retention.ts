import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { SUPERUSER } from "../local/postgres/names.ts";
import { startScratchDatabase } from "../local/postgres/scratch-database.ts";
import { compare, type Measure, measure, milliseconds, quantile, type Target } from "./report.ts";

/** Rows of activity, nine of ten too old; `BENCH_RETENTION_ROWS` sets fewer for a quick run. */
const ROWS = Number(process.env.BENCH_RETENTION_ROWS ?? 5_000_000);
const USERS = 1_000;
const QUIET_MS = 5_000;
/** Postgres' `deadlock_timeout`: a shorter wait does not start a search for deadlocks. */
const LOCK_TARGET = { most: 1_000 };
/** Relative to a user's insert and select when nothing is deleted. */
const USER_TARGET = { most: 2 };

interface Deletion {
  rows: number;
  rowsPerSecond: number;
  /** The duration of each transaction in milliseconds; it held the locks of its rows for at most that time. */
  transactions: number[];
  /** The duration of a user's insert and select meanwhile, in milliseconds. */
  waits: number[];
}

/**
 * Measures retention of most of a large table against one plain DELETE of the same rows: speed, locks, and
 * delays for users.
 */
export async function measureRetention(): Promise<Measure[]> {
  await using database = await startScratchDatabase();
  await using client = await connect(database.url("postgres"));
  await using user = await connect(database.url("postgres"));
  await client.query(
    `insert into public.profiles (email)
     select 'user-' || n || '@example.com' from generate_series(1, $1::integer) n`,
    [USERS],
  );

  await seed(database.url(SUPERUSER));
  const quiet = await watchUsers(user, () => delay(QUIET_MS));
  const plain = await measureDeletion(user, (transactions) => deletePlainly(client, transactions));
  await client.query("vacuum analyze public.user_activity");
  const retention = await measureDeletion(
    user,
    (transactions) => runRetention(client, transactions),
  );
  if (retention.rows !== plain.rows) {
    throw new Error("retention deleted another number of rows than the plain DELETE");
  }
  return [
    ...compareDeletions(retention, plain),
    ...describeWaits("retention", retention.waits, quiet, USER_TARGET),
    ...describeWaits("one DELETE", plain.waits, quiet),
  ];
}

function compareDeletions(retention: Deletion, plain: Deletion): Measure[] {
  const longest = Math.max(...retention.transactions);
  return [
    compare(
      `${count(retention.rows)} of ${count(ROWS)} rows: retention : one DELETE`,
      retention.rowsPerSecond,
      plain.rowsPerSecond,
      { format: (rate) => `${count(rate)}/s` },
    ),
    measure("  longest lock held by retention", longest, {
      format: milliseconds,
      target: LOCK_TARGET,
    }),
    compare(
      "  longest lock held, retention : one DELETE",
      longest,
      Math.max(...plain.transactions),
    ),
    measure("  p50 of its transactions", quantile(retention.transactions, 0.5), {
      format: milliseconds,
    }),
  ];
}

function describeWaits(
  what: string,
  waits: number[],
  quiet: number[],
  target?: Target,
): Measure[] {
  const name = `a user's insert and select, ${what} : nothing deleted`;
  return [
    compare(`${name}, p50`, quantile(waits, 0.5), quantile(quiet, 0.5), { target }),
    compare("  longest", Math.max(...waits), Math.max(...quiet)),
  ];
}

/** Adds rows in the order of time, as a log grows. Runs as the superuser, who can skip the foreign key checks. */
async function seed(url: string): Promise<void> {
  await using client = await connect(url);
  await client.query("set session_replication_role = replica");
  await client.query(
    `with users as (select array_agg(id) as ids from public.profiles)
     insert into public.user_activity (user_id, action, data, created_at)
     select u.ids[1 + n % $2::integer], 'turn_started', jsonb_build_object('session_id', u.ids[1 + n % $2::integer]),
       now() - case when n <= $1::integer / 10 * 9 then interval '400 days' else interval '100 days' end
         + n * interval '30 days' / $1::integer
     from users u, generate_series(1, $1::integer) n`,
    [ROWS, USERS],
  );
  await client.query("vacuum analyze public.user_activity");
}

async function measureDeletion(
  user: pg.Client,
  run: (transactions: number[]) => Promise<number>,
): Promise<Deletion> {
  const transactions: number[] = [];
  let rows = 0;
  const waits = await watchUsers(user, async () => {
    rows = await run(transactions);
  });
  const seconds = transactions.reduce((sum, each) => sum + each, 0) / 1000;
  return { rows, rowsPerSecond: rows / seconds, transactions, waits };
}

/** Returns the delays of users while `run` runs, in milliseconds. */
async function watchUsers(user: pg.Client, run: () => Promise<void>): Promise<number[]> {
  const running = { waits: [] as number[], ended: false };
  const usersWork = useTable(user, running);
  try {
    await run();
  } finally {
    running.ended = true;
    await usersWork;
  }
  return running.waits;
}

/** Rolls the deletion back, so that retention finds the same rows. */
async function deletePlainly(client: pg.Client, transactions: number[]): Promise<number> {
  const startedAt = performance.now();
  await client.query("begin");
  const { rowCount } = await client.query(
    "delete from public.user_activity where created_at < now() - interval '365 days'",
  );
  await client.query("rollback");
  transactions.push(performance.now() - startedAt);
  return rowCount ?? 0;
}

/** Makes the calls of `private.sql_schedule_command` one by one, because each is a transaction to time. */
async function runRetention(client: pg.Client, transactions: number[]): Promise<number> {
  for (let isMore = true; isMore;) {
    const startedAt = performance.now();
    const { rows: [row] } = await client.query<{ is_more: boolean }>(
      "select private.run_sql_schedule('retention') as is_more",
    );
    transactions.push(performance.now() - startedAt);
    isMore = row?.is_more ?? false;
  }
  const { rows: [row] } = await client.query<{ last_status: string }>(
    "select last_status from private.schedules where name = 'retention'",
  );
  if (row?.last_status !== "ok") throw new Error(`retention: ${row?.last_status}`);
  return await countPurged(client);
}

/** Lets one user after another add activity and read their own newest activity. */
async function useTable(
  user: pg.Client,
  running: { waits: number[]; ended: boolean },
): Promise<void> {
  const { rows: users } = await user.query<{ id: string }>("select id from public.profiles");
  for (let turn = 0; !running.ended; turn += 1) {
    const id = users[turn % users.length]?.id;
    const startedAt = performance.now();
    await user.query("insert into public.user_activity (user_id, action) values ($1, 'read')", [
      id,
    ]);
    await user.query(
      "select * from public.user_activity where user_id = $1 order by created_at desc limit 20",
      [id],
    );
    running.waits.push(performance.now() - startedAt);
    await delay(5);
  }
}

async function countPurged(client: pg.Client): Promise<number> {
  const { rows: [row] } = await client.query<{ deleted: number }>(
    "select deleted::integer from private.purge_counts where kind = 'user_activity'",
  );
  return row?.deleted ?? 0;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client(url);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
