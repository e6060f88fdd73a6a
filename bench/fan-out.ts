import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { findDescendant } from "../tests/helpers/process-memory.ts";
import { type Measure, measure } from "./report.ts";
import { type BenchStack, startBenchStack, temporaryState } from "./stack.ts";

const DUE = 5_000;
/** The lookouts of one user, and the number of other users who share the rest. */
const OF_ONE_USER = 1_000;
const OTHERS = 400;
/** The time that OpenAI takes for a reply. */
const REPLY_MS = 20_000;
const LONGEST_MS = 15 * 60_000;
/** The number for which `docs/scale.md` shows the arithmetic. */
const MANY = 100_000;

interface Progress {
  started: number;
  ended: number;
}

/**
 * Measures lookouts that are due at one minute, with the real functions and the emulator over HTTP: how fast they
 * start, how fast they end, and what it costs the functions.
 */
export async function measureFanOut(): Promise<Measure[]> {
  await using state = await temporaryState();
  await using stack = await startBenchStack(state.directory);
  await behave(stack, { ttft_ms: REPLY_MS });
  const database = new pg.Pool({ connectionString: stack.status.DB_URL, max: 2 });
  try {
    await seed(database);
    const pid = await findDescendant(stack.pid, "functions-server");
    const before = await cpuMilliseconds(pid);
    const { startMs, endMs, startCpu } = await watchRuns(database, pid);
    const cpu = await cpuMilliseconds(pid) - before;
    const calls = await count(database, "select count(*) from private.schedule_calls");
    const perSecond = DUE / startMs * 1000;
    return [
      measure(`${DUE} lookouts due at once: started per second`, perSecond, { format: perUnit }),
      measure("  CPU of the functions for one start", (startCpu - before) / DUE, { format: ms }),
      measure("  CPU of the functions for one start and its end", cpu / DUE, { format: ms }),
      measure("  the last has ended after", endMs / 1000, { format: seconds }),
      measure("  started twice, or never", await countWrong(database), { target: { most: 0 } }),
      measure("  longest delay of a user with one lookout", await longestDelay(database), {
        format: seconds,
        target: { most: 30 },
      }),
      measure(`  ${MANY} at this speed: all started after`, MANY / perSecond / 60, {
        format: (value) => `${value.toFixed(1)} min`,
      }),
      measure("  calls still open at the end", calls, { target: { most: 0 } }),
    ];
  } finally {
    await database.end();
  }
}

async function behave({ status }: BenchStack, behaviour: Record<string, unknown>): Promise<void> {
  const url = new URL("/_emulator/behaviour", status.OPENAI_BASE_URL);
  await fetch(url, { method: "PUT", body: JSON.stringify(behaviour) });
}

/** Creates users and their lookouts, all due at the next full minute. */
async function seed(database: pg.Pool): Promise<void> {
  await database.query(
    "update public.plans set monthly_searches = null, max_lookouts = null, monthly_budget = null",
  );
  await database.query(
    `with users as (
       insert into auth.users (id, email, email_confirmed_at)
       select gen_random_uuid(), 'fan-out-' || n || '@example.com', now() from generate_series(0, $1::integer) n
       returning id, email
     )
     select count(*) from users`,
    [OTHERS],
  );
  await database.query(
    `insert into public.lookouts
       (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select p.id, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC',
       date_trunc('minute', now() + interval '70 seconds')
     from public.profiles p
     cross join lateral generate_series(1, case
       when p.email = 'fan-out-0@example.com' then $1::integer
       when p.email = 'fan-out-1@example.com' then 1
       else ($2::integer - $1::integer - 1) / ($3::integer - 1) end) n
     where p.email like 'fan-out-%'`,
    [OF_ONE_USER, DUE, OTHERS],
  );
  const missing = DUE - await count(database, "select count(*) from public.lookouts");
  await database.query(
    `insert into public.lookouts
       (user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at)
     select user_id, title, prompt, assistant_slug, frequency, cron_schedule, timezone, next_run_at
     from public.lookouts order by user_id limit $1`,
    [missing],
  );
  await database.query("analyze");
}

/** Waits until all runs have ended. Times are in milliseconds since the minute in which they were due. */
async function watchRuns(database: pg.Pool, pid: number) {
  const { rows: [due] } = await database.query<{ at: Date }>(
    "select min(next_run_at) as at from public.lookouts",
  );
  const dueAt = due?.at.getTime() ?? NaN;
  let startCpu: number | undefined;
  let startMs = NaN;
  for (const until = dueAt + LONGEST_MS; Date.now() < until; await delay(250)) {
    const { started, ended } = await readProgress(database);
    if (started >= DUE && startCpu === undefined) {
      startCpu = await cpuMilliseconds(pid);
      startMs = Date.now() - dueAt;
    }
    if (ended >= DUE) break;
  }
  return { startMs, endMs: Date.now() - dueAt, startCpu: startCpu ?? NaN };
}

async function readProgress(database: pg.Pool): Promise<Progress> {
  const { rows: [row] } = await database.query<Progress>(
    `select count(r.turn_started_at)::integer as started,
       count(*) filter (where r.status <> 'running')::integer as ended
     from public.lookout_runs r`,
  );
  return row ?? { started: 0, ended: 0 };
}

/** Returns the lookouts without a run, plus those with several, plus messages beyond one a run. */
function countWrong(database: pg.Pool): Promise<number> {
  return count(
    database,
    `select abs(${DUE} - count(distinct r.lookout_id)) + abs(count(*) - count(distinct r.lookout_id))
       + abs(count(*) - (select count(*) from public.chat_messages where sender = 'user'))
       + count(*) filter (where r.status <> 'complete')
     from public.lookout_runs r`,
  );
}

/** Returns how long the lookout of the user who has only one waited for its start, in seconds. */
function longestDelay(database: pg.Pool): Promise<number> {
  return count(
    database,
    `select max(extract(epoch from r.turn_started_at - r.scheduled_at))
     from public.lookout_runs r join public.profiles p on p.id = r.user_id
     where p.email = 'fan-out-1@example.com'`,
  );
}

async function count(database: pg.Pool, text: string): Promise<number> {
  const { rows: [row] } = await database.query<Record<string, unknown>>(text);
  return Number(Object.values(row ?? {})[0]);
}

/** Returns the user and system time of a process; the kernel counts in hundredths of a second. */
async function cpuMilliseconds(pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

const perUnit = (value: number) => `${value.toFixed(0)}/s`;
const ms = (value: number) => `${value.toFixed(1)} ms`;
const seconds = (value: number) => `${value.toFixed(0)} s`;
