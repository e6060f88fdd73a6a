import { expect, test } from "vitest";
import { stopTheMinute } from "../../helpers/rate-limits.ts";
import {
  asPostgres,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { attemptsOf, issue, postBridge, postRedeem, refusalOf } from "./bridge-client.ts";

const { admin } = createTestClient(stack.SECRET_KEY).auth;

function change(user: TestUser, set: string): Promise<unknown> {
  return asPostgres(`update public.profiles set ${set} where id = $1`, [user.profileId]);
}

test.for(["role = 'banned'", "is_active = false"])(
  "an account with %s gets no code, and no session for an earlier one",
  async (state) => {
    const user = await createUser();
    const code = await issue(user);
    await change(user, state);

    expect(await refusalOf(await postBridge(user))).toEqual([403, "account_blocked"]);
    expect(await refusalOf(await postRedeem(code))).toEqual([403, "account_blocked"]);
    expect((await attemptsOf(user)).map((attempt) => [attempt.event_type, attempt.error_message]))
      .toEqual([
        ["bridge_issue", null],
        ["bridge_redeem", "account_blocked"],
      ]);
  },
);

test("a user whom Auth has banned gets no session", async () => {
  const user = await createUser();
  const code = await issue(user);
  must(await admin.updateUserById(user.authId, { ban_duration: "1h" }));

  expect(await refusalOf(await postRedeem(code))).toEqual([403, "account_blocked"]);
  expect((await attemptsOf(user)).at(-1)).toMatchObject({
    event_type: "bridge_session",
    error_message: "account_blocked",
  });
});

test("a code of a deleted account is refused", async () => {
  const user = await createUser();
  const code = await issue(user);
  must(await admin.deleteUser(user.authId));

  expect(await refusalOf(await postRedeem(code))).toEqual([404, "code_not_found"]);
});

test("a user without an address is refused with a code that says so", async () => {
  const client = createTestClient();
  const { session, user } = must(await client.auth.signInAnonymously());
  const profileId = must(await client.from("profiles").select("id").single()).id;
  const anonymous: TestUser = {
    client,
    authId: user!.id,
    profileId,
    email: "",
    password: "",
    accessToken: session!.access_token,
  };

  expect(await refusalOf(await postBridge(anonymous))).toEqual([409, "email_required"]);
  expect(await attemptsOf(anonymous)).toEqual([]);
});

test("the bridge does not confirm an unconfirmed address", async () => {
  const user = await createUser();
  const code = await issue(user);
  await asPostgres("update auth.users set email_confirmed_at = null where id = $1", [user.authId]);

  expect(await refusalOf(await postBridge(user))).toEqual([409, "email_required"]);
  expect(await refusalOf(await postRedeem(code))).toEqual([409, "email_required"]);
});

test("the eleventh code in a minute is refused", async () => {
  const user = await createUser();
  await issue(user);
  await stopTheMinute(user.profileId);

  const responses = await Promise.all(Array.from({ length: 10 }, () => postBridge(user)));

  const statuses = responses.map(({ status }) => status).sort();
  expect(statuses).toEqual([...Array(9).fill(200), 429]);
});

test.for<[string, unknown]>([
  ["data that is not an object", { session_data: "x" }],
  ["data within data", { session_data: { a: { b: 1 } } }],
  ["long data", { session_data: { a: "x".repeat(1_001) } }],
  ["a body that is not an object", []],
])("%s is refused", async ([, body]) => {
  expect(await refusalOf(await postBridge(await createUser(), body))).toEqual([
    400,
    "invalid_request",
  ]);
});

test("too much data is refused", async () => {
  const session_data = Object.fromEntries(
    Array.from({ length: 5 }, (_, n) => [`k${n}`, "x".repeat(1_000)]),
  );
  const response = await postBridge(await createUser(), { session_data });
  expect(await refusalOf(response)).toEqual([413, "data_too_large"]);
});

test("issuing a code needs a user, redeeming one needs an API key", async () => {
  const redeemUrl = `${stack.FUNCTIONS_URL}/bridge/redeem`;
  const send = (url: string, headers: Record<string, string>) =>
    fetch(url, { method: "POST", headers, body: '{"code":"x"}' });

  expect((await send(redeemUrl, {})).status).toBe(401);
  expect((await send(redeemUrl, { apikey: "sb_publishable_wrong" })).status).toBe(401);
  const issueUrl = `${stack.FUNCTIONS_URL}/bridge`;
  expect((await send(issueUrl, { apikey: stack.PUBLISHABLE_KEY })).status).toBe(401);
  expect((await fetch(issueUrl)).status).toBe(405);
});

test("clients cannot call the redeeming database function or read its tables", async () => {
  const user = await createUser();
  const code = await issue(user);

  const redeemed = await user.client.rpc("redeem_bridge_token", { code });
  expect(redeemed.error?.code).toBe("42501");
  for (const table of ["bridge_tokens", "sync_logs"] as const) {
    expect((await user.client.from(table).select()).error?.code).toBe("42501");
  }
});
