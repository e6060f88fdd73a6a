import { afterAll, expect, test } from "vitest";
import { ErrorReply } from "../../../types/api.ts";
import { issue, postBridge, postRedeem, refusalOf } from "../bridge/bridge-client.ts";
import { removeUnregistered } from "../../helpers/files.ts";
import { createTeam } from "../organizations/team.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  type TestUser,
} from "../../helpers/stack.ts";

afterAll(removeUnregistered);

/** Signs a user out everywhere, as another device would. The access token of `user.client` is still valid. */
async function signOutEverywhere(user: TestUser): Promise<void> {
  const other = createTestClient();
  must(await other.auth.signInWithPassword({ email: user.email, password: user.password }));
  expect((await other.auth.signOut({ scope: "global" })).error).toBeNull();
}

interface Victim {
  user: TestUser;
  sessionId: string;
  member: TestUser;
}

/** Creates an owner of an organization who is also an admin of the service, with a chat and a file. */
async function createVictim(): Promise<Victim> {
  const { owner: user, members: [member] } = await createTeam(["member"]);
  if (!member) throw new Error("the team has no member");
  await asPostgres("select private.setup_admin($1)", [user.email]);
  must(await user.client.storage.from("chat-files").upload(`${user.profileId}/kept.txt`, "Kept"));
  return { user, sessionId: await createSession(user), member };
}

/** Whatever outlives an access token: who can still read, join, sign in or decide afterwards. */
const attempts: Record<string, (victim: Victim) => PromiseLike<{ error: unknown }>> = {
  "a share link": ({ user, sessionId }) =>
    user.client.rpc("set_chat_visibility", { session_id: sessionId, visibility: "public" }),
  "a chat": ({ user }) => user.client.from("chat_sessions").insert({ assistant_slug: "coach" }),
  "an invitation": ({ user }) => user.client.rpc("invite_member", { email: "thief@example.com" }),
  "a transfer of the ownership": ({ user, member }) =>
    user.client.rpc("transfer_ownership", { member_id: member.profileId }),
  "another name of the organization": ({ user }) =>
    user.client.rpc("rename_organization", { name: "Taken" }),
  "another name of the user": ({ user }) =>
    user.client.from("profiles").update({ user_name: "Taken" }).eq("id", user.profileId),
  "another admin": ({ user, member }) =>
    user.client.rpc("admin_set_role", { user_id: member.profileId, role: "admin" }),
  credits: ({ user, member }) =>
    user.client.rpc("admin_grant_credits", { user_id: member.profileId, amount: 1 }),
};

test("a token whose sign-in has ended starts nothing that outlives it", async () => {
  const victim = await createVictim();
  await signOutEverywhere(victim.user);

  for (const [what, attempt] of Object.entries(attempts)) {
    expect((await attempt(victim)).error, what).toMatchObject({ message: "session_ended" });
  }
  const bucket = victim.user.client.storage.from("chat-files");
  const name = `${victim.user.profileId}/kept.txt`;
  expect((await bucket.createSignedUrl(name, 315_360_000)).error).not.toBeNull();
  expect((await bucket.createSignedUploadUrl(`${victim.user.profileId}/b.txt`)).error).not
    .toBeNull();
  expect((await bucket.upload(`${victim.user.profileId}/c.txt`, "x")).error).not.toBeNull();
  expect(await refusalOf(await postBridge(victim.user))).toEqual([401, "session_ended"]);
});

test("the same token starts all of them before its sign-in ends", async () => {
  const victim = await createVictim();
  for (const what of ["a share link", "an invitation", "credits"] as const) {
    expect((await attempts[what]?.(victim))?.error, what).toBeNull();
  }
  const bucket = victim.user.client.storage.from("chat-files");
  const name = `${victim.user.profileId}/kept.txt`;
  expect((await bucket.createSignedUrl(name, 60)).error).toBeNull();
});

test("a bridge code ends with the sign-in that asked for it", async () => {
  const user = await createUser();
  const code = await issue(user);
  await signOutEverywhere(user);

  const refused = await postRedeem(code);
  expect(refused.status).toBe(401);
  expect(ErrorReply.parse(await refused.json())).toMatchObject({
    code: "session_ended",
    message: "This sign-in has ended. Sign in again.",
  });
  expect(await refusalOf(await postRedeem(code))).toEqual([410, "code_expired"]);
});

test("a sign-out on another device leaves a code alone", async () => {
  const user = await createUser();
  const code = await issue(user);
  const other = createTestClient();
  must(await other.auth.signInWithPassword({ email: user.email, password: user.password }));
  expect((await other.auth.signOut({ scope: "local" })).error).toBeNull();

  expect((await postRedeem(code)).status).toBe(200);
});
