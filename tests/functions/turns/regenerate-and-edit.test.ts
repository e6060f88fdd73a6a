import { afterEach, expect, test } from "vitest";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();

async function seqs(sessionId: string): Promise<number[]> {
  const query = user.client.from("chat_messages").select("seq").eq("session_id", sessionId).order(
    "seq",
  );
  return must(await query).map(({ seq }) => seq);
}

async function conversation(...messages: string[]) {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  for (const text of messages) await chat.sendMessage({ text });
  return { sessionId, chat };
}

test("regenerating replaces the last reply, in its place", async () => {
  const { sessionId, chat } = await conversation("First", "Second");
  const old = chat.lastMessage?.id;
  await behave({ reply: "Another answer." });

  await chat.regenerate();

  expect(chat.error).toBeUndefined();
  expect(chat.lastMessage?.id).not.toBe(old);
  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
  expect(chat.lastMessage?.parts).toContainEqual(
    expect.objectContaining({ text: "Another answer." }),
  );
  expect(await seqs(sessionId)).toEqual([1, 2, 3, 4]);
});

test("a failed regeneration keeps the old reply", async () => {
  const { sessionId, chat } = await conversation("First");
  const before = await loadHistory(user, sessionId);
  await behave({ fail: { path: "/v1/responses", status: 500 } });

  await chat.regenerate();

  expect(chat.error).toBeDefined();
  expect(await loadHistory(user, sessionId)).toEqual(before);
  expect(await seqs(sessionId)).toEqual([1, 2]);
});

test("only the last reply can be regenerated", async () => {
  const { sessionId, chat } = await conversation("First", "Second");
  const body = (messageId: string) => ({
    id: sessionId,
    messages: [],
    trigger: "regenerate-message",
    messageId,
  });

  const earlier = await postChat(body(chat.messages[1]?.id ?? ""), user.accessToken);
  expect(earlier.status).toBe(409);
  expect(await earlier.json()).toMatchObject({ code: "message_id_conflict" });

  const question = await postChat(body(chat.messages[2]?.id ?? ""), user.accessToken);
  expect(question.status).toBe(200);
  await question.text();
});

test("editing a message deletes the session after it and starts a new reply", async () => {
  const { sessionId, chat } = await conversation("My name is Bob.", "What is my name?");
  const edited = chat.messages[0];

  await chat.sendMessage({ text: "My name is Eve.", messageId: edited?.id });
  await chat.sendMessage({ text: "What did I say?" });

  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
  expect(await seqs(sessionId)).toEqual([1, 2, 3, 4]);
  const reply = chat.lastMessage?.parts.find((part) => part.type === "text")?.text;
  expect(reply).toContain("Eve");
  expect(reply).not.toContain("Bob");
});

test("editing a message that is unknown or another user's is refused", async () => {
  const { sessionId, chat } = await conversation("First");
  const edit = (id: string) =>
    postChat({
      id: sessionId,
      messages: [{ id, role: "user", parts: [{ type: "text", text: "Changed" }] }],
      messageId: id,
    }, user.accessToken);

  expect((await edit("nowhere")).status).toBe(404);
  expect((await edit(chat.messages[1]?.id ?? "")).status).toBe(404);
  expect(await loadHistory(user, sessionId)).toEqual(chat.messages);
});

test("regenerating in a session without a reply is refused with its own code", async () => {
  const sessionId = await createSession(user);
  const body = { id: sessionId, messages: [], trigger: "regenerate-message" };

  const response = await postChat(body, user.accessToken);

  expect(response.status).toBe(409);
  expect(await response.json()).toMatchObject({ code: "nothing_to_regenerate" });
});
