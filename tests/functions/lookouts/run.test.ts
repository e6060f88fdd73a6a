import { afterEach, beforeEach, expect, test } from "vitest";
import { loadHistory, readText } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createUser, must, stack, type TestUser } from "../../helpers/stack.ts";
import { readUsage } from "../../helpers/turns.ts";
import {
  call,
  clearLookouts,
  due,
  endRuns,
  lapse,
  make,
  readLookout,
  readRuns,
  runDue,
  sessionIds,
  setPlan,
  startDue,
} from "./lookouts-client.ts";

beforeEach(clearLookouts);
afterEach(resetOpenAI);

test("a due lookout writes a chat with a search, is charged once, and gets its next time", async () => {
  const user = await createUser();
  const id = await make(user);
  await behave({ reply: "Nothing is new." });
  await due(id);
  const [before] = await asPostgres<{ next_run_at: Date }>(
    "select next_run_at from public.lookouts where id = $1",
    [id],
  );

  expect(await runDue()).toEqual({ claimed: 1, started: 1, failed: 0, skipped: 0, waiting: 0 });

  const [run, ...others] = await readRuns(user, id);
  expect(others).toEqual([]);
  expect(run).toMatchObject({ status: "complete", error: null, attempts: 1 });
  expect(Date.parse(run?.scheduled_at ?? "")).toBe(before?.next_run_at.getTime());
  const history = await loadHistory(user, run?.session_id ?? "");
  expect(history.map(readText)).toEqual(["What is new today?", "Nothing is new."]);
  const session = must(
    await user.client.from("chat_sessions").select("title, assistant_slug").single(),
  );
  expect(session).toEqual({ title: "Morning news", assistant_slug: "coach" });
  const lookout = await readLookout(user, id);
  expect(lookout).toMatchObject({
    status: "active",
    last_run_session_id: run?.session_id,
    lease_until: null,
  });
  expect(lookout.last_run_at).not.toBeNull();
  expect(Date.parse(lookout.next_run_at ?? "")).toBeGreaterThan(Date.now());
  const usage = await readUsage(user);
  expect([usage.monthly_messages.used, usage.monthly_searches.used]).toEqual([1, 1]);
});

test("twenty concurrent calls run each due lookout once", async () => {
  const users = await Promise.all(Array.from({ length: 6 }, () => createUser()));
  const ids = await Promise.all(users.map((user) => make(user)));
  await due(...ids);

  const replies = await Promise.all(Array.from({ length: 20 }, startDue));
  await endRuns();

  const sum = (key: "claimed" | "started") =>
    replies.reduce((total, reply) => total + reply[key], 0);
  expect([sum("claimed"), sum("started")]).toEqual([6, 6]);
  for (const [index, user] of users.entries()) {
    expect((await readRuns(user, ids[index] ?? "")).map(({ status }) => status))
      .toEqual(["complete"]);
    expect(await sessionIds(user)).toHaveLength(1);
    expect((await readUsage(user)).monthly_messages.used).toBe(1);
  }
});

test("running due lookouts is refused without the secret key", async () => {
  const user = await createUser();
  const headers: Record<string, string>[] = [
    {},
    { apikey: stack.PUBLISHABLE_KEY },
    { apikey: `${stack.SECRET_KEY}x` },
    { authorization: `Bearer ${user.accessToken}` },
  ];
  const answers = await Promise.all(
    headers.map((each) =>
      fetch(`${stack.FUNCTIONS_URL}/lookouts/run`, { method: "POST", headers: each })
    ),
  );

  expect(answers.map(({ status }) => status)).toEqual([401, 401, 401, 401]);
});

