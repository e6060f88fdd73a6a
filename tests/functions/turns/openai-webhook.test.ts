import { createHmac } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, stack } from "../../helpers/stack.ts";
import { readUsage, savedResponseId, settled } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();

/**
 * Sends an event as OpenAI does. `secret` signs it.
 * Source: https://github.com/standard-webhooks/standard-webhooks, symmetric signatures.
 */
function sendEvent(
  type: string,
  responseId: string,
  secret = stack.OPENAI_WEBHOOK_SECRET ?? "",
): Promise<Response> {
  const body = JSON.stringify({
    id: "evt_1",
    object: "event",
    created_at: Math.floor(Date.now() / 1000),
    type,
    data: { id: responseId },
  });
  const [id, timestamp] = ["wh_1", String(Math.floor(Date.now() / 1000))];
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64");
  return fetch(`${stack.FUNCTIONS_URL}/openai-webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "webhook-id": id,
      "webhook-timestamp": timestamp,
      "webhook-signature": `v1,${signature}`,
    },
    body,
  });
}

/** Leaves a turn whose response is complete, as a function that has just died does. */
async function leftTurn(): Promise<{ sessionId: string; responseId: string }> {
  await behave({ reply: "one two three" });
  const sessionId = await createSession(user);
  await (await postChat({ session_id: sessionId, content: "Count" }, user.accessToken)).text();
  await asPostgres(
    "update public.chat_turns set status = 'active', finished_at = null where session_id = $1",
    [sessionId],
  );
  await asPostgres(
    `update public.chat_messages set status = 'streaming', content = '', parts = '[]'
     where session_id = $1 and sender = 'assistant'`,
    [sessionId],
  );
  return { sessionId, responseId: await savedResponseId(sessionId) };
}

test("an event about the end of a response settles its turn, once", async () => {
  const { sessionId, responseId } = await leftTurn();
  const used = (await readUsage(user)).monthly_messages.used;

  const answers = await Promise.all(
    Array.from({ length: 5 }, () => sendEvent("response.completed", responseId)),
  );

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
  await settled(user, sessionId);
  const query = user.client.from("chat_messages").select().eq("session_id", sessionId);
  expect(must(await query.eq("sender", "assistant").single())).toMatchObject({
    status: "complete",
    content: "one two three",
  });
  expect((await readUsage(user)).monthly_messages.used).toBe(used);
});

test("events about other responses and of other types are ignored", async () => {
  const answers = await Promise.all([
    sendEvent("response.completed", "resp_unknown"),
    sendEvent("batch.completed", "batch_1"),
  ]);

  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual([
    { status: "ignored" },
    { status: "ignored" },
  ]);
});

test("an event with a wrong signature is refused", async () => {
  const answer = await sendEvent("response.completed", "resp_1", "whsec_d3Jvbmc=");

  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ code: "invalid_signature" });
});
