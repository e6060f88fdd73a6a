import { expect, test } from "vitest";
import { countRows, deleteAccount, finishDeletions } from "../../helpers/account.ts";
import { raceBehind } from "../../helpers/race-behind.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";

// Profile, session, and what hangs on a session: whoever takes them in another order meets somebody who does not.
const SESSION = "select from public.chat_sessions where id = $1 for no key update";

const service = createTestClient(stack.SECRET_KEY);

/** A session whose reply is generated, by nobody. */
async function startTurn(user: TestUser): Promise<{ sessionId: string; turnId: string }> {
  const sessionId = await createSession(user);
  const [started] = await asPostgres<{ turn_id: string }>(
    `select public.start_turn($1, $2, 'question', 'Hello', '[{"type": "text", "text": "Hello"}]') ->> 'turn_id'
       as turn_id`,
    [user.authId, sessionId],
  );
  return { sessionId, turnId: started?.turn_id ?? "" };
}

/** A run of a lookout in the middle of its turn. */
async function startRun(user: TestUser): Promise<{ sessionId: string; runId: string }> {
  const [run] = await asPostgres<{ id: string }>(
    `select r.id
     from public.create_lookout($1, 'News', 'What is new?', 'coach', 'daily', '0 9 * * *', 'UTC', now() + interval '1 day') l,
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

/** Nothing is left, and the account was closed by who deleted it, not by the schedule. */
async function expectErased(user: TestUser): Promise<void> {
  const isDeleted = "select is_deleted from public.profiles where id = $1";
  expect(await asPostgres(isDeleted, [user.profileId])).toEqual([{ is_deleted: true }]);
  await finishDeletions();
  expect(await countRows(user)).toEqual({});
}

test("a turn that is settled lets the deletion of its account come after it", async () => {
  const user = await createUser();
  const { sessionId, turnId } = await startTurn(user);

  await raceBehind<unknown>(SESSION, [sessionId], [
    failTurn(turnId),
    async () => expect((await deleteAccount(user)).status).toBe(204),
  ]);

  await expectErased(user);
});

test("so does the refund of one when the login is deleted", async () => {
  const user = await createUser();
  const { sessionId, turnId } = await startTurn(user);

  await raceBehind<unknown>(SESSION, [sessionId], [failTurn(turnId), deleteLogin(user)]);

  await expectErased(user);
});

test("so does a turn that begins", async () => {
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

test("so does a lookout's run that ends", async () => {
  const user = await createUser();
  const { sessionId, runId } = await startRun(user);
  const finish = () => service.rpc("settle_lookout_run", { run_id: runId }).throwOnError();

  await raceBehind<unknown>(SESSION, [sessionId], [finish, deleteLogin(user)]);

  await expectErased(user);
});

test("a heartbeat that saves its conversation waits for the session before it holds the stream", async () => {
  const user = await createUser();
  const { sessionId, turnId } = await startTurn(user);
  const beat = () =>
    service.rpc("heartbeat_turn", { turn_id: turnId, thread_id: "conv_1" }).throwOnError();

  await raceBehind<unknown>(SESSION, [sessionId], [failTurn(turnId), beat]);

  const [session] = await asPostgres("select thread_id from public.chat_sessions where id = $1", [
    sessionId,
  ]);
  expect(session).toEqual({ thread_id: null });
});
