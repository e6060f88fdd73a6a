import { AbstractChat as AbstractChat6 } from "ai6";
import { afterEach, expect, test } from "vitest";
import type { ParleyMessage } from "../../../packages/client/src/index.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { AppChat, openApp } from "../../helpers/client-app.ts";
import { startCuttingProxy } from "../../helpers/cutting-proxy.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must, type TestUser } from "../../helpers/stack.ts";
import { MemoryState } from "../../helpers/test-chat.ts";
import { readUntil } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();
const COUNT = Array.from({ length: 20 }, (_, index) => `word${index}`).join(" ");

/** A request that a client sent, with its JSON body. */
interface Sent {
  path: string;
  body: Record<string, unknown>;
}

/** Opens an app that remembers its requests to functions. */
async function openWatchedApp(caller: TestUser = user) {
  const sent: Sent[] = [];
  const app = await openApp(caller, undefined, (input, init) => {
    const { pathname } = new URL(String(input));
    const body = typeof init?.body === "string" ? JSON.parse(init.body) : {};
    if (pathname.startsWith("/functions")) sent.push({ path: `${init?.method} ${pathname}`, body });
    return fetch(input, init);
  });
  return { ...app, sent };
}

test("a message goes alone, with the options of its body", async () => {
  const { parley, sent } = await openWatchedApp();
  const id = await createSession(user);
  const chat = new AppChat({ parley }, id);
  await chat.sendMessage({ text: "First." });

  await chat.sendMessage({ text: "Second." }, { body: { search: true } });

  expect(chat.error).toBeUndefined();
  expect(sent.map(({ body }) => body)).toMatchObject([
    { id, trigger: "submit-message", message: { parts: [{ text: "First." }] } },
    { id, search: true, message: { parts: [{ text: "Second." }] } },
  ]);
  expect(JSON.stringify(sent[1])).not.toContain("First.");
});

test("a reply is regenerated, and a message is edited", async () => {
  const { parley } = await openApp(user);
  const id = await createSession(user);
  const chat = new AppChat({ parley }, id);
  await chat.sendMessage({ text: "First." });
  await behave({ reply: "Another reply." });

  await chat.regenerate();
  expect(chat.reply).toBe("Another reply.");
  await chat.sendMessage({ text: "Edited.", messageId: chat.messages[0]?.id });

  expect(chat.error).toBeUndefined();
  expect(chat.messages).toEqual((await parley.messages.history(id)).messages);
  expect(chat.messages).toHaveLength(2);
});

test("a second device resumes a running reply and stops it", async () => {
  await behave({ reply: COUNT, tokens_per_second: 10 });
  const id = await createSession(user);
  const first = new AppChat(await openApp(user), id);
  const sending = first.sendMessage({ text: "Count." });
  await expect.poll(() => first.reply).toContain("word1");

  const { parley } = await openApp(user);
  const { messages } = await parley.messages.history(id);
  const second = new AppChat({ parley }, id, messages);
  const resuming = second.resumeStream();
  await expect.poll(() => second.reply).toContain("word3");
  expect(await parley.chat.stop(id)).toBe(true);
  await Promise.all([sending, resuming]);

  expect(second.messages).toEqual((await parley.messages.history(id)).messages);
  expect(second.messages[1]?.metadata?.status).toBe("stopped");
  expect(first.messages).toEqual(second.messages);
  expect(await parley.chat.stop(id)).toBe(false);
});

test("nothing is resumed in a quiet chat", async () => {
  const { parley } = await openApp(user);
  const chat = new AppChat({ parley }, await createSession(user));
  await chat.resumeStream();
  expect(chat.status).toBe("ready");
});

test("an abort ends everything at once, and the reply goes on without the client", async () => {
  await behave({ reply: COUNT, tokens_per_second: 10 });
  const proxy = await startCuttingProxy();
  const { parley } = await openApp(user, proxy.url);
  const id = await createSession(user);
  const chat = new AppChat({ parley }, id);
  const sending = chat.sendMessage({ text: "Count." });
  await expect.poll(() => chat.reply).toContain("word1");

  await chat.stop();
  await sending;

  expect(chat.error).toBeUndefined();
  expect(chat.status).toBe("ready");
  const whole = async () => (await parley.messages.history(id)).rows[1]?.content;
  await expect.poll(whole).toBe(COUNT);
  expect(proxy.requests.filter((request) => request.includes("/stream"))).toEqual([]);
});

