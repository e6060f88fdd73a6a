import pg from "pg";
import { vi } from "vitest";
import { asPostgres, stack } from "../../helpers/stack.ts";

const WAITING = `
  with recursive waiting (pid) as (
    select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))
    union
    select a.pid from pg_stat_activity a join waiting w on w.pid = any (pg_blocking_pids(a.pid))
  )
  select count(*)::integer as count from waiting`;

/** Starts several actions and lets them go on only once all of them wait for a row, so that they truly race. */
export async function raceFor<T>(
  row: { table: "auth.users" | "auth.sessions"; id: string },
  actions: (() => Promise<T>)[],
): Promise<T[]> {
  const client = new pg.Client(stack.DB_URL);
  await client.connect();
  try {
    await client.query("begin");
    const { rows: [holder] } = await client.query<{ pid: number }>(
      `select pg_backend_pid() as pid from ${row.table} where id = $1 for update`,
      [row.id],
    );
    const results = Promise.all(actions.map((act) => act()));
    await vi.waitFor(async () => {
      const [waiting] = await asPostgres<{ count: number }>(WAITING, [holder?.pid]);
      if (waiting?.count !== actions.length) throw new Error("not all of them wait yet");
    }, { timeout: 10_000, interval: 20 });
    await client.query("commit");
    return await results;
  } finally {
    await client.end();
  }
}
