import { afterEach, expect, test } from "vitest";
import { asPostgres, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { call, clearLookouts, daily, make, readLookout, setPlan } from "./lookouts-client.ts";

afterEach(clearLookouts);

const DAY = 24 * 3_600_000;

async function suspend(user: TestUser, change: string): Promise<void> {
  await asPostgres(`update public.profiles set ${change} where id = $1`, [user.profileId]);
}

test("a new lookout has its next run, and its owner can read it", async () => {
  const user = await createUser();

  const { status, body } = await call(user, "POST", "", daily());

  expect(status).toBe(201);
  expect(body).toMatchObject({
    title: "Morning news",
    prompt: "What is new today?",
    assistant_slug: "coach",
    frequency: "daily",
    cron_schedule: "0 9 * * *",
    timezone: "Europe/London",
    status: "active",
    last_run_at: null,
    user_id: user.profileId,
  });
  const next = Date.parse(String(body.next_run_at));
  expect(next).toBeGreaterThan(Date.now());
  expect(next).toBeLessThanOrEqual(Date.now() + DAY);
  expect(await readLookout(user, String(body.id))).toEqual(body);
  const activity = must(await user.client.from("user_activity").select("action"));
  expect(activity.map(({ action }) => action)).toContain("lookout_created");
});

test("once takes a local date and time, or an instant", async () => {
  const user = await createUser();
  await setPlan(user, "pro");
  const once = { frequency: "once", time: undefined, timezone: "America/New_York" };

  const local = await call(user, "POST", "", daily({ ...once, date: "2099-07-01", time: "09:00" }));
  const instant = await call(
    user,
    "POST",
    "",
    daily({ ...once, run_at: "2099-07-01T09:00:00+02:00" }),
  );

  expect(Date.parse(String(local.body.next_run_at))).toBe(Date.parse("2099-07-01T13:00:00Z"));
  expect(local.body.cron_schedule).toBe("2099-07-01T09:00:00");
  expect(Date.parse(String(instant.body.next_run_at))).toBe(Date.parse("2099-07-01T07:00:00Z"));
});

test.for<[string, Record<string, unknown>]>([
  ["timezone", { timezone: "Mars/Base" }],
  ["time", { time: undefined }],
  ["cron_schedule", { frequency: "cron", time: undefined, cron_schedule: "0 9 30 2 *" }],
  ["cron_schedule", { frequency: "cron", time: undefined, cron_schedule: "*/10 * * * *" }],
  ["date", { frequency: "once", date: "2020-01-01" }],
])("an invalid schedule is refused with its field: %s", async ([field, more]) => {
  const user = await createUser();

  const { status, body } = await call(user, "POST", "", daily(more));

  expect([status, body.code, body.details]).toEqual([400, "invalid_schedule", {
    field,
    reason: expect.any(String),
  }]);
});

test("an invalid request is refused", async () => {
  const user = await createUser();
  const answers = [
    await call(user, "POST", "", daily({ title: " " })),
    await call(user, "POST", "", daily({ prompt: "" })),
    await call(user, "POST", "", daily({ frequency: "hourly" })),
    await call(user, "POST", "", daily({ assistant_slug: "nobody" })),
  ];

  expect(answers.map(({ status, body }) => [status, body.code])).toEqual([
    [400, "invalid_request"],
    [400, "invalid_request"],
    [400, "invalid_request"],
    [409, "assistant_unavailable"],
  ]);
});

test("a lookout with an assistant above the plan is refused", async () => {
  const user = await createUser();
  await asPostgres("update public.assistants set required_plan = 'pro' where slug = 'editor'");
  try {
    const { status, body } = await call(user, "POST", "", daily({ assistant_slug: "editor" }));
    expect([status, body.code]).toEqual([402, "plan_required"]);
  } finally {
    await asPostgres("update public.assistants set required_plan = null where slug = 'editor'");
  }
});

test("of many lookouts created at once, as many stay as the plan allows; archived ones do not count", async () => {
  const user = await createUser();

  const answers = await Promise.all(
    Array.from({ length: 10 }, () => call(user, "POST", "", daily())),
  );

  const made = answers.filter(({ status }) => status === 201);
  expect(made).toHaveLength(1);
  const refused = answers.find(({ status }) => status === 402);
  expect(refused?.body).toMatchObject({ code: "lookout_limit_reached", details: { limit: 1 } });

  const id = String(made[0]?.body.id);
  await call(user, "PATCH", `/${id}`, { status: "archived" });
  await make(user);
  const back = await call(user, "PATCH", `/${id}`, { status: "paused" });
  expect([back.status, back.body.code]).toEqual([402, "lookout_limit_reached"]);
});

test("editing the time moves the next run and keeps the other fields", async () => {
  const user = await createUser();
  const id = await make(user, { frequency: "weekly", date: "2026-11-22" });

  const { status, body } = await call(user, "PATCH", `/${id}`, {
    time: "17:45",
    timezone: "UTC",
    title: "Evening news",
  });

  expect(status).toBe(200);
  expect(body).toMatchObject({
    title: "Evening news",
    prompt: "What is new today?",
    cron_schedule: "45 17 * * 0",
    timezone: "UTC",
  });
  const next = new Date(String(body.next_run_at));
  expect([next.getUTCDay(), next.getUTCHours(), next.getUTCMinutes()]).toEqual([0, 17, 45]);
});

test("a paused lookout has no next run; resuming computes it from now", async () => {
  const user = await createUser();
  const id = await make(user);

  const paused = await call(user, "PATCH", `/${id}`, { status: "paused" });
  const edited = await call(user, "PATCH", `/${id}`, { time: "10:00" });
  const resumed = await call(user, "PATCH", `/${id}`, { status: "active" });

  expect([paused.body.status, paused.body.next_run_at]).toEqual(["paused", null]);
  expect([edited.body.status, edited.body.next_run_at]).toEqual(["paused", null]);
  expect(resumed.body).toMatchObject({ status: "active", cron_schedule: "0 10 * * *" });
  expect(Date.parse(String(resumed.body.next_run_at))).toBeGreaterThan(Date.now());
});

test("a lookout whose date has passed cannot be resumed", async () => {
  const user = await createUser();
  const id = await make(user, { frequency: "once", date: "2099-07-01" });
  await asPostgres(
    "update public.lookouts set cron_schedule = '2020-07-01T09:00:00' where id = $1",
    [
      id,
    ],
  );
  await call(user, "PATCH", `/${id}`, { status: "archived" });

  const { status, body } = await call(user, "PATCH", `/${id}`, { status: "active" });

  expect([status, body.code, body.details]).toMatchObject([400, "invalid_schedule", {
    field: "date",
  }]);
});

test("concurrent edits leave a next run that fits the schedule", async () => {
  const user = await createUser();
  const id = await make(user, { timezone: "UTC" });

  const answers = await Promise.all([
    ...Array.from({ length: 5 }, (_, n) => call(user, "PATCH", `/${id}`, { time: `0${n}:30` })),
    call(user, "PATCH", `/${id}`, { timezone: "Asia/Kolkata" }),
    call(user, "PATCH", `/${id}`, { status: "paused" }),
    call(user, "PATCH", `/${id}`, { status: "active" }),
  ]);

  expect(answers.map(({ status }) => status).every((status) => status === 200 || status === 409))
    .toBe(true);
  const { body } = await call(user, "PATCH", `/${id}`, { status: "active" });
  const [minute, hour] = String(body.cron_schedule).split(" ");
  const local = new Intl.DateTimeFormat("en-GB", {
    timeZone: String(body.timezone),
    hour: "numeric",
    minute: "numeric",
  }).format(new Date(String(body.next_run_at)));
  expect(local).toBe(`${hour?.padStart(2, "0")}:${minute}`);
});

test("another user's lookout is not found", async () => {
  const [owner, stranger] = [await createUser(), await createUser()];
  const id = await make(owner);
  const answers = [
    await call(stranger, "PATCH", `/${id}`, { title: "Mine" }),
    await call(stranger, "DELETE", `/${id}`),
    await call(stranger, "POST", `/${id}/run`),
    await call(stranger, "PATCH", "/none", { title: "Mine" }),
  ];

  expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
    Array(4).fill([404, "lookout_not_found"]),
  );
  expect((await readLookout(owner, id)).title).toBe("Morning news");
});

