// OpenAI ends a reply with an error, or in an unusual way. The user sees a defined end soon, pays only for what came,
// and can go on at once.
import { DefaultChatTransport, readUIMessageStream, type UIMessageChunk } from "ai";
import { afterEach, expect, test } from "vitest";
import type { ParleyMessage } from "../../../types/api.ts";
import { openChat, postChat, readText } from "../../helpers/chat-client.ts";
import { behave, resetOpenAI } from "../../helpers/openai.ts";
import {
  asPostgres,
  createSession,
  createUser,
  must,
  stack,
  type TestUser,
} from "../../helpers/stack.ts";
import { readUsage, savedResponseId, stopSession } from "../../helpers/turns.ts";

type Behaviour = Parameters<typeof behave>[0];

afterEach(resetOpenAI);
const reader = await createUser();
// The limits of the free plan are smaller than the tables.
await asPostgres("update public.profiles set subscription_plan = 'enterprise' where id = $1", [
  reader.profileId,
]);
const REPLY = "one two three four five six seven eight nine ten";

async function storedReply(user: TestUser, sessionId: string) {
  const query = user.client.from("chat_messages").select().eq("session_id", sessionId);
  return must(await query.eq("sender", "assistant").order("seq").limit(1).single());
}

/** Returns the milliseconds that a turn takes on this machine when nothing goes wrong. */
async function timeReply(): Promise<number> {
  const chat = openChat(reader, await createSession(reader));
  const sentAt = performance.now();
  await chat.sendMessage({ text: "Count" });
  return performance.now() - sentAt;
}

const errorEvents = (["nested", "flat", "unnamed"] as const).flatMap((variant) =>
  (["start", "created", "text"] as const).map((after) => ({ variant, after }))
);

test.for(errorEvents)(
  "$variant error event after $after fails the turn within 3 seconds, and the next message works",
  async ({ variant, after }) => {
    const user = await createUser();
    const sessionId = await createSession(user);
    const chat = openChat(user, sessionId);
    const usual = await timeReply();
    await behave({ reply: REPLY, scenario: "error_event", variant, after, n: 3 });
    const sentAt = performance.now();

    await chat.sendMessage({ text: "Count" });

    expect(performance.now() - sentAt).toBeLessThan(3_000 + 2 * usual);
    expect(JSON.parse(chat.error?.message ?? "")).toMatchObject({ code: "provider_error" });
    const reply = await storedReply(user, sessionId);
    expect(reply).toMatchObject({ status: "failed", error: { code: "provider_error" } });
    const hasText = after === "text";
    expect(reply.content !== "").toBe(hasText);
    expect(REPLY.startsWith(reply.content)).toBe(true);
    expect((await readUsage(user)).monthly_messages.used).toBe(hasText ? 1 : 0);

    await behave({ reply: "Fine." });
    await chat.sendMessage({ text: "And then?" });
    expect(chat.error).toBeUndefined();
    expect(readText(chat.lastMessage)).toBe("Fine.");
  },
);

