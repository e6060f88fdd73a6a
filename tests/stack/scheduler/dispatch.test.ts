import { serve } from "@hono/node-server";
import { Hono } from "hono";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { runDue } from "../../../local/scheduler/run-due.ts";
import {
  type CallBody,
  checkDispatch,
  DISPATCHED,
  type Dispatcher,
} from "../../helpers/check-dispatch.ts";
import { asPostgres, stack } from "../../helpers/stack.ts";

/** The local scheduler, with a function that answers each call when the test says so. */
function createDispatcher(): Dispatcher {
  const database = new pg.Pool({ connectionString: stack.DB_URL, max: 4 });
  const made: CallBody[] = [];
  const answers = new Map<number, (status: number) => void>();
  const app = new Hono().post("/lookouts/run", async (c) => {
    const body: CallBody = await c.req.json();
    const { promise, resolve } = Promise.withResolvers<number>();
    answers.set(body.call_id, resolve);
    made.push(body);
    return new Response(null, { status: await promise });
  });
  let functionsUrl = "";
  const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
    functionsUrl = `http://127.0.0.1:${port}`;
  });
  const running: Promise<void>[] = [];
  onTestFinished(async () => {
    for (const answer of answers.values()) answer(200);
    await Promise.all(running);
    server.close();
    await database.end();
  });
  return {
    query: (text) => asPostgres(text),
    async tick() {
      const opened = onceOpened(database);
      const ports = { database, functionsUrl, secretKey: "sb_secret_test", log: () => {} };
      running.push(runDue(ports, new Date("2026-01-01T00:00:00Z")));
      await opened;
    },
    async calls(count) {
      await expect.poll(() => made.length).toBeGreaterThanOrEqual(count);
      return [...made];
    },
    async answer(callId, status) {
      answers.get(callId)?.(status);
      await expect.poll(() =>
        asPostgres("select from private.schedule_calls where id = $1", [callId])
      ).toEqual([]);
    },
  };
}

/** Resolves when the scheduler has opened the calls of a run. */
async function onceOpened(database: pg.Pool): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const query = database.query.bind(database);
  const spy = vi.spyOn(database, "query").mockImplementation(async (...given: unknown[]) => {
    const result: unknown = await Reflect.apply(query, database, given);
    if (String(given[0]).includes("open_calls")) resolve();
    return result;
  });
  await promise.finally(() => spy.mockRestore());
}

test("the scheduler makes the calls that the due work needs", async () => {
  await asPostgres("update private.schedules set is_enabled = false");
  onTestFinished(async () => {
    await asPostgres("update private.schedules set is_enabled = true");
  });

  await checkDispatch(createDispatcher());

  expect(await asPostgres("select from private.schedules where name = $1", [DISPATCHED]))
    .toEqual([]);
});
