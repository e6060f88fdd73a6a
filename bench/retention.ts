import pg from "pg";
import { SUPERUSER } from "../local/postgres/names.ts";
import { startScratchDatabase } from "../local/scratch-database.ts";
import { type Measure, milliseconds, quantile, ratio } from "./report.ts";

/** Rows of activity, nine of ten of them too old; `BENCH_RETENTION_ROWS` takes fewer for a quick look. */
const ROWS = Number(process.env.BENCH_RETENTION_ROWS ?? 5_000_000);
const USERS = 1_000;

interface Deletion {
  rows: number;
  rowsPerSecond: number;
  /** How long a user's insert and select took while it ran. */
  waits: number[];
}

/** Retention of most of a large table against one plain DELETE of as many rows, and what users feel of either. */
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
  const plain = await measure(user, () => deletePlainly(client));
  await client.query("vacuum analyze public.user_activity");
  const retention = await measure(user, () => runRetention(client));
  return [
    ...describe("one DELETE", plain),
    ...describe("retention", retention),
    {
      name: "retention / one DELETE, rows a second",
      value: ratio(retention.rowsPerSecond, plain.rowsPerSecond),
    },
  ];
}

/** In the order of time, as a log grows. As the superuser, who can leave out the look at the foreign key of every row. */
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

async function measure(
  user: pg.Client,
  run: () => Promise<number>,
): Promise<Deletion> {
  const running = { waits: [] as number[], ended: false };
  const usersWork = useTable(user, running);
  const startedAt = performance.now();
  const rows = await run();
  const seconds = (performance.now() - startedAt) / 1000;
  running.ended = true;
  await usersWork;
  return { rows, rowsPerSecond: rows / seconds, waits: running.waits };
}

/** Rolled back, so that retention finds the same rows. */
async function deletePlainly(client: pg.Client): Promise<number> {
  await client.query("begin");
  const { rowCount } = await client.query(
    "delete from public.user_activity where created_at < now() - interval '365 days'",
  );
  await client.query("rollback");
  return rowCount ?? 0;
}

/** As the clock does: run after run, for as long as one ends unfinished. */
async function runRetention(client: pg.Client): Promise<number> {
  const { rows: [schedule] } = await client.query<{ command: string }>(
    "select private.sql_schedule_command('retention') as command",
  );
  for (;;) {
    await client.query(schedule?.command ?? "");
    const { rows: [row] } = await client.query<{ last_status: string }>(
      "select last_status from private.schedules where name = 'retention'",
    );
    if (row?.last_status === "ok") return await countPurged(client);
    if (row?.last_status !== "unfinished") throw new Error(`retention: ${row?.last_status}`);
  }
}

/** One user after another logs something and reads the own newest activity, the oldest with it. */
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
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

async function countPurged(client: pg.Client): Promise<number> {
  const { rows: [row] } = await client.query<{ deleted: number }>(
    "select deleted::integer from private.purge_counts where kind = 'user_activity'",
  );
  return row?.deleted ?? 0;
}

function describe(name: string, { rows, rowsPerSecond, waits }: Deletion): Measure[] {
  return [
    {
      name: `${name}: ${rows.toLocaleString("en")} of ${ROWS.toLocaleString("en")} rows`,
      value: `${Math.round(rowsPerSecond).toLocaleString("en")} rows/s`,
    },
    {
      name: `${name}: a user's insert and select, p50, longest`,
      value: `${milliseconds(quantile(waits, 0.5))}, ${milliseconds(Math.max(...waits))}`,
    },
  ];
}

async function connect(url: string): Promise<pg.Client & AsyncDisposable> {
  const client = new pg.Client(url);
  await client.connect();
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}
