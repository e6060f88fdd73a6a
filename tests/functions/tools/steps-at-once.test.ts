import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createAssistant } from "../../helpers/assistants.ts";
import { raceBehind } from "../../helpers/race-behind.ts";
import {
  asPostgres,
  createSession,
  createTestClient,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { endTurnsOf } from "../../helpers/tools.ts";

const SESSION = "select from public.chat_sessions where id = $1 for no key update";
const USAGE = {
  model: "gpt-5.4-mini",
  input_tokens: 1000,
  cached_input_tokens: 0,
  output_tokens: 100,
};

const service = createTestClient(stack.SECRET_KEY);
const assistant = await createAssistant();

beforeAll(async () => {
  await asPostgres(`
    create function tools.rename_chats(title text, seconds integer) returns void language plpgsql set search_path = ''
    as $$ begin
      update public.chat_sessions s set title = rename_chats.title;
      perform pg_sleep(seconds);
    end $$;
    comment on function tools.rename_chats is 'Renames all chats.';
  `);
  await asPostgres(
    `select private.add_function_tool($1, 'tools.rename_chats'),
       private.add_client_tool($1, 'ask', 'Asks.', '{"type": "object"}')`,
    [assistant.slug],
  );
});

afterAll(() => endTurnsOf(assistant.slug));

interface Turn {
  user: TestUser;
  sessionId: string;
  turnId: string;
  messageId: string;
}

async function startTurn(): Promise<Turn> {
  const user = await createUser();
  const sessionId = await createSession(user, assistant.slug);
  const started = must(
    await service.rpc("start_turn", {
      auth_user_id: user.authId,
      session_id: sessionId,
      client_id: randomUUID(),
      content: "Hello",
      parts: [{ type: "text", text: "Hello" }],
    }),
  ) as { turn_id: string; assistant_message_id: string };
  return { user, sessionId, turnId: started.turn_id, messageId: started.assistant_message_id };
}

const storeStep = ({ turnId }: Turn, name: string, args: object = {}) => async () =>
  must(
    await service.rpc("store_step", {
      turn_id: turnId,
      step: 0,
      reply: { content: "I call.", parts: [], ...USAGE },
      calls: [{ call_id: "call_1", name, arguments: JSON.stringify(args) }],
    }),
  );

const settle = ({ turnId }: Turn, status: string) => async () =>
  must(
    await service.rpc("settle_turn", {
      turn_id: turnId,
      status,
      reply: { content: "I call.", parts: [] },
    }),
  );

const failTurn = ({ turnId }: Turn) => async () =>
  must(await service.rpc("fail_turn", { turn_id: turnId, reply: {} }));

const goOn = ({ user, sessionId, messageId }: Turn, answer: object) => async () =>
  must(
    await service.rpc("continue_turn", {
      auth_user_id: user.authId,
      session_id: sessionId,
      message_id: messageId,
      answers: [{ tool_call_id: "call_1", ...answer }],
    }),
  ) as { kind: string };

const callOf = async ({ turnId }: Turn) =>
  (await asPostgres<{ id: string; status: string; error: string | null; output: unknown }>(
    "select id, status, error, output from public.tool_calls where turn_id = $1",
    [turnId],
  ))[0];

const runTool = (id = "") => async () =>
  must(await service.rpc("run_function_tool", { tool_call_id: id }));

const booked = ({ user }: Turn) =>
  asPostgres(
    `select sum(u.request_count)::integer as requests, sum(u.input_tokens)::integer as input,
       sum(u.total_cost) = max(c.spent) as is_month_equal
     from public.usage_metrics u join public.monthly_costs c using (user_id)
     where user_id = $1 and feature_type = 'chat'`,
    [user.profileId],
  );

const BOOKED_ONCE = [{ requests: 1, input: 1000, is_month_equal: true }];

test("of two callers that store a step, one stores and books it", async () => {
  const turn = await startTurn();
  const store = storeStep(turn, "ask");

  const stored = await raceBehind(SESSION, [turn.sessionId], [store, store]);

  expect(stored).toEqual([expect.objectContaining({ steps: 1 }), null]);
  expect(await booked(turn)).toEqual(BOOKED_ONCE);
});

test("a step that is stored before the turn fails is booked, and the message is not refunded", async () => {
  const turn = await startTurn();

  await raceBehind<unknown>(SESSION, [turn.sessionId], [storeStep(turn, "ask"), failTurn(turn)]);

  expect(await booked(turn)).toEqual(BOOKED_ONCE);
  const [profile] = await asPostgres(
    "select subscription_usage from public.profiles where id = $1",
    [
      turn.user.profileId,
    ],
  );
  expect(profile).toEqual({ subscription_usage: 1 });
});

test("a step of a turn that fails before it is not stored", async () => {
  const turn = await startTurn();

  const [, stored] = await raceBehind<unknown>(SESSION, [turn.sessionId], [
    failTurn(turn),
    storeStep(turn, "ask"),
  ]);

  expect(stored).toBeNull();
  expect(await callOf(turn)).toBeUndefined();
});

test("of two devices that answer at once, one continues the turn", async () => {
  const turn = await startTurn();
  await storeStep(turn, "ask")();
  await settle(turn, "waiting")();

  const kinds = await raceBehind(SESSION, [turn.sessionId], [
    goOn(turn, { output: "first" }),
    goOn(turn, { output: "second" }),
  ]);

  expect(kinds.map(({ kind }) => kind)).toEqual(["started", "attached"]);
  expect(await callOf(turn)).toMatchObject({ status: "complete", output: "first" });
});

test("of two devices that approve and deny at once, one decides", async () => {
  await asPostgres("update public.tools set needs_approval = true where slug = 'rename_chats'");
  try {
    for (let round = 0; round < 20; round++) {
      const turn = await startTurn();
      await storeStep(turn, "rename_chats", { title: "x", seconds: 0 })();
      await settle(turn, "waiting")();

      const results = await Promise.all(
        [true, false].map((is_approved) => goOn(turn, { is_approved })()),
      );

      const kinds = results.map(({ kind }) => kind);
      expect([...kinds].sort()).toEqual(["attached", "started"]);
      const isApproved = kinds[0] === "started";
      expect((await callOf(turn))?.status).toBe(isApproved ? "pending" : "denied");
    }
  } finally {
    await asPostgres("update public.tools set needs_approval = false where slug = 'rename_chats'");
  }
});

test("a message and an output at once: the one that comes first counts", async () => {
  const turn = await startTurn();
  await storeStep(turn, "ask")();
  await settle(turn, "waiting")();
  const send = async () =>
    must(
      await service.rpc("start_turn", {
        auth_user_id: turn.user.authId,
        session_id: turn.sessionId,
        client_id: randomUUID(),
        content: "Never mind",
        parts: [{ type: "text", text: "Never mind" }],
      }),
    ) as { kind: string };

  const kinds = await raceBehind(SESSION, [turn.sessionId], [send, goOn(turn, { output: 1 })]);

  expect(kinds.map(({ kind }) => kind)).toEqual(["started", "settled"]);
  expect(await callOf(turn)).toMatchObject({
    status: "failed",
    error: "The output was not provided.",
  });
});

test("a tool that writes to the chat of its turn does not deadlock with the end of the turn", async () => {
  const turn = await startTurn();
  await storeStep(turn, "rename_chats", { title: "Renamed", seconds: 0 })();
  const call = await callOf(turn);

  const [settled, ran] = await raceBehind<unknown>(SESSION, [turn.sessionId], [
    settle(turn, "stopped"),
    runTool(call?.id),
  ]);

  expect(settled).toMatchObject({ status: "stopped" });
  expect(ran).toMatchObject({ status: "failed", error: "The output was not provided." });
  const titles = await asPostgres("select title from public.chat_sessions where id = $1", [
    turn.sessionId,
  ]);
  expect(titles).not.toEqual([{ title: "Renamed" }]);
});

test("a chat is deleted while its tool runs, and the tool has no effect", async () => {
  const turn = await startTurn();
  await storeStep(turn, "rename_chats", { title: "Renamed", seconds: 0 })();
  const call = await callOf(turn);
  const kept = await createSession(turn.user, assistant.slug);

  await raceBehind<unknown>(SESSION, [turn.sessionId], [
    async () =>
      must(await turn.user.client.from("chat_sessions").delete().eq("id", turn.sessionId)),
    runTool(call?.id),
  ]);

  expect(await callOf(turn)).toBeUndefined();
  const titles = await asPostgres("select title from public.chat_sessions where id = $1", [kept]);
  expect(titles).not.toEqual([{ title: "Renamed" }]);
});
