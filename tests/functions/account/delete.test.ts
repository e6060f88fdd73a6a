import { afterEach, expect, test } from "vitest";
import {
  addMessages,
  countRows,
  deleteAccount,
  finishDeletions,
  readExport,
} from "../../helpers/account.ts";
import { drain, objectsOf, orphans, remoteObjects } from "../../helpers/files.ts";
import { behave as behaveOpenAI, resetOpenAI } from "../../helpers/openai.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  type TestUser,
} from "../../helpers/stack.ts";
import { behave as behaveStripe, delivered, releaseEvents, stripe } from "../../helpers/stripe.ts";
import { createTeam, ownersOf } from "../organizations/team.ts";
import { createFullUser, type FullUser } from "./full-user.ts";

afterEach(async () => {
  await resetOpenAI();
  await releaseEvents();
});

/** The tables whose rows about a deleted user are kept. */
const KEPT = [
  "audit_logs",
  "credit_grants",
  "monthly_costs",
  "payments",
  "stripe_customers",
  "subscriptions",
  "usage_metrics",
];

async function expectGone(user: TestUser, kept: string[]): Promise<void> {
  expect(Object.keys(await countRows(user)).toSorted()).toEqual(kept);
  const [profile] = await asPostgres(
    "select auth_id, email, user_name, organization_id, is_deleted from public.profiles where id = $1",
    [user.profileId],
  );
  expect(profile).toEqual({
    auth_id: null,
    email: null,
    user_name: null,
    organization_id: null,
    is_deleted: true,
  });
  expect(await asPostgres("select from auth.users where id = $1", [user.authId])).toEqual([]);
  expect(
    await asPostgres("select from private.rate_counters where subject = $1", [user.profileId]),
  )
    .toEqual([]);
}

/** Returns the ids of the full user's conversation and response that OpenAI still has. */
async function talkOf({ threadId, responseId }: FullUser): Promise<string[]> {
  const { conversations, responses } = await remoteObjects();
  return [...conversations, ...responses].map(({ id }) => id)
    .filter((id) => id === threadId || id === responseId);
}

async function expectUnbilled(user: FullUser): Promise<void> {
  expect(await stripe.customers.retrieve(user.customerId)).toMatchObject({ deleted: true });
  await delivered(user.subscriptionId);
  await delivered(user.customerId);
  const rows = await asPostgres(
    `select s.status, c.is_deleted, c.email, p.subscription_plan, p.is_deleted as is_gone
     from public.subscriptions s
     join public.stripe_customers c on c.id = s.stripe_customer_id
     join public.profiles p on p.id = s.user_id
     where s.user_id = $1`,
    [user.profileId],
  );
  expect(rows).toEqual([
    { status: "canceled", is_deleted: true, email: null, subscription_plan: "free", is_gone: true },
  ]);
}

test("a deletion removes all but the books, also from OpenAI, Storage and Stripe", {
  timeout: 60_000,
}, async () => {
  const user = await createFullUser();
  const bystander = await createFullUser();
  const before = await readExport(bystander);
  expect(await talkOf(user)).toHaveLength(2);

  expect((await deleteAccount(user)).status).toBe(204);

  await expectGone(user, KEPT);
  await expectUnbilled(user);
  // Checked again: the events that Stripe has sent since must not restore anything.
  await expectGone(user, KEPT);
  await drain();
  expect(await objectsOf(user)).toEqual([]);
  expect(await orphans()).toEqual([]);
  expect(await talkOf(user)).toEqual([]);
  expect(
    await asPostgres(
      `select from public.organizations o
     where not exists (select from public.profiles p where p.organization_id = o.id)`,
    ),
  ).toEqual([]);
  const { exported_at: _, chat_files: __, ...rest } = await readExport(bystander);
  expect(before).toMatchObject(rest);
});

test("deleting the login in the dashboard does the same", { timeout: 60_000 }, async () => {
  const user = await createFullUser();

  await asPostgres("delete from auth.users where id = $1", [user.authId]);

  await expectGone(user, KEPT);
  await drain();
  expect(await objectsOf(user)).toEqual([]);
  expect(await orphans()).toEqual([]);
  expect(await talkOf(user)).toEqual([]);
  await expectUnbilled(user);
});

