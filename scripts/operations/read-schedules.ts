import { Cron } from "croner";
import type pg from "pg";

/** A row of `private.schedules`, with the times of its cron expression. */
export interface ScheduleState {
  name: string;
  cron: string;
  /** The edge function's path, or the SQL function's name. */
  target: string;
  is_enabled: boolean;
  last_run_at: Date | null;
  /** The result of the last run. While pg_net waits for a response, the result of the run before. */
  last_status: string | null;
  /** Null when the schedule is disabled or its cron expression is invalid. */
  next_run_at: Date | null;
  /** The time of the first missed run. Runs that fell due while the server was down do not count. */
  overdue_since: Date | null;
}

type Row = Omit<ScheduleState, "next_run_at" | "overdue_since"> & { waiting_since: Date };

/** Reads all schedules, in the order of their names, with their times as of `now`. */
export async function readSchedules(client: pg.Client, now: Date): Promise<ScheduleState[]> {
  const { rows } = await client.query<Row>(`
    select s.name, s.cron, coalesce('/' || s.function_path, 'private.' || s.sql_function || '()') as target,
      s.is_enabled, s.last_run_at, coalesce(r.status, s.last_status) as last_status,
      greatest(s.last_run_at, pg_postmaster_start_time()) as waiting_since
    from private.schedules s
    left join lateral (
      select h.status from private.read_http_results() h where h.name = s.name order by h.call_id desc limit 1
    ) r on true
    order by s.name
  `);
  return rows.map(({ waiting_since, ...row }) => ({ ...row, ...timesOf(row, waiting_since, now) }));
}

function timesOf({ cron, is_enabled }: Pick<Row, "cron" | "is_enabled">, since: Date, now: Date) {
  if (!is_enabled) return { next_run_at: null, overdue_since: null };
  try {
    const clock = new Cron(cron, { timezone: "UTC", mode: "5-part" });
    const awaited = clock.nextRun(since);
    return {
      next_run_at: clock.nextRun(now),
      overdue_since: awaited && awaited < now ? awaited : null,
    };
  } catch {
    return { next_run_at: null, overdue_since: null };
  }
}
