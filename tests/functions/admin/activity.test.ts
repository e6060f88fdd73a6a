import { expect, test } from "vitest";
import { stopTheMinute } from "../../helpers/rate-limits.ts";
import { createTestClient, createUser, must } from "../../helpers/stack.ts";
import { createAdmin } from "./make-admin.ts";

test("a user reads their own activity: sign-ins are logged automatically, the rest by log_activity", async () => {
  const [user, stranger] = [await createUser(), await createUser()];
  const { email, password } = user;
  must(await createTestClient().auth.signInWithPassword({ email, password }));
  must(
    await user.client.rpc("log_activity", { action: "page_opened", data: { page: "home", n: 1 } }),
  );

  const rows = must(await user.client.from("user_activity").select().order("created_at"));

  expect(rows.map(({ action, data }) => [action, data])).toEqual([
    ["signed_in", {}],
    ["signed_in", {}],
    ["page_opened", { page: "home", n: 1 }],
  ]);
  const seen = must(await stranger.client.from("user_activity").select("user_id"));
  expect(seen).toEqual([{ user_id: stranger.profileId }]);
  const summary = must(await user.client.rpc("get_user_activity_summary").single());
  expect(summary).toMatchObject({
    total_actions: 3,
    actions_this_week: 3,
    most_common_action: "signed_in",
  });
});

test("refreshing a session does not count as a sign-in", async () => {
  const { client } = await createUser();
  must(await client.auth.refreshSession());

  expect(must(await client.from("user_activity").select("action"))).toEqual([
    { action: "signed_in" },
  ]);
});

test("of many concurrent calls, sixty in a minute are logged", async () => {
  const { client, profileId } = await createUser();
  must(await client.rpc("log_activity", { action: "click" }));
  await stopTheMinute(profileId);

  const results = await Promise.all(
    Array.from({ length: 69 }, () => client.rpc("log_activity", { action: "click" })),
  );

  const statuses = results.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(59).fill(204), ...Array(10).fill(429)]);
  const refusal = results.find(({ error }) => error)?.error;
  expect(refusal).toMatchObject({ code: "PT429", message: "rate_limited" });
});

test("large data is refused", async () => {
  const { client } = await createUser();

  const { status, error } = await client.rpc("log_activity", {
    action: "click",
    data: { text: "x".repeat(5_000) },
  });

  expect([status, error?.message]).toEqual([413, "data_too_large"]);
});

test("a user who signed in today counts as active today", async () => {
  const admin = await createAdmin();
  const before = must(await admin.client.rpc("get_user_stats").single());

  await createUser();

  const after = must(await admin.client.rpc("get_user_stats").single());
  expect(after.total_users).toBe(before.total_users + 1);
  expect(after.new_users_this_week).toBe(before.new_users_this_week + 1);
  // At midnight UTC the count starts again, so an exact number could fail.
  expect(after.active_users_today).toBeGreaterThan(0);
});
