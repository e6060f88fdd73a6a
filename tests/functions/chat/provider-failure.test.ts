import { afterEach, expect, test } from "vitest";
import { UPSTREAM_MARKER } from "@parley/openai-emulator/http/fail-request.ts";
import { ErrorReply } from "../../../types/api.ts";
import { loadHistory, openChat, postChat } from "../../helpers/chat-client.ts";
import { behave, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";

afterEach(resetOpenAI);
const user = await createUser();

async function storedReply(sessionId: string, of: TestUser = user) {
  const query = of.client.from("chat_messages").select().eq("session_id", sessionId);
  return must(await query.eq("sender", "assistant").single());
}

test.for(
  [
    ["500", { path: "/v1/responses", status: 500 }, "provider_error"],
    ["429", { path: "/v1/responses", status: 429, retry_after: 30 }, "provider_busy"],
    ["401", { path: "/v1/responses", status: 401 }, "provider_misconfigured"],
    ["no conversation", { path: "/v1/conversations", status: 500 }, "provider_error"],
  ] as const,
)("a turn that OpenAI refuses (%s) is answered 503", async ([, fail, code]) => {
  await behave({ fail });
  const sessionId = await createSession(user);

  const response = await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken);
  const text = await response.text();

  expect(response.status).toBe(503);
  expect(ErrorReply.parse(JSON.parse(text)).code).toBe(code);
  expect(response.headers.get("retry-after")).toBe("retry_after" in fail ? "30" : null);
  expect(text).not.toContain(UPSTREAM_MARKER);
  const reply = await storedReply(sessionId);
  expect(reply).toMatchObject({ status: "failed", error: { code }, content: "" });
  expect(JSON.stringify(reply)).not.toContain(UPSTREAM_MARKER);
});

test.for([500, 429])(
  "a single %i is retried once, unnoticed by the client",
  async (status) => {
    await behave({ fail: { path: "/v1/responses", status, retry_after: 0, times: 1 } });
    const sessionId = await createSession(user);
    const chat = openChat(user, sessionId);

    await chat.sendMessage({ text: "Hello" });

    expect(chat.error).toBeUndefined();
    expect(chat.messages).toEqual(await loadHistory(user, sessionId));
  },
);

test("the client shows why a turn was refused", async () => {
  await behave({ fail: { path: "/v1/responses", status: 500 } });
  const chat = openChat(user, await createSession(user));

  await chat.sendMessage({ text: "Hello" });

  expect(JSON.parse(chat.error?.message ?? "")).toMatchObject({ code: "provider_error" });
});

test("a reply that fails after some text ends in an error chunk and keeps its text", async () => {
  await behave({ end: "failed", reply: "one two three" });
  const sessionId = await createSession(user);
  const chat = openChat(user, sessionId);

  await chat.sendMessage({ text: "Count" });

  expect(JSON.parse(chat.error?.message ?? "")).toMatchObject({ code: "provider_error" });
  expect(chat.messages).toEqual(await loadHistory(user, sessionId));
  expect((await storedReply(sessionId)).content).not.toBe("");
});

test.for(
  [
    ["a malformed event", { malformed_after_events: 6 }],
    ["a disconnect", { disconnect_after_events: 6 }],
  ] as const,
)(
  "after %s the function reconnects to the same response: the reply is whole",
  async ([, fault]) => {
    await behave({ ...fault, reply: "one two three four five six seven eight nine ten" });
    const sessionId = await createSession(user);
    const chat = openChat(user, sessionId);

    await chat.sendMessage({ text: "Count" });

    expect(chat.error).toBeUndefined();
    const reply = await storedReply(sessionId);
    expect(reply).toMatchObject({
      status: "complete",
      content: "one two three four five six seven eight nine ten",
    });
    expect(chat.messages).toEqual(await loadHistory(user, sessionId));
    const creates = (await openaiRequests()).filter(({ method, path, body }) =>
      method === "POST" && path === "/v1/responses" && JSON.stringify(body).includes(sessionId) &&
      !JSON.stringify(body).includes('"title"')
    );
    expect(creates).toHaveLength(1);
  },
);

test("an incomplete reply is kept, and the client learns that it was cut off", async () => {
  await behave({ end: "incomplete" });
  const sessionId = await createSession(user);

  const response = await postChat({ session_id: sessionId, content: "Hello" }, user.accessToken);

  expect(await response.text()).toContain('"finishReason":"length"');
  expect((await storedReply(sessionId)).status).toBe("complete");
  const session = user.client.from("chat_sessions").select("thread_id").eq("id", sessionId)
    .single();
  expect(must(await session).thread_id).toBeNull();
});

test("a refusal of the model is marked as a refusal", async () => {
  const chat = openChat(user, await createSession(user));

  await chat.sendMessage({ text: "Please refuse this" });

  const part = chat.lastMessage?.parts.find(({ type }) => type === "text");
  expect(part).toMatchObject({ providerMetadata: { openai: { refusal: true } } });
});

test("after a failed turn the next turn has the whole history", async () => {
  const chat = openChat(user, await createSession(user));
  await behave({ fail: { path: "/v1/responses", status: 500 } });
  await chat.sendMessage({ text: "My cat is called Pixel." });
  await resetOpenAI();

  await chat.sendMessage({ text: "What is my cat called?" });

  const reply = chat.lastMessage?.parts.find((part) => part.type === "text");
  expect(reply?.text).toContain("Pixel");
});

test.for([["NUL", "be\u0000fore", "before"], [
  "a lone surrogate",
  "cut \ud83d off",
  "cut \ufffd off",
]])(
  "%s in a reply is replaced, so the reply can be stored",
  async ([, said, stored]) => {
    await behave({ reply: said });
    const sessionId = await createSession(user);
    const chat = openChat(user, sessionId);

    await chat.sendMessage({ text: "Hello" });

    expect(chat.error).toBeUndefined();
    expect((await storedReply(sessionId)).content).toBe(stored);
  },
);
