// A chat that is longer than the model's context window goes on with the newest part of its history.
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import * as z from "zod";
import { openChat, postChat } from "../../helpers/chat-client.ts";
import { drain, remoteObjects } from "../../helpers/files.ts";
import { behave, forgetConversation, openaiRequests, resetOpenAI } from "../../helpers/openai.ts";
import { asPostgres, createSession, createUser, must } from "../../helpers/stack.ts";
import { readUsage } from "../../helpers/turns.ts";

afterEach(resetOpenAI);
const user = await createUser();
/** A message has about 100 tokens as the emulator counts. */
const FILLER = "word ".repeat(80);
const SMALL = "small-window";

beforeAll(async () => {
  await asPostgres(
    `insert into public.models (model, context_window, max_output_tokens) values ('test-small', 4000, 1000)`,
  );
  await asPostgres(
    `insert into public.assistants (slug, name, description, model, max_output_tokens)
     values ($1, 'Small', 'Forgets a lot.', 'test-small', 1000)`,
    [SMALL],
  );
  await asPostgres(
    "insert into private.assistant_instructions (slug, instructions) values ($1, 'Be brief.')",
    [SMALL],
  );
});
afterAll(async () => {
  await asPostgres("delete from public.chat_sessions where assistant_slug = $1", [SMALL]);
  await asPostgres("delete from public.assistants where slug = $1", [SMALL]);
  await asPostgres("delete from public.models where model = 'test-small'");
});

/** Opens a session that has `count` messages already. Odd ones are the user's. */
async function openLongChat(count: number, assistant = "coach"): Promise<string> {
  const sessionId = await createSession(user, assistant);
  await asPostgres(
    `insert into public.chat_messages (session_id, user_id, seq, sender, content)
     select $1, $2, n, case n % 2 when 1 then 'user' else 'assistant' end, 'number ' || n || '. ' || $4
     from generate_series(1, $3::integer) n`,
    [sessionId, user.profileId, count, FILLER],
  );
  return sessionId;
}

const Sent = z.object({
  metadata: z.object({ session_id: z.string(), purpose: z.string().optional() }),
  input: z.array(z.object({ role: z.string(), content: z.unknown() })).optional(),
});

/** Returns the requests that belong to a session, oldest first, without those for titles and for reading. */
async function requestsOf(sessionId: string) {
  return (await openaiRequests()).flatMap(({ method, path, status, body }) => {
    const sent = Sent.safeParse(body);
    if (method !== "POST" || !sent.success) return [];
    const { metadata, input = [] } = sent.data;
    const isOurs = metadata.session_id === sessionId && metadata.purpose === undefined;
    return isOurs ? [{ path, status, input }] : [];
  });
}

/** Expects that the last request has the newest part of the history, from a message of the user on, and not all. */
async function expectNewestPart(sessionId: string, count: number): Promise<void> {
  const input = (await requestsOf(sessionId)).at(-1)?.input ?? [];
  const numbers = input.flatMap(({ content }) =>
    /number (\d+)\./.exec(JSON.stringify(content))?.[1] ?? []
  ).map(Number);
  const first = numbers[0] ?? 0;
  expect(first).toBeGreaterThan(1);
  expect(first % 2).toBe(1);
  expect(numbers).toEqual(Array.from({ length: count - first + 1 }, (_, index) => first + index));
  expect(input).toHaveLength(numbers.length + 1);
}

test.for(["refused", "failed", "error_event"] as const)(
  "when OpenAI finds the context too long (%s), the turn is answered with the newest part of it",
  async (variant) => {
    const sessionId = await openLongChat(40);
    const chat = openChat(user, sessionId);
    await behave({ scenario: "context_exceeded", max_input_tokens: 1_500, variant });

    await chat.sendMessage({ text: "And now?" });

    expect(chat.error).toBeUndefined();
    await expectNewestPart(sessionId, 40);
    // All, half, a quarter.
    const sends = (await requestsOf(sessionId)).filter(({ path }) => path === "/v1/responses");
    expect(sends).toHaveLength(3);
  },
);

test("a conversation that has become too long is replaced by a shorter one", async () => {
  const sessionId = await openLongChat(40);
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "And now?" });
  await behave({ scenario: "context_exceeded", max_input_tokens: 2_500 });

  await chat.sendMessage({ text: "And then?" });

  expect(chat.error).toBeUndefined();
  const input = JSON.stringify((await requestsOf(sessionId)).at(-1)?.input);
  expect(input).toContain("And now?");
  expect(input).not.toContain("number 1.");
});

test("a model with a small window is sent only what fits, in one request", async () => {
  const sessionId = await openLongChat(60, SMALL);
  const chat = openChat(user, sessionId);
  await behave({ scenario: "context_exceeded", max_input_tokens: 3_000 });

  await chat.sendMessage({ text: "And now?" });

  expect(chat.error).toBeUndefined();
  await expectNewestPart(sessionId, 60);
  const sends = (await requestsOf(sessionId)).filter(({ path }) => path === "/v1/responses");
  expect(sends).toHaveLength(1);
});

test("when not even a quarter fits, the user reads what to do and pays nothing", async () => {
  const sessionId = await openLongChat(40);
  const { used } = (await readUsage(user)).monthly_messages;
  await behave({ scenario: "context_exceeded", max_input_tokens: 200 });

  const answer = await postChat({ session_id: sessionId, content: "And now?" }, user.accessToken);

  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({
    code: "context_too_long",
    message: expect.stringContaining("Start a new chat"),
  });
  expect((await readUsage(user)).monthly_messages.used).toBe(used);
});

test("a lost conversation of 1,040 messages is rebuilt with two requests", async () => {
  const sessionId = await openLongChat(1_040);
  const chat = openChat(user, sessionId);
  await chat.sendMessage({ text: "And now?" });
  const query = user.client.from("chat_sessions").select("thread_id").eq("id", sessionId).single();
  await forgetConversation(must(await query).thread_id ?? "");
  const before = (await openaiRequests()).length;

  await chat.sendMessage({ text: "And then?" });

  expect(chat.error).toBeUndefined();
  const posts = (await openaiRequests()).slice(before).filter(({ method, path, body }) =>
    method === "POST" && /conversations|responses$/.test(path) &&
    !JSON.stringify(body).includes('"purpose"')
  );
  expect(posts.map(({ path, status }) => [path, status])).toEqual([
    ["/v1/responses", 404],
    ["/v1/conversations", 200],
    ["/v1/responses", 200],
  ]);
  // The question and the reply of the first turn are there too.
  expect((await requestsOf(sessionId)).at(-1)?.input).toHaveLength(1_040 + 2 + 1);
});

test.for(["/v1/conversations", "/v1/responses"])(
  "a 429 of %s while a long chat is rebuilt leaves nothing at OpenAI after the chat is deleted",
  async (path) => {
    const before = new Set((await remoteObjects()).conversations.map(({ id }) => id));
    const sessionId = await openLongChat(1_040);
    await behave({ fail: { path, status: 429, retry_after: 30 } });
    const answer = await postChat({ session_id: sessionId, content: "And?" }, user.accessToken);
    expect(await answer.json()).toMatchObject({ code: "provider_busy" });
    await behave({});

    must(await user.client.from("chat_sessions").delete().eq("id", sessionId).select());
    await drain();

    const { conversations } = await remoteObjects();
    expect(conversations.filter(({ id }) => !before.has(id))).toEqual([]);
  },
);