test("an expired token is renewed, and the message is sent once more", async () => {
  let isExpired = true;
  const tokens: (string | null)[] = [];
  const { parley } = await openApp(user, undefined, (input, init) => {
    const headers = new Headers(init?.headers);
    if (!String(input).includes("/functions/")) return fetch(input, init);
    if (isExpired) headers.set("authorization", "Bearer expired");
    isExpired = false;
    tokens.push(headers.get("authorization"));
    return fetch(input, { ...init, headers });
  });
  const chat = new AppChat({ parley }, await createSession(user));

  await chat.sendMessage({ text: "Hello." });

  expect(chat.error).toBeUndefined();
  expect(tokens).toHaveLength(2);
});

test("a refusal reaches the app with its code, and is not repeated", async () => {
  const { parley, sent } = await openWatchedApp();
  const chat = new AppChat({ parley }, crypto.randomUUID());

  await chat.sendMessage({ text: "Hello." });

  expect(parley.errors.read(chat.error)).toMatchObject({ code: "session_not_found", status: 404 });
  expect(sent).toHaveLength(1);
});

test("a reply that fails in its stream reaches the app with its code", async () => {
  await behave({ scenario: "error_event" });
  const { parley } = await openApp(user);
  const chat = new AppChat({ parley }, await createSession(user));

  await chat.sendMessage({ text: "Hello." });

  expect(parley.errors.read(chat.error).code).toBe("provider_error");
});

test("the short form needs no AI SDK", async () => {
  const { parley } = await openApp(user);
  await behave({ reply: COUNT });
  const sessionId = await createSession(user);
  let text = "";
  for await (const chunk of parley.chat.send({ sessionId, content: "Count." })) {
    if (chunk.type === "text-delta") text += chunk.delta;
  }
  expect(text).toBe(COUNT);
});

class Chat6 extends AbstractChat6<ParleyMessage> {}

test("version 6 of the AI SDK shows one reply across a cut line", async () => {
  await behave({ reply: COUNT, tokens_per_second: 60 });
  const proxy = await startCuttingProxy({ on: /^POST .*chat$/, after: 500 });
  const { parley } = await openApp(user, proxy.url);
  const id = await createSession(user);
  const state = new MemoryState<ParleyMessage>([]);
  const options = { id, state, transport: parley.chat.transport() };
  const chat = new Chat6(options);

  await chat.sendMessage({ text: "Count." });

  expect(proxy.cuts).toEqual([]);
  expect(chat.messages).toEqual((await parley.messages.history(id)).messages);
});

test("a reply that was deleted while the line was down ends", async () => {
  await behave({ reply: COUNT, tokens_per_second: 10 });
  const proxy = await startCuttingProxy({ on: /^POST .*chat$/, after: 500 });
  const id = await createSession(user);
  const { parley } = await openApp(user, proxy.url, async (input, init) => {
    if (/\/stream\b/.test(String(input))) {
      must(await user.client.from("chat_sessions").delete().eq("id", id).select().single());
    }
    return await fetch(input, init);
  });
  const chat = new AppChat({ parley }, id);

  await chat.sendMessage({ text: "Count." });

  expect([chat.status, chat.error]).toEqual(["ready", undefined]);
  expect(COUNT.startsWith(chat.reply)).toBe(true);
});

test.for([
  "ended while the line was down",
  "was followed by another one while the line was down",
])("a reply that %s is completed", async (what) => {
  await behave({ reply: COUNT, tokens_per_second: 60 });
  const proxy = await startCuttingProxy({ on: /^POST .*chat$/, after: 500 });
  const { parley } = await openApp(user, proxy.url, async (input, init) => {
    if (/\/stream\b/.test(String(input))) {
      const isSettled = async () =>
        (await asPostgres<{ status: string }>(
          "select status from public.chat_turns where session_id = $1",
          [id],
        ))[0]?.status;
      await expect.poll(isSettled).not.toBe("active");
      if (what.includes("another")) {
        await behave({ reply: COUNT, tokens_per_second: 10 });
        const next = await postChat({ session_id: id, content: "Again." }, user.accessToken);
        await readUntil(next, "word1");
      }
    }
    return await fetch(input, init);
  });
  const id = await createSession(user);
  const chat = new AppChat({ parley }, id);

  await chat.sendMessage({ text: "Count." });

  expect(chat.messages).toEqual((await parley.messages.history(id)).messages.slice(0, 2));
  expect(chat.reply).toBe(COUNT);
});
