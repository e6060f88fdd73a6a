import { randomBytes } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { deleteAccount } from "../../helpers/account.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { postFile, uploadForm } from "../../helpers/files.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { buy, delivered, postBilling, releaseEvents, stripe } from "../../helpers/stripe.ts";
import { readUsage } from "../../helpers/turns.ts";
import { call, daily } from "../lookouts/lookouts-client.ts";

afterEach(releaseEvents);

const auth = createTestClient(stack.SECRET_KEY).auth.admin;

/** The ways in which an account can be deleted. */
const deletions: Record<string, (user: TestUser) => Promise<unknown>> = {
  "by its user": async (user) => expect((await deleteAccount(user)).status).toBe(204),
  "through the Auth admin API": async ({ authId }) => must(await auth.deleteUser(authId)),
  "by SQL": ({ authId }) => asPostgres("delete from auth.users where id = $1", [authId]),
};

/** Signs up with a given address. */
async function signUp(email: string): Promise<TestUser> {
  const client = createTestClient();
  const password = randomBytes(18).toString("base64url");
  const { session } = must(await client.auth.signUp({ email, password }));
  const profile = must(await client.from("profiles").select("id").single());
  const { access_token: accessToken = "", user } = session ?? {};
  return { client, email, password, accessToken, authId: user?.id ?? "", profileId: profile.id };
}

async function send(user: TestUser, more: Record<string, unknown> = {}): Promise<Response> {
  const session_id = await createSession(user);
  const response = await postChat({ session_id, content: "Hello", ...more }, user.accessToken);
  if (response.ok) await response.text();
  return response;
}

/** Returns the status of the newest subscription, once Stripe's events have arrived. */
async function subscribe(user: TestUser): Promise<string> {
  await buy(user, "price_parley_pro_yearly");
  const { data } = await stripe.customers.list({ email: user.email });
  await delivered(data[0]?.id ?? "");
  return must(await user.client.from("subscriptions").select("status").single()).status;
}

test.for(Object.keys(deletions))("an account deleted %s leaves no new quota", async (way) => {
  const user = await createUser();
  await asPostgres(
    `update public.profiles set subscription_usage = subscription_quota - 1 where id = $1`,
    [user.profileId],
  );
  expect((await send(user)).status).toBe(200);
  const before = await readUsage(user);
  await deletions[way]?.(user);

  const [name, domain] = user.email.split("@");
  for (const address of [user.email, `${name?.toUpperCase()}+again@${domain}`]) {
    const again = await signUp(address);
    expect(await readUsage(again)).toMatchObject({
      plan: "free",
      monthly_messages: before.monthly_messages,
      daily_messages: { used: 1 },
    });
    const refused = await send(again);
    expect([refused.status, await refused.json()]).toMatchObject([402, { code: "quota_exceeded" }]);
  }
  expect((await readUsage(await createUser())).monthly_messages.used).toBe(0);
});

test.for(Object.keys(deletions))("an account deleted %s leaves no new trial", {
  timeout: 60_000,
}, async (way) => {
  const user = await createUser();
  expect(await subscribe(user)).toBe("trialing");
  await deletions[way]?.(user);

  expect(await subscribe(await signUp(user.email))).toBe("active");
});

test("a changed address leaves neither a new quota nor a new trial", {
  timeout: 60_000,
}, async () => {
  const user = await createUser();
  expect(await subscribe(user)).toBe("trialing");
  await asPostgres("update public.profiles set subscription_usage = 150 where id = $1", [
    user.profileId,
  ]);
  must(await auth.updateUserById(user.authId, { email: `moved-${user.email}` }));
  expect((await readUsage(user)).monthly_messages.used).toBe(150);

  const again = await signUp(user.email);
  expect((await readUsage(again)).monthly_messages.used).toBe(150);
  expect(await subscribe(again)).toBe("active");
});

test("an anonymous user has ten messages and keeps what was used after giving an address", async () => {
  const client = createTestClient();
  const { session } = must(await client.auth.signInAnonymously());
  const { id: profileId } = must(await client.from("profiles").select("id").single());
  const guest: TestUser = {
    client,
    accessToken: session?.access_token ?? "",
    authId: session?.user.id ?? "",
    profileId,
    email: "",
    password: "",
  };
  expect(await readUsage(guest)).toMatchObject({
    plan: "anonymous",
    monthly_messages: { used: 0, limit: 10 },
    monthly_searches: { limit: 0 },
  });
  const searched = await send(guest, { search: true });
  expect(await searched.json()).toMatchObject({ code: "search_quota_exceeded" });
  const file = await postFile(guest, uploadForm(await createSession(guest), "Hello", "hello.md"));
  expect(await file.json()).toMatchObject({ code: "storage_full" });
  expect((await call(guest, "POST", "", daily())).body).toMatchObject({
    code: "lookout_limit_reached",
  });
  await asPostgres("update public.profiles set subscription_usage = 9 where id = $1", [profileId]);
  expect((await send(guest)).status).toBe(200);
  expect((await send(guest)).status).toBe(402);

  const checkout = {
    price_id: "price_parley_pro_monthly",
    success_url: "http://localhost:3000/done",
    cancel_url: "http://localhost:3000/plans",
  };
  const refused = await postBilling("checkout", guest, checkout);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: "email_required" }]);

  must(await client.auth.updateUser({ email: `guest-${profileId}@example.com` }));
  expect(await readUsage(guest)).toMatchObject({
    plan: "free",
    monthly_messages: { used: 10, limit: 200 },
  });
  expect((await send(guest)).status).toBe(200);
  expect((await postBilling("checkout", guest, checkout)).status).toBe(200);
});
