import pg from "pg";
import { vi } from "vitest";
import { asPostgres, stack } from "./stack.ts";

const WAITING = `
  with recursive waiting (pid) as (
    select pid from pg_stat_activity where $1 = any (pg_blocking_pids(pid))
    union
    select a.pid from pg_stat_activity a join waiting w on w.pid = any (pg_blocking_pids(a.pid))
  )
  select count(*)::integer as count from waiting`;

/**
 * Starts actions one after the other while a transaction holds the rows that `lock` locks. Each action starts once the
 * previous one waits. The transaction ends when all wait, so that they really race, in this order.
 */
export async function raceBehind<T>(
  lock: string,
  values: unknown[],
  actions: (() => PromiseLike<T>)[],
): Promise<T[]> {
  const client = new pg.Client(stack.DB_URL);
  await client.connect();
  try {
    await client.query("begin");
    await client.query(lock, values);
    const { rows: [holder] } = await client.query<{ pid: number }>(
      "select pg_backend_pid() as pid",
    );
    const started: Promise<T>[] = [];
    for (const act of actions) {
      started.push(Promise.resolve(act()));
      await vi.waitFor(async () => {
        const [waiting] = await asPostgres<{ count: number }>(WAITING, [holder?.pid]);
        if (waiting?.count !== started.length) throw new Error("not all of them wait yet");
      }, { timeout: 10_000, interval: 20 });
    }
    await client.query("commit");
    return await Promise.all(started);
  } finally {
    await client.end();
  }
}