/** What the `ai` package makes of a reply. */
interface SeenReply {
  /** The type of the last chunk; `refused` when the request itself was refused. */
  end: string;
  /** The finish reason, or Parley's code of the error. */
  reason: unknown;
  text: string;
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && JSON.parse(error.message).code;

/** Sends a message with the transport of the `ai` package and reads the reply with its reader, until it closes. */
async function read(user: TestUser, sessionId: string): Promise<SeenReply> {
  const transport = new DefaultChatTransport<ParleyMessage>({
    api: `${stack.FUNCTIONS_URL}/chat`,
    headers: { authorization: `Bearer ${user.accessToken}` },
  });
  const question: ParleyMessage = {
    id: crypto.randomUUID(),
    role: "user",
    parts: [{ type: "text", text: "Count" }],
  };
  let last: UIMessageChunk | undefined;
  let reason: unknown;
  let text = "";
  const watch = new TransformStream<UIMessageChunk, UIMessageChunk>({
    transform(chunk, controller) {
      last = chunk;
      if (chunk.type === "finish") reason = chunk.finishReason;
      controller.enqueue(chunk);
    },
  });
  try {
    const chunks = await transport.sendMessages({
      trigger: "submit-message",
      chatId: sessionId,
      messageId: undefined,
      messages: [question],
      abortSignal: undefined,
    });
    const messages = readUIMessageStream<ParleyMessage>({
      stream: chunks.pipeThrough(watch),
      onError: (error) => void (reason = codeOf(error)),
    });
    for await (const { parts } of messages) {
      text = parts.map((part) => part.type === "text" ? part.text : "").join("");
    }
    return { end: last?.type ?? "nothing", reason, text };
  } catch (error) {
    return { end: "refused", reason: codeOf(error), text };
  }
}

interface ClientCase {
  name: string;
  behaviour: Behaviour;
  /** The response never ends by itself, so the user stops it. */
  isEndless?: boolean;
  sees: Omit<SeenReply, "text"> & { text?: string };
}

const whole = { end: "finish", reason: "stop", text: REPLY };
const failed = { end: "error", reason: "provider_error" };
const misconfigured = { end: "refused", reason: "provider_misconfigured", text: "" };
const stopped = { end: "abort", reason: undefined };

const clientCases: ClientCase[] = [
  ...errorEvents.map(({ variant, after }) => ({
    name: `${variant} error event after ${after}`,
    behaviour: { scenario: "error_event" as const, variant, after },
    sees: { ...failed, end: after === "start" ? "refused" : "error" },
  })),
  {
    name: "error event, but the response completes",
    behaviour: { scenario: "error_event", after: "text", completes: true },
    sees: whole,
  },
  { name: "silence", behaviour: { scenario: "silence" }, isEndless: true, sees: stopped },
  { name: "no end", behaviour: { scenario: "never_terminal" }, isEndless: true, sees: stopped },
  { name: "an early end", behaviour: { scenario: "ends_early" }, sees: whole },
  { name: "duplicate events", behaviour: { scenario: "duplicate_events" }, sees: whole },
  { name: "split characters", behaviour: { scenario: "split_utf8" }, sees: whole },
  { name: "a malformed event", behaviour: { malformed_after_events: 6 }, sees: whole },
  { name: "a disconnect", behaviour: { disconnect_after_events: 6 }, sees: whole },
  {
    name: "no attaching after a disconnect",
    behaviour: { scenario: "late_attach_400", disconnect_after_events: 6 },
    sees: whole,
  },
  { name: "a failed response", behaviour: { end: "failed" }, sees: failed },
  {
    name: "an incomplete response",
    behaviour: { end: "incomplete" },
    sees: { end: "finish", reason: "length" },
  },
  {
    name: "a filtered reply",
    behaviour: { scenario: "filtered" },
    sees: { end: "finish", reason: "content-filter" },
  },
  {
    name: "a context that is refused",
    behaviour: { scenario: "context_exceeded", max_input_tokens: 1 },
    sees: { end: "refused", reason: "context_too_long" },
  },
  ...(["failed", "error_event"] as const).map((variant) => ({
    name: `a context that ends in ${variant}`,
    behaviour: { scenario: "context_exceeded" as const, max_input_tokens: 1, variant },
    sees: { end: "error", reason: "context_too_long" },
  })),
  ...(["model_not_found", "invalid_key", "insufficient_quota"] as const).map((scenario) => ({
    name: scenario,
    behaviour: { scenario },
    sees: misconfigured,
  })),
];

test.for(clientCases)(
  "the `ai` client sees a defined end: $name",
  async ({ behaviour, isEndless, sees }) => {
    const sessionId = await createSession(reader);
    await behave({ reply: REPLY, ...behaviour });

    const reading = read(reader, sessionId);
    if (isEndless) {
      await savedResponseId(sessionId);
      expect((await stopSession(reader, sessionId)).status).toBe(200);
    }

    expect(await reading).toMatchObject(sees);
  },
);

test("after silence the stored response completes the reply within 40 seconds, without a reload", async () => {
  const sentAt = performance.now();
  // Both are silent at the same time. The emulator reads its behaviour when a response starts.
  const begin = async (after: "created" | "text") => {
    const sessionId = await createSession(reader);
    await behave({ reply: REPLY, scenario: "silence", after, completes: true });
    const reading = read(reader, sessionId);
    await savedResponseId(sessionId);
    return { reading };
  };
  const silent = [await begin("created"), await begin("text")];

  for (const { reading } of silent) expect(await reading).toEqual(whole);

  expect(performance.now() - sentAt).toBeLessThan(40_000);
});

test("a reply that can no longer be streamed settles within 3 seconds", async () => {
  const sessionId = await createSession(reader);
  const usual = await timeReply();
  await behave({ reply: REPLY, scenario: "late_attach_400", disconnect_after_events: 6 });
  const sentAt = performance.now();

  expect(await read(reader, sessionId)).toEqual(whole);

  expect(performance.now() - sentAt).toBeLessThan(3_000 + 2 * usual);
});

test.for(
  [
    ["seconds", { fail: { path: "/v1/responses", status: 429, retry_after: 30 } }],
    ["a date", { scenario: "retry_after_date", seconds: 30 }],
    ["milliseconds", { scenario: "retry_after_ms", seconds: 30 }],
  ] as const,
)("a pause that OpenAI asks for in %s reaches the client as seconds", async ([, behaviour]) => {
  await behave(behaviour);
  const body = { session_id: await createSession(reader), content: "Hello" };

  const response = await postChat(body, reader.accessToken);

  expect(await response.json()).toMatchObject({ code: "provider_busy" });
  const seconds = response.headers.get("retry-after");
  expect(seconds).toMatch(/^\d+$/);
  // A date has whole seconds, and some time passes before it is read.
  expect(Number(seconds)).toBeGreaterThanOrEqual(27);
  expect(Number(seconds)).toBeLessThanOrEqual(30);
});
