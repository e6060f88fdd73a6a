import { afterEach, beforeEach, expect, test } from "vitest";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createUser } from "../../helpers/stack.ts";
import { call, clearLookouts, make, readLookout, readRuns } from "./lookouts-client.ts";

beforeEach(clearLookouts);
afterEach(resetOpenAI);

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