test("deleting a lookout removes it, and a second deletion finds none", async () => {
  const user = await createUser();
  const id = await make(user);

  expect((await call(user, "DELETE", `/${id}`)).status).toBe(204);

  expect((await call(user, "DELETE", `/${id}`)).status).toBe(404);
  expect(must(await user.client.from("lookouts").select())).toEqual([]);
});

test("a blocked account cannot create, edit or run lookouts, but may pause, archive and delete them", async () => {
  for (const change of ["role = 'banned'", "is_active = false"]) {
    const user = await createUser();
    const id = await make(user);
    await suspend(user, change);

    const refused = [
      await call(user, "POST", "", daily()),
      await call(user, "PATCH", `/${id}`, { title: "New" }),
      await call(user, "PATCH", `/${id}`, { status: "active" }),
      await call(user, "PATCH", `/${id}`, { status: "paused", title: "New" }),
      await call(user, "POST", `/${id}/run`),
    ];
    expect(refused.map(({ status, body }) => [status, body.code])).toEqual(
      Array(5).fill([403, "account_blocked"]),
    );
    expect((await call(user, "PATCH", `/${id}`, { status: "paused" })).status).toBe(200);
    expect((await call(user, "PATCH", `/${id}`, { status: "archived" })).status).toBe(200);
    expect((await call(user, "DELETE", `/${id}`)).status).toBe(204);
  }
});

test("deleting an account deletes its lookouts, and it can create no new ones", async () => {
  const user = await createUser();
  await make(user);
  await suspend(user, "is_deleted = true, deleted_at = now()");

  expect(await asPostgres("select from public.lookouts where user_id = $1", [user.profileId]))
    .toEqual([]);
  const { status, body } = await call(user, "POST", "", daily());
  expect([status, body.code]).toEqual([401, "unknown_user"]);
});

test("clients cannot write lookouts through tables", async () => {
  const user = await createUser();
  const id = await make(user);

  const update = await user.client.from("lookouts").update({ title: "Mine" }).eq("id", id);
  const remove = await user.client.from("lookouts").delete().eq("id", id);

  expect([update.status, remove.status]).toEqual([403, 403]);
});
