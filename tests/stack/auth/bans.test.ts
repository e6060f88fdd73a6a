import { beforeEach, expect, test } from "vitest";
import { createTestClient, createUser, must, stack, type TestUser } from "../../helpers/stack.ts";

const { admin } = createTestClient(stack.SECRET_KEY).auth;
let user: TestUser;

beforeEach(async () => {
  user = await createUser();
});

test.each([["24h", 86_400], ["1h30m", 5_400], ["90s", 90], ["1.5h", 5_400]])(
  "a ban of %s lasts %d seconds",
  async (ban_duration, seconds) => {
    const { user: banned } = must(await admin.updateUserById(user.authId, { ban_duration }));
    const left = (Date.parse(String(banned?.banned_until)) - Date.now()) / 1000;
    expect(Math.abs(left - seconds)).toBeLessThan(10);
  },
);

test("a banned user can neither sign in, nor refresh, nor be looked up", async () => {
  must(await admin.updateUserById(user.authId, { ban_duration: "24h" }));
  const { email, password } = user;
  const signIn = await createTestClient().auth.signInWithPassword({ email, password });
  expect(signIn.error).toMatchObject({ status: 400, code: "user_banned" });
  expect((await user.client.auth.getUser()).error).toMatchObject({
    status: 403,
    code: "user_banned",
  });
  const refresh = await user.client.auth.refreshSession();
  expect(refresh.error).toMatchObject({ status: 400, code: "user_banned" });
});

test("a lifted ban lets the user in again", async () => {
  must(await admin.updateUserById(user.authId, { ban_duration: "24h" }));
  const lifted = must(await admin.updateUserById(user.authId, { ban_duration: "none" }));
  expect(lifted.user?.banned_until).toBeUndefined();
  must(await user.client.auth.getUser());
  const { email, password } = user;
  must(await createTestClient().auth.signInWithPassword({ email, password }));
});

test.each(["forever", "10", "1d", "", "-", "h", "9999999999h"])(
  "%j is refused as a ban duration",
  async (ban_duration) => {
    const { data, error } = await admin.updateUserById(user.authId, { ban_duration });
    // As on Supabase, an empty duration changes nothing.
    if (ban_duration === "") expect(data.user?.banned_until).toBeUndefined();
    else expect(error).toMatchObject({ status: 400, code: "validation_failed" });
  },
);
