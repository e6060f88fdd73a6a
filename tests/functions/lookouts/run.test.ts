import { afterEach, beforeEach, expect, test } from "vitest";
import { loadHistory, readText } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createUser, must, stack, type TestUser } from "../../helpers/stack.ts";
import { readUsage } from "../../helpers/turns.ts";
import {
  call,
  clearLookouts,
  due,
  lapse,
  make,
  readLookout,
  readRuns,
  runDue,
  setPlan,
} from "./lookouts-client.ts";

beforeEach(clearLookouts);
afterEach(resetOpenAI);

async function sessionIds(user: TestUser): Promise<string[]> {
  return must(await user.client.from("chat_sessions").select("id")).map(({ id }) => id);
}

/** Starts a run and resolves in the middle of its reply; `ended` resolves when the call that runs it returns. */
async function runSlowly(user: TestUser, id: string) {
  await behave({ reply: "one two three four five six seven eight", tokens_per_second: 3 });
  await due(id);
  const ended = runDue();
  await expect.poll(async () => (await readRuns(user, id))[0]?.session_id, { timeout: 10_000 })
    .toBeTruthy();
  return { ended };
}

test("a due lookout writes a chat with a search, is charged once, and gets its next time", async () => {
  const user = await createUser();
  const id = await make(user);
  await behave({ reply: "Nothing is new." });
  await due(id);
  const [before] = await asPostgres<{ next_run_at: Date }>(
    "select next_run_at from public.lookouts where id = $1",
    [id],
  );

  expect(await runDue()).toEqual({ claimed: 1, complete: 1, failed: 0, skipped: 0, remaining: 0 });

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

  const replies = await Promise.all(Array.from({ length: 20 }, runDue));

  const sum = (key: "claimed" | "complete") =>
    replies.reduce((total, reply) => total + reply[key], 0);
  expect([sum("claimed"), sum("complete")]).toEqual([6, 6]);
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

  expect(await runDue()).toMatchObject({ claimed: 2, complete: 2 });
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

  expect(await runDue()).toMatchObject({ claimed: 1, complete: 0, skipped: 0, remaining: 1 });
  expect((await readRuns(user, id))[0]).toMatchObject({ status: "running", attempts: 0 });
  expect(await runDue()).toMatchObject({ claimed: 0 });

  await asPostgres("delete from public.usage_counters where user_id = $1", [user.profileId]);
  await lapse(id);
  expect(await runDue()).toMatchObject({ claimed: 1, complete: 1 });
  expect(await readRuns(user, id)).toHaveLength(1);
});

test("a failed run has a public error, is refunded, and leaves no chat", async () => {
  const user = await createUser();
  const id = await make(user);
  await behave({ fail: { path: "/v1/responses", status: 400 } });
  await due(id);

  expect(await runDue()).toMatchObject({ claimed: 1, failed: 1 });

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
    expect(await runDue()).toMatchObject({ claimed: 3, complete: 1, skipped: 2, remaining: 0 });
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

  expect(await runDue()).toMatchObject({ claimed: 3, complete: 1, skipped: 2 });

  const runs = await Promise.all(ids.map((id) => readRuns(user, id)));
  expect(runs.map(([run]) => run?.status)).toEqual(["complete", "skipped", "skipped"]);
  expect(runs[1]?.[0]?.error).toMatchObject({ code: "lookout_limit_reached" });
});

test("running a lookout now returns the run and keeps the next time", async () => {
  const user = await createUser();
  const id = await make(user);
  const { next_run_at } = await readLookout(user, id);

  const { status, body } = await call(user, "POST", `/${id}/run`);

  expect(status).toBe(202);
  expect(body).toMatchObject({ lookout_id: id, status: "running", session_id: expect.any(String) });
  await expect.poll(async () => (await readRuns(user, id))[0]?.status).toBe("complete");
  expect(await readLookout(user, id)).toMatchObject({
    next_run_at,
    status: "active",
    last_run_session_id: body.session_id,
  });
});

