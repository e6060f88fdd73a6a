import { randomUUID } from "node:crypto";
import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser } from "../../helpers/stack.ts";
import { readUntil, readUsage, settled, stopSession } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();

/** Returns how many responses were requested for a session, without those for its title. */
async function modelCalls(sessionId: string): Promise<number> {
  return (await openaiRequests()).filter(({ method, path, body }) => {
    const text = JSON.stringify(body);
    return method === "POST" && path === "/v1/responses" && text.includes(sessionId) &&
      !text.includes('"purpose"');
  }).length;
}

function ids(stream: string): string[] {
  return [...stream.matchAll(/"messageId":"([^"]+)"/g)].map(([, id]) => id ?? "");
}

function texts(stream: string): string {
  return [...stream.matchAll(/"type":"text-delta","id":"[^"]*","delta":"((?:[^"\\]|\\.)*)"/g)]
    .map(([, delta]) => JSON.parse(`"${delta}"`)).join("");
}

test("the same message sent twice at once: one model call, one charge, the same reply", async () => {
  await behave({ reply: "one two three four five", tokens_per_second: 20 });
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "Count", message_id: randomUUID() };
  const before = (await readUsage(user)).monthly_messages.used;

  const answers = await Promise.all([1, 2, 3].map(() => postChat(body, user.accessToken)));
  const streams = await Promise.all(answers.map((answer) => answer.text()));

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(new Set(streams.flatMap(ids)).size).toBe(1);
  expect(streams.map(texts)).toEqual(Array(3).fill("one two three four five"));
  expect(await modelCalls(sessionId)).toBe(1);
  expect((await readUsage(user)).monthly_messages.used).toBe(before + 1);
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
});

test("a message sent again after its reply gets the stored reply", async () => {
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "Hello", message_id: randomUUID() };
  const first = await (await postChat(body, user.accessToken)).text();

  const again = await (await postChat(body, user.accessToken)).text();

  expect(texts(again)).toBe(texts(first));
  expect(ids(again)).toEqual(ids(first));
  expect(again).toContain('"type":"finish"');
  expect(await modelCalls(sessionId)).toBe(1);
});

test("a client that sends a message again holds the stored reply, even if it was stopped", async () => {
  await behave({ reply: "one two three four five", tokens_per_second: 10 });
  const sessionId = await createSession(user);
  const message_id = randomUUID();
  const body = { session_id: sessionId, content: "Count", message_id };
  await readUntil(await postChat(body, user.accessToken), "two");
  await stopSession(user, sessionId);
  await settled(user, sessionId);
  const chat = openChat(user, sessionId);

  await chat.sendMessage({
    id: message_id,
    role: "user",
    parts: [{ type: "text", text: "Count" }],
  });

  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
  expect(await modelCalls(sessionId)).toBe(1);
});

test("a message whose reply failed gets a new reply and is charged again", async () => {
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: "Hello", message_id: randomUUID() };
  await behave({ fail: { path: "/v1/responses", status: 400 } });
  expect((await postChat(body, user.accessToken)).status).toBe(503);
  await resetOpenAI();
  const before = (await readUsage(user)).monthly_messages.used;

  const again = await postChat(body, user.accessToken);

  expect(await again.text()).toContain('"type":"finish"');
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
  expect((await readUsage(user)).monthly_messages.used).toBe(before + 1);
});

test("an id with other content is refused; of two different messages sent at once, one gets 409", async () => {
  await behave({ reply: "one two three", tokens_per_second: 10 });
  const sessionId = await createSession(user);
  const send = (message_id: string, content: string) =>
    postChat({ session_id: sessionId, content, message_id }, user.accessToken);

  const both = await Promise.all([send("a", "First"), send("b", "Second")]);
  await Promise.all(both.map((answer) => answer.text()));

  expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  const winner = both[0]?.status === 200 ? "a" : "b";
  const conflict = await send(winner, "Something else");
  expect(conflict.status).toBe(409);
  expect(await conflict.json()).toMatchObject({ code: "message_id_conflict" });
});
