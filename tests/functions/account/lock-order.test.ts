import { afterEach, expect, test } from "vitest";
import { readTargets } from "../../../functions/stripe-webhook/event-targets.ts";
import { fetchTargets } from "../../../functions/stripe-webhook/fetch-target.ts";
import { countRows, deleteAccount, finishDeletions } from "../../helpers/account.ts";
import { billing, createPayer } from "../../helpers/billing.ts";
import { raceBehind } from "../../helpers/race-behind.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import {
  buy,
  delivered,
  eventsAbout,
  holdEvents,
  releaseEvents,
  stripe,
} from "../../helpers/stripe.ts";

afterEach(releaseEvents);

// The lock order is: login, profile, session, rows of the session. Another order can deadlock.
const PROFILE = "select from public.profiles where id = $1 for no key update";
const SESSION = "select from public.chat_sessions where id = $1 for no key update";

const service = createTestClient(stack.SECRET_KEY);

/** Starts a turn for which no function generates a reply. */
async function startTurn(user: TestUser): Promise<{ sessionId: string; turnId: string }> {
  const sessionId = await createSession(user);
  const [started] = await asPostgres<{ turn_id: string }>(
    `select public.start_turn($1, $2, 'question', 'Hello', '[{"type": "text", "text": "Hello"}]') ->> 'turn_id'
       as turn_id`,
    [user.authId, sessionId],
  );
  return { sessionId, turnId: started?.turn_id ?? "" };
}

/** Starts a lookout's run and its turn. */
async function startRun(user: TestUser): Promise<{ sessionId: string; runId: string }> {
  const [run] = await asPostgres<{ id: string }>(
    `select r.id
     from public.create_lookout(
         $1, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now() + interval '1 day'
       ) l,
       public.run_lookout_now($1, l.id) r`,
    [user.authId],
  );
  const [turn] = await asPostgres<{ session_id: string }>(
    "select public.start_lookout_run($1) ->> 'session_id' as session_id",
    [run?.id],
  );
  return { sessionId: turn?.session_id ?? "", runId: run?.id ?? "" };
}

const failTurn = (turn_id: string) => () =>
  service.rpc("fail_turn", { turn_id, reply: {} }).throwOnError();
const deleteLogin = (user: TestUser) => () =>
  asPostgres("delete from auth.users where id = $1", [user.authId]);

/** Expects that the deletion itself closed the account, and that the schedule leaves no rows. */
async function expectErased(user: TestUser): Promise<void> {
  const isDeleted = "select is_deleted from public.profiles where id = $1";
  expect(await asPostgres(isDeleted, [user.profileId])).toEqual([{ is_deleted: true }]);
  await finishDeletions();
  // Retention deletes the ids of a turn that ran until then, unless its function books its cost before.
  const { deleted_turns: _, ...left } = await countRows(user);
  expect(left).toEqual({});
}

test("a deletion of the account that races with a settling turn waits for it and succeeds", async () => {
  const user = await createUser();
  const { sessionId, turnId } = await startTurn(user);

  await raceBehind<unknown>(SESSION, [sessionId], [
    failTurn(turnId),
    async () => expect((await deleteAccount(user)).status).toBe(204),
  ]);

  await expectErased(user);
});

test("a deletion of the login that races with a turn's refund waits for it and succeeds", async () => {
  const user = await createUser();
  const { sessionId, turnId } = await startTurn(user);

  await raceBehind<unknown>(SESSION, [sessionId], [failTurn(turnId), deleteLogin(user)]);

  await expectErased(user);
});

test("a deletion of the login that races with a starting turn waits for it and succeeds", async () => {
  const user = await createUser();
  const sessionId = await createSession(user);
  const start = () =>
    service.rpc("start_turn", {
      auth_user_id: user.authId,
      session_id: sessionId,
      client_id: "question",
      content: "Hello",
      parts: [{ type: "text", text: "Hello" }],
    }).throwOnError();

  await raceBehind<unknown>(SESSION, [sessionId], [start, deleteLogin(user)]);

  await expectErased(user);
});

test("a deletion of the login that races with a settling lookout run waits for it and succeeds", async () => {
  const user = await createUser();
  const { sessionId, runId } = await startRun(user);
  const finish = () => service.rpc("settle_lookout_run", { run_id: runId }).throwOnError();

  await raceBehind<unknown>(SESSION, [sessionId], [finish, deleteLogin(user)]);

  await expectErased(user);
});

test("saving the conversation of a turn locks the session before the turn", async () => {
  const user = await createUser();
  const { sessionId, turnId } = await startTurn(user);
  const save = () =>
    service.rpc("save_turn_ids", { turn_id: turnId, thread_id: "conv_1" }).throwOnError();

  await raceBehind<unknown>(SESSION, [sessionId], [failTurn(turnId), save]);

  const [session] = await asPostgres("select thread_id from public.chat_sessions where id = $1", [
    sessionId,
  ]);
  expect(session).toEqual({ thread_id: null });
});

test("a deletion of the login that races with the end of its customer waits for it and succeeds", async () => {
  const user = await createPayer();
  await delivered(user.customerId);
  await asPostgres(
    `insert into public.subscriptions
       (user_id, stripe_subscription_id, stripe_customer_id, status, currency, created_at)
     values ($1, $2, $3, 'canceled', 'usd', now())`,
    [user.profileId, `sub_${user.profileId}`, user.customerId],
  );
  await asPostgres("update public.profiles set subscription_plan = 'pro' where id = $1", [
    user.profileId,
  ]);
  const ticket = await billing.drawTicket();
  const gone = { id: user.customerId, is_deleted: true } as const;
  const endCustomer = () => billing.apply(null, ticket, [{ kind: "customer", fields: gone }]);

  await raceBehind<unknown>(PROFILE, [user.profileId], [endCustomer, deleteLogin(user)]);

  await finishDeletions();
  const [profile] = await asPostgres(
    "select is_deleted, auth_id, stripe_customer_id, subscription_plan from public.profiles where id = $1",
    [user.profileId],
  );
  expect(profile).toEqual({
    is_deleted: true,
    auth_id: null,
    stripe_customer_id: null,
    subscription_plan: "free",
  });
});

test("a deletion of the login that races with a bought plan and credits waits for it and succeeds", async () => {
  const user = await createPayer();
  await holdEvents();
  for (const price of ["price_parley_pro_monthly", "price_parley_credits_100"]) {
    await buy(user, price);
  }
  const targets = (await eventsAbout(user.customerId)).flatMap(({ type, event }) =>
    readTargets(type, event.data.object) ?? []
  );
  const ticket = await billing.drawTicket();
  const bought = await fetchTargets(stripe, targets, billing.findKnownProducts);

  await raceBehind<unknown>(PROFILE, [user.profileId], [
    () => billing.applyEvents([], ticket, bought),
    deleteLogin(user),
  ]);

  const [granted] = await asPostgres(
    "select count(*)::integer as count from private.credit_grants where user_id = $1",
    [user.profileId],
  );
  expect(granted).toEqual({ count: 1 });
  await finishDeletions();
});
