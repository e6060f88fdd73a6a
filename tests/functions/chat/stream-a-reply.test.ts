import { validateUIMessages } from "ai";
import { expect, test } from "vitest";
import { MessageMetadata } from "../../../types/api.ts";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";

const user = await createUser();

test("the real client holds exactly what the database has stored", async () => {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "My name is Ada." });

  expect(chat.error).toBeUndefined();
  expect(chat.messages).toHaveLength(2);
  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
});

test("the client accepts the stored history as its own", async () => {
  const sessionId = await createSession(user);
  await openChat(user, sessionId).sendMessage({ text: "Hello" });
  const messages = await loadHistory(user, sessionId);

  const validated = await validateUIMessages({
    messages,
    metadataSchema: MessageMetadata.optional(),
  });

  expect(validated).toEqual(messages);
});

test("a second turn knows the first one, even in a client that has reloaded", async () => {
  const sessionId = await createSession(user);
  await openChat(user, sessionId).sendMessage({ text: "My dog is called Biscuit." });
  const reloaded = openChat(user, sessionId, await loadHistory(user, sessionId));

  await reloaded.sendMessage({ text: "What is my dog called?" });

  const reply = reloaded.lastMessage?.parts.find((part) => part.type === "text");
  expect(reply?.text).toContain("Biscuit");
  expect(reloaded.messages).toEqual(await loadHistory(user, sessionId));
});

test("the stored reply has its model, tokens, duration and response id", async () => {
  const sessionId = await createSession(user);
  await openChat(user, sessionId).sendMessage({ text: "Hello" });

  const query = user.client.from("chat_messages").select().eq("session_id", sessionId);
  const reply = must(await query.eq("sender", "assistant").single());

  expect(reply).toMatchObject({ status: "complete", seq: 2, model: "gpt-5.4-mini", error: null });
  expect(reply.total_tokens).toBe((reply.input_tokens ?? 0) + (reply.output_tokens ?? 0));
  expect(reply.output_tokens).toBeGreaterThan(0);
  expect(reply.completion_time).toBeGreaterThan(0);
  expect(reply.response_id).toMatch(/^resp_/);
});

test("the short form of the body works without any client library", async () => {
  const sessionId = await createSession(user);

  const response = await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken);
  const text = await response.text();

  expect(response.headers.get("x-vercel-ai-ui-message-stream")).toBe("v1");
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  expect(text).toContain('"type":"text-delta"');
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  expect(await loadHistory(user, sessionId)).toHaveLength(2);
});

test("a message moves its session to the top of the list and increases its count", async () => {
  const [older, newer] = [await createSession(user), await createSession(user)];
  await openChat(user, older).sendMessage({ text: "Hello" });

  const query = user.client.from("chat_sessions").select("id, message_count").in("id", [
    older,
    newer,
  ]);
  const sidebar = must(await query.order("updated_at", { ascending: false }));

  expect(sidebar).toEqual([{ id: older, message_count: 2 }, { id: newer, message_count: 0 }]);
});

test.for<[string, string, string]>([
  ["emoji and right-to-left text", "שלום 👩‍👩‍👧‍👦 مرحبا 🇺🇳", "שלום 👩‍👩‍👧‍👦 مرحبا 🇺🇳"],
  ["NUL", "before\u0000after", "beforeafter"],
  ["a lone surrogate", "cut \ud83d short", "cut \ufffd short"],
  ["quotes, backslashes and tags", `"\\ </script> $1 %s`, `"\\ </script> $1 %s`],
])("%s in a message can be stored", async ([, sent, stored]) => {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: sent });

  expect(chat.error).toBeUndefined();
  const [message] = await loadHistory(user, sessionId);
  expect(message?.parts).toEqual([{ type: "text", text: stored }]);
});
