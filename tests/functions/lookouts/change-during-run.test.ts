import { afterEach, beforeEach, expect, test } from "vitest";
import { loadHistory, readText } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { createUser, must } from "../../helpers/stack.ts";
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

/** Slow enough that a run is still in the middle of its reply when something happens to it. */
const SLOW = { reply: "one two three four five six seven eight", tokens_per_second: 3 };

/** Starts a run and resolves in the middle of its reply; `ended` resolves when its turn is settled. */
async function runSlowly(id: string) {
  await behave(SLOW);
  await due(id);
  // A call that still claims runs could claim this one again.
  expect(await startDue()).toMatchObject({ started: 1 });
  return { ended: endRuns() };
}

test.for(["paused", "archived"] as const)("a run keeps a lookout's status %s", async (status) => {
  const user = await createUser();
  const id = await make(user);
  const { ended } = await runSlowly(id);

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
  const { ended } = await runSlowly(id);

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
  await behave(SLOW);
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
  await running;

  expect((await readRuns(user, kept)).map(({ status, error }) => [status, error])).toEqual([
    ["failed", { code: "session_deleted", message: expect.any(String) }],
  ]);
  expect(await sessionIds(user)).toEqual([written]);
  expect(readText((await loadHistory(user, written ?? ""))[1])).toBe(SLOW.reply);
  expect(await readLookout(user, kept)).toMatchObject({
    status: "active",
    last_run_session_id: null,
  });
});

test("a run whose reply is still written is not started again", async () => {
  const user = await createUser();
  const id = await make(user, { prompt: `Count for ${user.profileId}` });
  const { ended } = await runSlowly(id);

  await lapse(id);
  expect(await startDue()).toMatchObject({ claimed: 1, started: 0, failed: 0, waiting: 1 });
  await ended;

  expect((await readRuns(user, id)).map(({ status }) => status)).toEqual(["complete"]);
  expect((await readUsage(user)).monthly_messages.used).toBe(1);
  const asked = (await openaiRequests()).filter(({ path, body }) =>
    path === "/v1/responses" && JSON.stringify(body).includes(user.profileId)
  );
  expect(asked).toHaveLength(1);
});
