import { afterEach, expect, test } from "vitest";
import { runScript } from "../helpers/run-script.ts";
import { asPostgres } from "../helpers/stack.ts";

afterEach(() => asPostgres("delete from private.schedules where name like 'test-%'"));

test("a response that pg_net has received, and no run has read yet, is shown", async () => {
  await asPostgres(`
    create schema net;
    create table net._http_response (
      id bigint, status_code integer, timed_out boolean, error_msg text, created timestamptz not null default now()
    );
    insert into private.schedules (name, cron, function_path, last_run_at, last_status)
    values
      ('test-answered', '0 0 1 1 *', 'chat', now(), 'ok'),
      ('test-failed', '0 0 1 1 *', 'chat', now(), 'ok'),
      ('test-slow', '0 0 1 1 *', 'chat', now(), 'ok'),
      ('test-waiting', '0 0 1 1 *', 'chat', now(), '503');
    insert into private.schedule_calls (schedule_name, request_id)
    values ('test-answered', 7001), ('test-failed', 7002), ('test-slow', 7003), ('test-waiting', 7004);
    insert into net._http_response (id, status_code, timed_out, error_msg)
    values (7001, 200, false, null), (7002, null, null, 'no route'), (7003, null, true, 'timeout')
  `);

  const { stdout } = await runScript("schedules.ts");
  await asPostgres("drop schema net cascade");

  const results = stdout.split("\n").map((line) => line.split(/ {2,}/)).filter(([name]) =>
    name?.startsWith("test-")
  ).map((cells) => [cells[0], cells[4]]);
  expect(results).toEqual([
    ["test-answered", "ok"],
    ["test-failed", "unreachable"],
    ["test-slow", "timeout"],
    ["test-waiting", "503"],
  ]);
});

test("every schedule has a line with its last run, result and next run", async () => {
  await asPostgres(`
    insert into private.schedules (name, cron, sql_function, is_enabled, last_run_at, last_status)
    values
      ('test-failed', '0 0 1 1 *', 'tick', true, '2026-03-08 09:10:11Z', '42883'),
      ('test-never', '0 0 1 1 *', 'tick', true, null, null),
      ('test-off', '0 0 1 1 *', 'tick', false, '2026-03-08 09:10:11Z', 'ok')
  `);

  const { exitCode, stdout } = await runScript("schedules.ts");

  expect(exitCode).toBe(0);
  const cells = stdout.split("\n").map((line) => line.split(/ {2,}/));
  expect(cells[0]).toEqual(["name", "cron", "runs", "last run", "result", "next run"]);
  expect(cells).toContainEqual([
    "test-failed",
    "0 0 1 1 *",
    "private.tick()",
    "2026-03-08 09:10:11",
    "42883",
    expect.stringMatching(/^\d{4}-01-01 00:00:00$/),
  ]);
  expect(cells.find(([name]) => name === "test-never")?.slice(3, 5)).toEqual(["never", "–"]);
  expect(cells.find(([name]) => name === "test-off")?.at(-1)).toBe("switched off");
  expect(cells.find(([name]) => name === "turn-recovery")?.[2]).toBe("/turn-recovery");
});
