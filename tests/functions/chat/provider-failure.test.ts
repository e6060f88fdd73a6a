import { afterEach, expect, test } from "vitest";
import { UPSTREAM_MARKER } from "../../../local/openai/fail-request.ts";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();

test.for(
  [
    ["500", { fail: { path: "/v1/responses", status: 500 } }, "provider_error"],
    ["429", { fail: { path: "/v1/responses", status: 429, retry_after: 1 } }, "provider_busy"],
    ["401", { fail: { path: "/v1/responses", status: 401 } }, "provider_misconfigured"],
    ["no conversation", { fail: { path: "/v1/conversations", status: 500 } }, "provider_error"],
    ["response.failed", { end: "failed" }, "provider_error"],
    ["a malformed event", { malformed_after_events: 6 }, "internal"],
  ] as const,
)("upstream's %s ends in an error chunk and a failed message", async ([, behaviour, code]) => {
  await behave(behaviour);
  const sessionId = await createSession(user);

  const response = await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken);
  const text = await response.text();

  expect(text).toContain('"type":"error"');
  expect(text).toContain(code);
  expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
  expect(text).not.toContain(UPSTREAM_MARKER);

  const query = user.client.from("chat_messages").select().eq("session_id", sessionId);
  const reply = must(await query.eq("sender", "assistant").single());
  expect(reply).toMatchObject({ status: "failed", error: { code } });
  expect(JSON.stringify(reply)).not.toContain(UPSTREAM_MARKER);
});

test("the real client shows the failure and keeps what was said before it", async () => {
  await behave({ end: "failed", reply: "one two three" });
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "Count" });

  expect(JSON.parse(chat.error?.message ?? "")).toMatchObject({ code: "provider_error" });
  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
});

test("after a failure the next turn answers, with the history", async () => {
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);
  await behave({ fail: { path: "/v1/responses", status: 500 } });
  await chat.sendMessage({ text: "My cat is called Pixel." });
  await resetOpenAI();

  await chat.sendMessage({ text: "What is my cat called?" });

  const reply = chat.lastMessage?.parts.find((part) => part.type === "text");
  expect(reply?.text).toContain("Pixel");
});

test("an incomplete reply is kept, and the client learns that it was cut", async () => {
  await behave({ end: "incomplete" });
  const sessionId = await createSession(user);

  const response = await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken);

  expect(await response.text()).toContain('"finishReason":"length"');
  const query = user.client.from("chat_messages").select("status").eq("session_id", sessionId);
  expect(must(await query.eq("sender", "assistant").single()).status).toBe("complete");
});

test("a disconnect in mid-stream leaves nothing streaming", async () => {
  await behave({ disconnect_after_events: 6 });
  const sessionId = await createSession(user);

  await (await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken)).text();

  const query = user.client.from("chat_messages").select("status").eq("session_id", sessionId);
  expect(must(await query.eq("sender", "assistant").single()).status).toBe("failed");
});
