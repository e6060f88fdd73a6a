import { afterEach, expect, test } from "vitest";
import { loadHistory, postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser } from "../../helpers/stack.ts";
import { readUntil, settled, stopSession } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();

test("a reply is completed even if the client disconnects", async () => {
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

test("while a reply streams, a second message is refused and not stored", async () => {
  await behave({ reply: "one two three four five six seven eight nine ten", tokens_per_second: 1 });
  const sessionId = await createSession(user);
  const first = await postChat({ session_id: sessionId, content: "Count" }, user.accessToken);
  await readUntil(first, "one");

  const second = await postChat({ session_id: sessionId, content: "And you?" }, user.accessToken);

  expect(second.status).toBe(409);
  expect(await second.json()).toMatchObject({
    code: "turn_in_progress",
    details: { turn_id: expect.any(String) },
  });
  await stopSession(user, sessionId);
  await settled(user, sessionId);
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
});
