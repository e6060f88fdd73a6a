import { expect, test } from "vitest";
import { countRows, deleteAccount, requestExport } from "../../helpers/account.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";

/** Every route that a user calls, with its response to a token of a deleted account. */
const routes: [method: string, route: string, body: (id: string) => unknown][] = [
  ["POST", "/chat", (session_id) => ({ session_id, content: "Hello" })],
  ["POST", "/files", (session_id) => ({ session_id, storage_path: "none/none.txt" })],
  ["DELETE", "/files/00000000-0000-4000-8000-000000000000", () => undefined],
  ["POST", "/bridge", () => ({})],
  ["POST", "/billing/checkout", () => ({
    price_id: "price_none",
    success_url: "http://localhost:3000",
    cancel_url: "http://localhost:3000",
  })],
  ["POST", "/billing/portal", () => ({ return_url: "http://localhost:3000" })],
  ["GET", "/billing/subscription", () => undefined],
  ["GET", "/account/export", () => undefined],
];

async function statuses(user: TestUser, sessionId: string): Promise<Record<string, number>> {
  const entries = await Promise.all(routes.map(async ([method, route, body]) => {
    const content = body(sessionId);
    const response = await fetch(stack.FUNCTIONS_URL + route, {
      method,
      headers: { authorization: `Bearer ${user.accessToken}`, "content-type": "application/json" },
      body: content === undefined ? undefined : JSON.stringify(content),
    });
    await response.body?.cancel();
    return [`${method} ${route}`, response.status] as const;
  }));
  return Object.fromEntries(entries);
}

async function expectUseless(user: TestUser, sessionId: string): Promise<void> {
  const profiles = () => asPostgres("select id from public.profiles");
  const before = await profiles();

  for (const [route, status] of Object.entries(await statuses(user, sessionId))) {
    expect([401, 403, 404], route).toContain(status);
  }
  const { client } = user;
  expect((await client.rpc("ensure_profile")).error).toMatchObject({ message: "unknown_user" });
  expect((await client.rpc("create_organization", { name: "Ghosts" })).error)
    .toMatchObject({ message: "account_blocked" });
  expect((await client.rpc("log_activity", { action: "haunted" })).error)
    .toMatchObject({ message: "account_blocked" });
  expect((await client.from("chat_sessions").insert({ assistant_slug: "coach" })).error)
    .toMatchObject({ message: "account_blocked" });
  expect((await client.storage.from("chat-files").upload(`${user.profileId}/a.txt`, "Boo")).error)
    .not.toBeNull();
  expect(must(await client.from("profiles").select())).toEqual([]);
  expect((await client.from("profiles").update({ user_name: "Ghost" }).select()).data).toEqual([]);

  expect(await profiles()).toHaveLength(before.length);
  expect(await countRows(user)).toEqual({});
}

test("a token that outlives its account gives access to nothing", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  expect((await deleteAccount(user)).status).toBe(204);

  await expectUseless(user, sessionId);
  expect((await user.client.auth.refreshSession()).error).not.toBeNull();
});

test("during a deletion a new sign-in gives access to nothing, and shared chats are closed", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  const token = must(
    await user.client.rpc("set_chat_visibility", { session_id: sessionId, visibility: "public" }),
  );
  const shared = async () => must(await createTestClient().rpc("get_shared_chat", { token }));
  expect(await shared()).not.toBeNull();

  // The state that a deletion leaves when its function dies right after the first step.
  must(await user.client.rpc("request_account_deletion"));

  expect(await shared()).toBeNull();
  expect((await user.client.auth.refreshSession()).error).not.toBeNull();
  const client = createTestClient();
  const { session } = must(
    await client.auth.signInWithPassword({ email: user.email, password: user.password }),
  );
  const again = { ...user, client, accessToken: session.access_token };
  await asPostgres("delete from public.chat_sessions where user_id = $1", [user.profileId]);
  await asPostgres("delete from public.user_activity where user_id = $1", [user.profileId]);
  await expectUseless(again, sessionId);
  expect((await requestExport(again)).status).toBe(401);

  expect((await deleteAccount(again)).status).toBe(204);
  expect((await client.auth.getUser()).error).not.toBeNull();
});
