// A chat has a title from its first message on, and gets a better one after its reply.
import { afterEach, expect, test } from "vitest";
import { openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { uploadImage } from "../../helpers/images.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";
import { readUntil, settled, stopSession } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();
const QUESTION = "How do I grow tomatoes on a balcony?";

async function titleOf(sessionId: string): Promise<string | null> {
  const query = user.client.from("chat_sessions").select("title").eq("id", sessionId).single();
  return must(await query).title;
}

/** Returns the requests for a title of a session that OpenAI has answered or is answering. */
async function titleRequests(sessionId: string) {
  return (await openaiRequests()).filter(({ path, body }) => {
    const text = JSON.stringify(body);
    return path === "/v1/responses" && text.includes('"title"') && text.includes(sessionId);
  });
}

test("a chat whose first turn was stopped has its question as the title", async () => {
  await behave({ reply: Array(60).fill("word").join(" "), tokens_per_second: 5 });
  const sessionId = await createSession(user);
  const reply = await postChat({ session_id: sessionId, content: QUESTION }, user.accessToken);
  await readUntil(reply, "word");

  await stopSession(user, sessionId);
  await settled(user, sessionId);

  expect(await titleOf(sessionId)).toBe(QUESTION);
  expect(await titleRequests(sessionId)).toEqual([]);
});

test.for(
  [
    ["refused", { fail: { path: "/v1/responses", status: 400 } }],
    ["failed after some text", { end: "failed" }],
  ] as const,
)("a chat whose first turn was %s has its question as the title", async ([, behaviour]) => {
  await behave(behaviour);
  const sessionId = await createSession(user);

  await openChat(user, sessionId).sendMessage({ text: QUESTION });

  expect(await titleOf(sessionId)).toBe(QUESTION);
});

test("a title that OpenAI refuses stays the question, and the next turn tries again", async () => {
  await behave({ scenario: "title_fails" });
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: QUESTION });
  await expect.poll(async () => (await titleRequests(sessionId)).map(({ status }) => status))
    .toContain(404);
  expect(await titleOf(sessionId)).toBe(QUESTION);
  await behave({ reply: "Grow them in pots." });

  await chat.sendMessage({ text: "And then?" });

  await expect.poll(() => titleOf(sessionId)).not.toBe(QUESTION);
  expect(await titleOf(sessionId)).toBeTruthy();
});

test("a question that is only an image gets its title from the reply", async () => {
  const sessionId = await createSession(user);
  const image = await uploadImage(user, sessionId);
  const chat = openChat(user, sessionId);
  await behave({ reply: "A lighthouse at dusk." });

  await chat.sendMessage({ files: [image] });

  expect(readText(chat.lastMessage)).toBe("A lighthouse at dusk.");
  await expect.poll(() => titleOf(sessionId)).toBeTruthy();
  expect((await titleRequests(sessionId))[0]?.body).toMatchObject({
    input: "A lighthouse at dusk.",
  });
});

test("the stream closes with the reply and does not wait for the title", async () => {
  await behave({ scenario: "slow_title", seconds: 3 });
  const sessionId = await createSession(user);
  const body = { session_id: sessionId, content: QUESTION };

  await (await postChat(body, user.accessToken)).text();

  // The model's title is still being written.
  expect(await titleOf(sessionId)).toBe(QUESTION);
  await expect.poll(() => titleOf(sessionId)).not.toBe(QUESTION);
});