test("a once lookout runs once and is archived; missed times make one run", async () => {
  const user = await createUser();
  await setPlan(user, "pro");
  const once = await make(user, { frequency: "once", date: "2099-07-01" });
  const often = await make(user, {
    frequency: "cron",
    time: undefined,
    cron_schedule: "0 * * * *",
  });
  await due(once);
  await asPostgres(
    "update public.lookouts set next_run_at = now() - interval '3 days' where id = $1",
    [
      often,
    ],
  );

  expect(await runDue()).toMatchObject({ claimed: 2, started: 2 });
  expect(await runDue()).toMatchObject({ claimed: 0 });

  expect(await readLookout(user, once)).toMatchObject({ status: "archived", next_run_at: null });
  const next = (await readLookout(user, often)).next_run_at ?? "";
  expect(Date.parse(next)).toBeGreaterThan(Date.now());
  expect(await readRuns(user, often)).toHaveLength(1);
});

test("a refused run is skipped with a reason, and leaves no chat", async () => {
  const user = await createUser();
  const id = await make(user);
  await due(id);
  await asPostgres(
    `insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
     values ($1, 'searches', date_trunc('month', now(), 'UTC'), 10, now())`,
    [user.profileId],
  );

  expect(await runDue()).toMatchObject({ claimed: 1, skipped: 1 });

  const [run] = await readRuns(user, id);
  expect(run).toMatchObject({
    status: "skipped",
    session_id: null,
    error: { code: "search_quota_exceeded", message: expect.any(String) },
  });
  expect(await sessionIds(user)).toEqual([]);
  expect((await readUsage(user)).monthly_messages.used).toBe(0);
  expect(await readLookout(user, id)).toMatchObject({ status: "active", last_run_at: null });
});

test.for([
  [
    "quota_exceeded",
    "update public.profiles set subscription_usage = subscription_quota where id = $1",
  ],
  ["account_blocked", "update public.profiles set role = 'banned' where id = $1"],
])("a run is skipped: %s", async ([code, change]) => {
  const user = await createUser();
  const id = await make(user);
  await due(id);
  await asPostgres(change ?? "", [user.profileId]);

  await runDue();

  expect((await readRuns(user, id)).map(({ status, error }) => [status, error])).toEqual([
    ["skipped", { code, message: expect.any(String) }],
  ]);
});

test("a run over the limit of turns in a minute waits", async () => {
  const user = await createUser();
  const id = await make(user);
  await due(id);
  const fill = `insert into public.usage_counters (user_id, feature, period_start, count, reset_at)
     select $1, 'turns', date_trunc('minute', now(), 'UTC') + n * interval '1 minute', 30, now()
     from generate_series(0, 1) n`;
  await asPostgres(fill, [user.profileId]);

  expect(await runDue()).toMatchObject({ claimed: 1, started: 0, skipped: 0, waiting: 1 });
  expect((await readRuns(user, id))[0]).toMatchObject({ status: "running", attempts: 0 });
  expect(await runDue()).toMatchObject({ claimed: 0 });

  await asPostgres("delete from public.usage_counters where user_id = $1", [user.profileId]);
  await lapse(id);
  expect(await runDue()).toMatchObject({ claimed: 1, started: 1 });
  expect(await readRuns(user, id)).toHaveLength(1);
});

test("a run that OpenAI refuses for the moment waits, costs nothing and starts again", async () => {
  const user = await createUser();
  const id = await make(user);
  await behave({ fail: { path: "/v1/responses", status: 503 } });
  await due(id);

  expect(await runDue()).toMatchObject({ claimed: 1, failed: 1 });

  expect(await readRuns(user, id)).toMatchObject([{ status: "running", attempts: 1, error: null }]);
  expect(await sessionIds(user)).toEqual([]);
  expect((await readUsage(user)).monthly_messages.used).toBe(0);
  expect(await runDue()).toMatchObject({ claimed: 0 });

  await behave({});
  await lapse(id);
  expect(await runDue()).toMatchObject({ claimed: 1, started: 1 });
  expect(await readRuns(user, id)).toMatchObject([{ status: "complete", attempts: 2 }]);
  expect(await sessionIds(user)).toHaveLength(1);
  expect((await readUsage(user)).monthly_messages.used).toBe(1);
});

