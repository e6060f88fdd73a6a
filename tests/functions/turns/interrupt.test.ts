import { afterEach, expect, test } from "vitest";
import { loadHistory, postChat } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";
import { readUntil, savedResponseId } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();
const SLOW = { reply: Array(60).fill("word").join(" "), tokens_per_second: 10 };

/** Starts a turn that takes some seconds, and resolves when its first text has arrived. */
async function startSlowTurn(): Promise<{ sessionId: string; responseId: string }> {
  await behave(SLOW);
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "My boat is called Gull." };
  await readUntil(await postChat(body, user.accessToken), "word");
  return { sessionId, responseId: await savedResponseId(sessionId) };
}

test("a message into a busy chat is refused, and the refusal names the running turn", async () => {
  const { sessionId, responseId } = await startSlowTurn();
  const [turn] = await asPostgres<{ id: string }>(
    "select id from public.chat_turns where session_id = $1",
    [sessionId],
  );

  const refused = await postChat({ session_id: sessionId, content: "And?" }, user.accessToken);

  expect(refused.status).toBe(409);
  expect(await refused.json()).toMatchObject({
    code: "turn_in_progress",
    details: { turn_id: turn?.id },
  });
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
  const cancels = (await openaiRequests()).filter(({ path }) =>
    path.endsWith(`${responseId}/cancel`)
  );
  expect(cancels).toEqual([]);
});

test("a message that interrupts stops the running reply, keeps its text and is answered", async () => {
  const { sessionId, responseId } = await startSlowTurn();
  await behave({});
  const body = {
    session_id: sessionId,
    content: "What is my boat called?",
    when_busy: "interrupt",
  };

  const answer = await postChat(body, user.accessToken);
  const stream = await answer.text();

  expect(answer.status).toBe(200);
  expect(stream).toContain('"type":"finish"');
  const query = user.client.from("chat_messages").select("sender, status, content")
    .eq("session_id", sessionId).order("seq");
  const [, first, second, reply] = must(await query);
  expect(first).toMatchObject({ status: "stopped", content: expect.stringContaining("word") });
  expect(second).toMatchObject({ sender: "user", content: "What is my boat called?" });
  expect(reply).toMatchObject({ status: "complete", content: expect.stringContaining("Gull") });
  expect((await openaiRequests()).some(({ path }) => path.endsWith(`${responseId}/cancel`)))
    .toBe(true);
});

test("a message that may interrupt is answered as usual when nothing runs", async () => {
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "Hello", when_busy: "interrupt" };

  const answer = await postChat(body, user.accessToken);

  expect(await answer.text()).toContain('"type":"finish"');
});
