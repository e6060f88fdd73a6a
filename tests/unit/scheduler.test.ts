import type { Pool } from "pg";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { runDue } from "../../local/scheduler/run-due.ts";
import { startScheduler } from "../../local/scheduler/scheduler.ts";

beforeEach(() => vi.useFakeTimers({ now: new Date("2026-03-08T09:09:30Z") }));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A database without schedules that counts how often it was asked. */
function countingDatabase(): { asked: number; pool: Pool } {
  const database = {
    asked: 0,
    query(text: string) {
      if (text.startsWith("select")) database.asked += 1;
      return Promise.resolve({ rows: [] });
    },
  };
  // The scheduler calls only `query`.
  return Object.assign(database, { pool: database as unknown as Pool });
}

test("the scheduler checks for due schedules once a minute, until it is ended", async () => {
  const database = countingDatabase();
  const ports = { database: database.pool, functionsUrl: "", secretKey: "", log: () => {} };

  const end = startScheduler(ports);
  expect(database.asked).toBe(0);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(database.asked).toBe(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(database.asked).toBe(2);

  end();
  await vi.advanceTimersByTimeAsync(300_000);
  expect(database.asked).toBe(2);
});

test("a function that does not answer within 90 seconds is abandoned", async () => {
  const closed: unknown[] = [];
  const query = (text: string, values: unknown[] = []) => {
    if (text.includes("open_calls")) return Promise.resolve({ rows: [{ id: "7" }] });
    if (text.includes("close_call")) closed.push(values);
    const schedule = { name: "slow", cron: "0 9 * * *", function_path: "slow", body: {} };
    return Promise.resolve({ rows: [schedule] });
  };
  vi.stubGlobal(
    "fetch",
    (_url: string, { signal }: { signal?: AbortSignal }) =>
      new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))),
  );
  // The scheduler calls only `query`.
  const database = { query } as unknown as Pool;
  const ports = { database, functionsUrl: "", secretKey: "", log: () => {} };

  const ended = runDue(ports, new Date("2026-03-08T09:00:00Z"));
  await vi.advanceTimersByTimeAsync(89_000);
  expect(closed).toEqual([]);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(closed).toEqual([["7", "timeout"]]);
  await ended;
});

test.for([["is stopping", true, 0], ["runs", false, 1]] as const)(
  "a schedule that fails while the stack %s is logged only if the stack goes on",
  async ([, ending, logged]) => {
    const lines: string[] = [];
    const query = (text: string) =>
      text.includes("from private.schedules")
        ? Promise.resolve({ rows: [{ name: "sql", cron: "* * * * *", function_path: null }] })
        : Promise.reject(new Error("the pool has ended"));
    // The scheduler uses only these.
    const database = { query, ending } as unknown as Pool;

    const log = (_part: string, line: string) => void lines.push(line);
    const end = startScheduler({ database, functionsUrl: "", secretKey: "", log });
    await vi.advanceTimersByTimeAsync(31_000);
    end();

    expect(lines).toHaveLength(logged);
  },
);
