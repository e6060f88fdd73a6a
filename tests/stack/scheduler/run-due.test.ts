import { serve } from "@hono/node-server";
import { Hono } from "hono";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { runDue } from "../../../local/scheduler/run-due.ts";
import { asPostgres, stack } from "../../helpers/stack.ts";

const received: { path: string; apikey?: string; authorization?: string; body: unknown }[] = [];
const app = new Hono();
app.post("/broken", (c) => c.json({}, 503));
app.post("*", async (c) => {
  const { apikey, authorization } = c.req.header();
  received.push({ path: c.req.path, apikey, authorization, body: await c.req.json() });
  return c.json({});
});

const database = new pg.Pool({ connectionString: stack.DB_URL, max: 2 });
const logged: string[] = [];
const ports = {
  database,
  functionsUrl: "",
  secretKey: "sb_secret_test",
  log: (_part: string, line: string) => void logged.push(line),
};
const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => {
  ports.functionsUrl = `http://127.0.0.1:${port}`;
});

beforeAll(() =>
  asPostgres(`
    create table private.ticks (id integer generated always as identity);
    create function private.tick() returns boolean language sql set search_path = '' as
      'insert into private.ticks default values returning false';
    create function private.stumble() returns boolean language plpgsql set search_path = '' as
      $$ begin raise exception using errcode = 'ZZ001'; end $$;
    update private.schedules set is_enabled = false;
  `)
);
beforeEach(async () => {
  received.length = 0;
  await asPostgres(
    "delete from private.schedules where name like 'test-%'; truncate private.ticks",
  );
});
afterAll(async () => {
  await asPostgres(`
    delete from private.schedules where name like 'test-%';
    update private.schedules set is_enabled = true;
    drop table private.ticks;
    drop function private.tick, private.stumble;
  `);
  server.close();
  await database.end();
});

async function schedule(name: string, cron: string, more: Record<string, unknown>): Promise<void> {
  const row = { name: `test-${name}`, cron, body: {}, ...more };
  await asPostgres(
    `insert into private.schedules (name, cron, body, function_path, sql_function, is_enabled)
     select name, cron, body, function_path, sql_function, coalesce(is_enabled, true)
     from jsonb_populate_record(null::private.schedules, $1)`,
    [JSON.stringify(row)],
  );
}

function statuses(): Promise<{ name: string; last_status: string | null }[]> {
  return asPostgres(
    "select name, last_status from private.schedules where name like 'test-%' order by name",
  );
}

const TEN_PAST_NINE = new Date("2026-03-08T09:10:00Z");

test("due schedules run; others and disabled ones do not", async () => {
  await schedule("due", "10 9 * * *", { sql_function: "tick" });
  await schedule("later", "11 9 * * *", { sql_function: "tick" });
  await schedule("off", "* * * * *", { sql_function: "tick", is_enabled: false });

  await runDue(ports, TEN_PAST_NINE);

  expect(await asPostgres("select count(*)::integer as ticks from private.ticks")).toEqual([{
    ticks: 1,
  }]);
  expect(await statuses()).toEqual([
    { name: "test-due", last_status: "ok" },
    { name: "test-later", last_status: null },
    { name: "test-off", last_status: null },
  ]);
});

test("an edge function is called with the secret key in apikey, and with its body", async () => {
  await schedule("function", "*/10 * * * *", {
    function_path: "turn-recovery",
    body: { limit: 5 },
  });

  await runDue(ports, TEN_PAST_NINE);

  expect(received).toEqual([
    {
      path: "/turn-recovery",
      apikey: "sb_secret_test",
      authorization: undefined,
      body: { limit: 5, call_id: expect.any(Number) },
    },
  ]);
});

test("a failed run records its error and does not stop the others", async () => {
  await schedule("a-raises", "* * * * *", { sql_function: "stumble" });
  await schedule("b-refused", "* * * * *", { function_path: "broken" });
  await schedule("c-unreadable", "every day", { sql_function: "tick" });
  await schedule("d-works", "* * * * *", { sql_function: "tick" });

  await runDue(ports, TEN_PAST_NINE);

  expect((await statuses()).map(({ last_status }) => last_status)).toEqual([
    "ZZ001",
    "503",
    null,
    "ok",
  ]);
  expect(logged).toContainEqual(expect.stringContaining("test-c-unreadable"));
});

test("a function that cannot be reached is recorded", async () => {
  await schedule("function", "* * * * *", { function_path: "anything" });

  await runDue({ ...ports, functionsUrl: "http://127.0.0.1:1" }, TEN_PAST_NINE);

  expect(await statuses()).toEqual([{ name: "test-function", last_status: "unreachable" }]);
});
