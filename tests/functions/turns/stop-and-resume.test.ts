import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { readReply } from "../../helpers/read-reply.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";
import { readUntil, readUsage, resumeSession, settled, stopSession } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();
const stranger = await createUser();
const TEN = "one two three four five six seven eight nine ten";
const SLOW = { reply: TEN, tokens_per_second: 10 };

async function reply(sessionId: string) {
  const query = user.client.from("chat_messages").select().eq("session_id", sessionId);
  return must(await query.eq("sender", "assistant").single());
}

test("a stop from a second client cancels at OpenAI within two seconds and keeps the text", async () => {
  await behave(SLOW);
  const sessionId = await createSession(user);
  const first = await postChat({ session_id: sessionId, content: "Count" }, user.accessToken);
  await readUntil(first, "two");
  const stoppedAt = performance.now();

  expect((await stopSession(user, sessionId)).status).toBe(200);
  await settled(user, sessionId);

  expect(performance.now() - stoppedAt).toBeLessThan(2_000);
  const stored = await reply(sessionId);
  expect(stored).toMatchObject({ status: "stopped" });
  expect(TEN.startsWith(stored.content)).toBe(true);
  expect(stored.content).not.toBe(TEN);
  expect(stored.output_tokens).toBeGreaterThan(0);
  const cancels = (await openaiRequests()).filter(({ path }) =>
    path.endsWith(`${stored.response_id}/cancel`)
  );
  expect(cancels.length).toBeGreaterThan(0);
});

test("the streaming client learns of another client's stop and holds what is stored", async () => {
  await behave(SLOW);
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  const sending = chat.sendMessage({ text: "Count" });
  await expect.poll(() => chat.lastMessage?.parts.length ?? 0).toBeGreaterThan(1);

  await stopSession(user, sessionId);
  await sending;

  expect(chat.lastMessage?.metadata?.status).toBe("stopped");
  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
});

test("a stop before OpenAI has responded ends the turn, and the turn is charged", async () => {
  await behave({ ...SLOW, ttft_ms: 1_500 });
  const sessionId = await createSession(user);
  const before = (await readUsage(user)).monthly_messages.used;
  const sending = postChat({ session_id: sessionId, content: "Count" }, user.accessToken);
  await expect.poll(async () => (await stopSession(user, sessionId)).status).toBe(200);

  await (await sending).text();
  await settled(user, sessionId);

  expect(await reply(sessionId)).toMatchObject({ status: "stopped", content: "" });
  expect((await readUsage(user)).monthly_messages.used).toBe(before + 1);
});

test("a stop and a resume answer 204 if nothing is running, or if the session is another user's", async () => {
  const sessionId = await createSession(user);
  expect((await stopSession(user, sessionId)).status).toBe(204);
  expect((await resumeSession(user, sessionId)).status).toBe(204);

  await behave(SLOW);
  await readUntil(
    await postChat({ session_id: sessionId, content: "Count" }, user.accessToken),
    "one",
  );
  expect((await stopSession(stranger, sessionId)).status).toBe(204);
  expect((await resumeSession(stranger, sessionId)).status).toBe(204);
  await settled(user, sessionId);
  expect((await reply(sessionId)).status).toBe("complete");
});

test("a named reply is sent to its owner, also after its end and while another one is written", async () => {
  const sessionId = await createSession(user);
  await behave({ reply: TEN });
  await (await postChat({ session_id: sessionId, content: "Count" }, user.accessToken)).text();
  const { id } = await reply(sessionId);
  await behave({ reply: "Another reply, which takes its time", tokens_per_second: 10 });
  await readUntil(
    await postChat({ session_id: sessionId, content: "Go on" }, user.accessToken),
    "Another",
  );
  const ask = (owner = user, chat = sessionId, messageId = id) =>
    resumeSession(owner, chat, undefined, messageId);

  const { body } = await ask();

  expect(body && await readReply(body)).toMatchObject({ end: "finished", text: TEN });
  expect((await ask(stranger)).status).toBe(204);
  expect((await ask(user, await createSession(user))).status).toBe(204);
  expect((await ask(user, sessionId, crypto.randomUUID())).status).toBe(204);
  const malformed = await ask(user, sessionId, "last");
  expect([malformed.status, (await malformed.json()).code]).toEqual([404, "not_found"]);
  await settled(user, sessionId);
});

test("a reload resumes the whole reply from its start and then live, with the same id", async () => {
  await behave(SLOW);
  const sessionId = await createSession(user);
  const leaving = new AbortController();
  const body = { session_id: sessionId, content: "Count" };
  await readUntil(await postChat(body, user.accessToken, { signal: leaving.signal }), "three");
  leaving.abort();
  const history = (await loadHistory(user, sessionId)).slice(0, 1);
  const reloaded = openChat(user, sessionId, history);

  await reloaded.resumeStream();

  expect(reloaded.error).toBeUndefined();
  expect(reloaded.messages).toEqual(await loadHistory(user, sessionId));
  expect((await reply(sessionId)).content).toBe(TEN);
});

test("two tabs see the same reply from one response", async () => {
  await behave(SLOW);
  const sessionId = await createSession(user);
  const first = openChat(user, sessionId);
  const sending = first.sendMessage({ text: "Count" });
  await expect.poll(() => first.lastMessage?.role).toBe("assistant");
  const second = openChat(user, sessionId, first.messages.slice(0, 1));

  await Promise.all([second.resumeStream(), sending]);

  expect(second.messages).toEqual(first.messages);
  expect(second.messages).toEqual(await loadHistory(user, sessionId));
});

test("after a stop the next turn knows the conversation so far", async () => {
  await behave(SLOW);
  const sessionId = await createSession(user);
  await readUntil(
    await postChat({ session_id: sessionId, content: "My boat is called Gull." }, user.accessToken),
    "two",
  );
  await stopSession(user, sessionId);
  await settled(user, sessionId);
  await resetOpenAI();

  const chat = openChat(user, sessionId, await loadHistory(user, sessionId));
  await chat.sendMessage({ text: "What is my boat called?" });

  expect(chat.lastMessage?.parts.find((part) => part.type === "text")?.text).toContain("Gull");
});
