import { Cron } from "croner";
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
  /** Names of the schedules whose function has been called and has not answered yet. */
  underWay: Set<string>;
}

/** The time, in milliseconds, that pg_net waits for a function on Supabase. See `17_schedule.sql`. */
const LONGEST_CALL_MS = 90_000;

interface Schedule {
  name: string;
  cron: string;
  function_path: string | null;
  body: unknown;
}

/**
 * Runs every enabled schedule whose cron expression matches this minute (UTC). Resolves when all have ended. The table
 * records the outcome of each. A failed schedule does not affect the others. A function that has not answered yet is
 * not called again.
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

async function runFunctionSchedule(ports: SchedulerPorts, schedule: Schedule): Promise<void> {
  const { database, underWay } = ports;
  if (underWay.has(schedule.name)) return;
  underWay.add(schedule.name);
  try {
    const status = await callFunction(ports, schedule);
    await database.query("select private.record_schedule_run($1, $2)", [schedule.name, status]);
  } finally {
    underWay.delete(schedule.name);
  }
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
): Promise<string> {
  const call = new AbortController();
  const clock = setTimeout(() => call.abort(), LONGEST_CALL_MS);
  try {
    const response = await fetch(`${functionsUrl}/${function_path}`, {
      method: "POST",
      headers: { apikey: secretKey, "content-type": "application/json" },
      body: JSON.stringify(body),
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
