import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();

test("a client that goes away changes nothing: the reply is written to its end", async () => {
  await behave({
    reply: "one two three four five six seven eight nine ten",
    tokens_per_second: 20,
  });
  const sessionId = await createSession(user);
  const leaving = new AbortController();
  const body = { session_id: sessionId, content: "Count" };
  const response = await postChat(body, user.accessToken, { signal: leaving.signal });
  await readUntil(response, "one");
  leaving.abort();

  await settled(user, sessionId);

  const [, reply] = await loadHistory(user, sessionId);
  const text = reply?.parts.find((part) => part.type === "text")?.text;
  expect(text).toBe("one two three four five six seven eight nine ten");
  expect(reply?.metadata?.status).toBeUndefined();
});

test("while a reply streams, a second message is refused and nothing of it is stored", async () => {
  await behave({ reply: "one two three four five six", tokens_per_second: 10 });
  const sessionId = await createSession(user);
  const first = await postChat({ session_id: sessionId, content: "Count" }, user.accessToken);
  await readUntil(first, "one");

  const second = await postChat({ session_id: sessionId, content: "And you?" }, user.accessToken);

  expect(second.status).toBe(409);
  expect(await second.json()).toMatchObject({ code: "turn_in_progress", details: null });
  await settled(user, sessionId);
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
});

test("a message id that was used before is refused", async () => {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "Hello" });
  const message_id = chat.messages[0]?.id;

  const again = await postChat(
    { session_id: sessionId, content: "Other", message_id },
    user.accessToken,
  );

  expect(again.status).toBe(409);
  expect(await again.json()).toMatchObject({ code: "message_id_conflict" });
});

/** Reads a stream until a text has come. */
async function readUntil(response: Response, text: string): Promise<void> {
  let seen = "";
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  while (!seen.includes(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended before "${text}" came: ${seen}`);
    seen += value;
  }
  reader.releaseLock();
}

/** Resolves when no reply of the session is being generated any more. */
async function settled(owner: TestUser, sessionId: string): Promise<void> {
  await expect.poll(async () => {
    const query = owner.client.from("chat_messages").select("status").eq("session_id", sessionId);
    return must(await query).some(({ status }) => status === "streaming");
  }, { timeout: 15_000 }).toBe(false);
}