test("a run that failed five times has a public error, is refunded, and leaves no chat", async () => {
  const user = await createUser();
  const id = await make(user);
  await behave({ fail: { path: "/v1/responses", status: 400 } });
  await due(id);

  for (let attempt = 1; attempt <= 5; attempt += 1) {
    expect(await runDue()).toMatchObject({ claimed: 1, failed: 1 });
    await lapse(id);
  }

  const [run] = await readRuns(user, id);
  expect(run).toMatchObject({
    status: "failed",
    session_id: null,
    error: {
      code: "provider_error",
      message: "The AI provider could not complete the request. Try again in a moment.",
    },
  });
  expect(await sessionIds(user)).toEqual([]);
  const usage = await readUsage(user);
  expect([usage.monthly_messages.used, usage.monthly_searches.used]).toEqual([0, 0]);
  expect((await readLookout(user, id)).status).toBe("active");
});

test("a failing run does not stop the others", async () => {
  const users = await Promise.all(Array.from({ length: 3 }, () => createUser()));
  const ids = await Promise.all(users.map((user) => make(user)));
  await due(...ids);
  // A timezone that the runtime no longer knows.
  await asPostgres("update public.lookouts set timezone = 'Mars/Base' where id = $1", [ids[0]]);
  await asPostgres("update public.assistants set is_active = false where slug = 'coach'");
  await asPostgres("update public.lookouts set assistant_slug = 'editor' where id = $1", [ids[1]]);
  try {
    expect(await runDue()).toMatchObject({ claimed: 3, started: 1, skipped: 2 });
  } finally {
    await asPostgres("update public.assistants set is_active = true where slug = 'coach'");
  }
  const [lost] = users;
  if (lost) expect((await readLookout(lost, ids[0] ?? "")).status).toBe("paused");
});

test("after a downgrade the oldest lookouts run, and the others are skipped", async () => {
  const user = await createUser();
  await setPlan(user, "pro");
  const ids = [await make(user), await make(user), await make(user)];
  await setPlan(user, "free");
  await due(...ids);

  expect(await runDue()).toMatchObject({ claimed: 3, started: 1, skipped: 2 });

  const runs = await Promise.all(ids.map((id) => readRuns(user, id)));
  expect(runs.map(([run]) => run?.status)).toEqual(["complete", "skipped", "skipped"]);
  expect(runs[1]?.[0]?.error).toMatchObject({ code: "lookout_limit_reached" });
});

/** Returns the scheduled times of a lookout's runs, oldest first. */
async function readTimes(user: TestUser, id: string): Promise<string[]> {
  return (await readRuns(user, id)).map(({ scheduled_at }) => scheduled_at);
}

test("run 101 replaces run 1, also when several runs end at once", async () => {
  const user = await createUser();
  await setPlan(user, "pro");
  const ids = await Promise.all(Array.from({ length: 4 }, () => make(user)));
  await asPostgres(
    `insert into public.lookout_runs (lookout_id, user_id, scheduled_at, status, finished_at)
     select l.id, l.user_id, now() - n * interval '1 day', 'complete', now()
     from public.lookouts l, generate_series(1, 100) n
     where l.user_id = $1`,
    [user.profileId],
  );
  await due(...ids);
  const before = await Promise.all(ids.map((id) => readTimes(user, id)));
  const dueAt = await Promise.all(ids.map(async (id) => (await readLookout(user, id)).next_run_at));

  const [answers] = await Promise.all([
    Promise.all(ids.map((id) => call(user, "POST", `/${id}/run`))),
    ...Array.from({ length: 5 }, startDue),
  ]);
  await endRuns();
  await expect.poll(async () => {
    const runs = await Promise.all(ids.map((id) => readRuns(user, id)));
    return runs.flat().filter(({ status }) => status === "running").length;
  }, { timeout: 10_000 }).toBe(0);
  await runDue();

  for (const [index, id] of ids.entries()) {
    // Every lookout had a due run. A run by hand was added only if it came before or after that one.
    const { status, body } = answers[index] ?? {};
    const added = [dueAt[index], ...(status === 202 ? [body?.scheduled_at] : [])];
    expect(await readTimes(user, id)).toEqual(
      [...(before[index] ?? []), ...added].slice(added.length),
    );
  }
});
