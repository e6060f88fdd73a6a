import { Cron } from "croner";
import pRetry from "p-retry";
import type { Pool } from "pg";
import type { Log } from "../stack/log.ts";

/** The services that a run of schedules needs. */
export interface SchedulerPorts {
  /** Connects as role `postgres`. */
  database: Pool;
  /** Base URL of the edge functions. */
  functionsUrl: string;
  secretKey: string;
  log: Log;
}

/** The time, in milliseconds, that pg_net waits for a function on Supabase. See `sql/17_schedule`. */
const LONGEST_CALL_MS = 90_000;

interface Schedule {
  name: string;
  cron: string;
  function_path: string | null;
  body: Record<string, unknown>;
}

/**
 * Runs every enabled schedule whose cron expression matches this minute (UTC). Resolves when all have ended. The table
 * records the outcome of each. A failed schedule does not affect the others. The database decides how many calls of a
 * function are needed; a call that has worked leads to the next calls at once.
 */
export async function runDue(ports: SchedulerPorts, minute: Date): Promise<void> {
  const { rows } = await ports.database.query<Schedule>(
    "select name, cron, function_path, body from private.schedules where is_enabled order by name",
  );
  await Promise.all(rows.filter((row) => isDue(ports, row, minute)).map((row) => run(ports, row)));
}

function isDue({ log }: SchedulerPorts, { name, cron }: Schedule, minute: Date): boolean {
  try {
    return new Cron(cron, { timezone: "UTC", mode: "5-part" }).match(minute);
  } catch {
    log("scheduler", `${name} has an invalid cron expression: ${cron}`);
    return false;
  }
}

async function run(ports: SchedulerPorts, schedule: Schedule): Promise<void> {
  const { database, log } = ports;
  try {
    if (schedule.function_path === null) {
      await runSqlSchedule(database, schedule.name);
    } else {
      await runFunctionSchedule(ports, schedule);
    }
  } catch (error) {
    // The stack is being stopped.
    if (database.ending) return;
    log(
      "scheduler",
      `${schedule.name} did not run: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** Makes the calls that the due work needs, and after each that has worked, those that are then needed. */
async function runFunctionSchedule(ports: SchedulerPorts, schedule: Schedule): Promise<void> {
  const { rows } = await ports.database.query<{ id: string }>(
    "select id from private.open_calls($1) as o (id)",
    [schedule.name],
  );
  await Promise.all(rows.map(async ({ id }) => {
    const status = await callFunction(ports, schedule, Number(id));
    if (await closeCall(ports.database, id, status)) await runFunctionSchedule(ports, schedule);
  }));
}

/** Records the end of a call. Returns true if its function asked for the next calls. */
async function closeCall(database: Pool, id: string, status: string): Promise<boolean> {
  const close = () =>
    database.query<{ asks: boolean }>("select private.close_call($1, $2) as asks", [id, status]);
  const { rows: [row] } = await pRetry(close, { retries: 3, shouldRetry: () => !database.ending });
  return row?.asks ?? false;
}

/** Runs the command of pg_cron. It commits between calls, so it must run outside a transaction. */
async function runSqlSchedule(database: Pool, name: string): Promise<void> {
  const { rows: [row] } = await database.query<{ command: string }>(
    "select private.sql_schedule_command($1) as command",
    [name],
  );
  if (row) await database.query(row.command);
}

/** Sends the request that pg_net sends on Supabase: the secret key is in `apikey`, never in `authorization`. */
async function callFunction(
  { functionsUrl, secretKey }: SchedulerPorts,
  { function_path, body }: Schedule,
  call_id: number,
): Promise<string> {
  const call = new AbortController();
  const clock = setTimeout(() => call.abort(), LONGEST_CALL_MS);
  try {
    const response = await fetch(`${functionsUrl}/${function_path}`, {
      method: "POST",
      headers: { apikey: secretKey, "content-type": "application/json" },
      body: JSON.stringify({ ...body, call_id }),
      signal: call.signal,
    });
    await response.body?.cancel();
    return response.ok ? "ok" : String(response.status);
  } catch {
    return call.signal.aborted ? "timeout" : "unreachable";
  } finally {
    clearTimeout(clock);
  }
}