test("an owner must transfer the organization first; deleting the login transfers it", async () => {
  const { id, owner, members } = await createTeam(["admin"]);
  const admin = members[0]?.profileId;
  const sessionId = await createSession(owner);

  const response = await deleteAccount(owner);

  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: "owner_must_transfer" });
  expect(await ownersOf(id)).toEqual([owner.profileId]);
  expect(must(await owner.client.from("chat_sessions").select("id"))).toEqual([{ id: sessionId }]);
  expect((await owner.client.auth.refreshSession()).error).toBeNull();

  await asPostgres("delete from auth.users where id = $1", [owner.authId]);
  expect(await ownersOf(id)).toEqual([admin]);
});

test.for([["banned", "role = 'banned'"], ["inactive", "is_active = false"]])(
  "a user who is %s may delete the account",
  async ([, change]) => {
    const user = await createUser();
    await asPostgres(`update public.profiles set ${change} where id = $1`, [user.profileId]);

    expect((await deleteAccount(user)).status).toBe(204);
    await expectGone(user, []);
  },
);

test("an anonymous guest may delete the account", async () => {
  const client = createTestClient();
  const { session } = must(await client.auth.signInAnonymously());
  const accessToken = session?.access_token ?? "";
  const profile = must(await client.from("profiles").select("id").single());
  const guest = {
    client,
    accessToken,
    authId: session?.user.id ?? "",
    profileId: profile.id,
    email: "",
    password: "",
  };

  expect((await deleteAccount(guest)).status).toBe(204);
  await expectGone(guest, []);
});

test("two concurrent deletions and a later one end in one deleted account", async () => {
  const user = await createUser();
  await addMessages(await createSession(user), 3_000);

  const statuses = await Promise.all([1, 2, 3].map(async () => (await deleteAccount(user)).status));

  expect([204, 401]).toEqual(expect.arrayContaining(statuses));
  expect(statuses).toContain(204);
  await expectGone(user, []);
  expect((await deleteAccount(user)).status).toBe(401);
});

test("the same address may sign up again and starts with an empty account", async () => {
  const user = await createFullUser();
  expect((await deleteAccount(user)).status).toBe(204);

  const client = createTestClient();
  must(await client.auth.signUp({ email: user.email, password: user.password }));

  const profile = must(await client.from("profiles").select().single());
  expect(profile.id).not.toBe(user.profileId);
  expect(profile).toMatchObject({ subscription_plan: "free", organization_id: null, tokens: 0 });
  expect(must(await client.from("chat_sessions").select())).toEqual([]);
  expect(must(await client.from("payments").select())).toEqual([]);
});

test("the account is deleted while Stripe is down, and the outbox retries the customer", {
  timeout: 60_000,
}, async () => {
  const user = await createFullUser();
  const path = `/v1/customers/${user.customerId}`;
  await behaveStripe({ fail: { path, status: 500 } });

  expect((await deleteAccount(user)).status).toBe(204);
  await expectGone(user, KEPT);
  expect(await stripe.subscriptions.retrieve(user.subscriptionId))
    .toMatchObject({ status: "active" });

  await releaseEvents();
  await drain();
  await expectUnbilled(user);
});

test("while OpenAI is down its objects stay in the outbox, and they are deleted once it is back", {
  timeout: 60_000,
}, async () => {
  const user = await createFullUser();
  const [file] = must(await user.client.from("chat_files").select("openai_file_id"));
  const path = `/v1/files/${file?.openai_file_id}`;
  await behaveOpenAI({ fail: { path, status: 500, times: 2 } });

  expect((await deleteAccount(user)).status).toBe(204);
  await drain();

  expect(await orphans()).toEqual([]);
});

test("the schedule finishes deleting a large account whose login was deleted", {
  timeout: 60_000,
}, async () => {
  const user = await createUser();
  await addMessages(await createSession(user), 12_000);

  await asPostgres("delete from auth.users where id = $1", [user.authId]);
  expect((await countRows(user)).chat_messages).toBeGreaterThan(0);
  await finishDeletions();

  await expectGone(user, []);
});

test("rows written while the account was being closed are deleted a quarter of an hour later", async () => {
  const user = await createUser();
  await deleteAccount(user);
  await asPostgres(
    "insert into public.chat_sessions (user_id, assistant_slug) values ($1, 'coach')",
    [user.profileId],
  );
  await finishDeletions();
  const waiting = () =>
    asPostgres("select from private.account_deletions where profile_id = $1", [user.profileId]);
  expect(await waiting()).toHaveLength(1);

  await asPostgres(
    `insert into public.user_activity (user_id, action) values ($1, 'late')`,
    [user.profileId],
  );
  await asPostgres(
    "update private.account_deletions set requested_at = now() - interval '16 minutes'",
  );
  await finishDeletions();

  expect(await waiting()).toEqual([]);
  await expectGone(user, []);
});