test("of ten concurrent requests to run a lookout now, one succeeds; a paused lookout is refused", async () => {
  const user = await createUser();
  const id = await make(user);
  await behave({ reply: "one two three four", tokens_per_second: 8 });

  const answers = await Promise.all(
    Array.from({ length: 10 }, () => call(user, "POST", `/${id}/run`)),
  );

  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status !== 202);
  expect(new Set(refused.map(({ body }) => body.code))).toEqual(new Set(["lookout_running"]));
  await expect.poll(async () => (await readLookout(user, id)).status).toBe("active");
  await call(user, "PATCH", `/${id}`, { status: "paused" });
  const paused = await call(user, "POST", `/${id}/run`);
  expect([paused.status, paused.body.code]).toEqual([409, "lookout_not_active"]);
});

test("running a lookout now beyond the quota is refused, and the run is recorded as skipped", async () => {
  const user = await createUser();
  const id = await make(user);
  await asPostgres(
    "update public.profiles set subscription_usage = subscription_quota where id = $1",
    [user.profileId],
  );

  const { status, body } = await call(user, "POST", `/${id}/run`);

  expect([status, body.code]).toEqual([402, "quota_exceeded"]);
  expect((await readRuns(user, id)).map(({ status }) => status)).toEqual(["skipped"]);
  expect((await readLookout(user, id)).status).toBe("active");
});

test.for(["paused", "archived"] as const)("a run keeps a lookout's status %s", async (status) => {
  const user = await createUser();
  const id = await make(user);
  const { ended } = await runSlowly(user, id);

  await call(user, "PATCH", `/${id}`, { status });
  await ended;

  expect(await readLookout(user, id)).toMatchObject({
    status,
    next_run_at: null,
    lease_until: null,
  });
  expect((await readRuns(user, id))[0]?.status).toBe("complete");
});

test("an edit during a run is kept", async () => {
  const user = await createUser();
  const id = await make(user, { frequency: "once", date: "2099-07-01" });
  const { ended } = await runSlowly(user, id);

  const edited = await call(user, "PATCH", `/${id}`, { date: "2099-08-01", title: "Later" });
  await ended;

  expect(edited.body.status).toBe("running");
  expect(await readLookout(user, id)).toMatchObject({
    status: "active",
    title: "Later",
    next_run_at: edited.body.next_run_at,
  });
});

test("a lookout deleted during its run keeps the chat; deleting the chat during the run fails the run", async () => {
  const user = await createUser();
  await setPlan(user, "pro");
  const [gone, kept] = [await make(user), await make(user)];
  await behave({ reply: "one two three four five six seven eight", tokens_per_second: 3 });
  await due(gone, kept);
  const running = runDue();
  const sessionOf = async (id: string) => (await readRuns(user, id))[0]?.session_id;
  await expect.poll(() => sessionOf(gone), { timeout: 10_000 }).toBeTruthy();
  await expect.poll(() => sessionOf(kept), { timeout: 10_000 }).toBeTruthy();
  const written = await sessionOf(gone);

  await call(user, "DELETE", `/${gone}`);
  must(
    await user.client.from("chat_sessions").delete().eq("id", await sessionOf(kept) ?? "").select(),
  );
  expect(await running).toMatchObject({ claimed: 2, failed: 1, skipped: 1 });

  expect((await readRuns(user, kept)).map(({ status, error }) => [status, error])).toEqual([
    ["failed", { code: "session_deleted", message: expect.any(String) }],
  ]);
  expect(await sessionIds(user)).toEqual([written]);
  expect(readText((await loadHistory(user, written ?? ""))[1])).toBe(
    "one two three four five six seven eight",
  );
  expect(await readLookout(user, kept)).toMatchObject({
    status: "active",
    last_run_session_id: null,
  });
});

test("a run whose reply another process generates waits for it and records its end", async () => {
  const user = await createUser();
  const id = await make(user, { prompt: `Count for ${user.profileId}` });
  const { ended } = await runSlowly(user, id);

  await lapse(id);
  expect(await runDue()).toMatchObject({ claimed: 1, complete: 0, failed: 0, remaining: 1 });
  await ended;

  expect((await readRuns(user, id)).map(({ status }) => status)).toEqual(["complete"]);
  expect((await readUsage(user)).monthly_messages.used).toBe(1);
  const asked = (await openaiRequests()).filter(({ path, body }) =>
    path === "/v1/responses" && JSON.stringify(body).includes(user.profileId)
  );
  expect(asked).toHaveLength(1);
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
    ...Array.from({ length: 5 }, runDue),
  ]);
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
