// Runs after all other files (see vitest.config.ts), so the logs cover the whole suite.
import { readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";
import { beforeAll, expect, test } from "vitest";
import { takenStacks } from "../../helpers/ask-host.ts";
import { postChat } from "../../helpers/chat-client.ts";
import { openaiRequests } from "../../helpers/openai.ts";
import { createSession, createUser, must } from "../../helpers/stack.ts";
import type { HostedStack } from "../../helpers/stack-host.ts";
import { linesOfRequest, parseFunctionLog, readAllLogs } from "../../helpers/stack-log.ts";

/** Shorter texts occur by chance. */
const SHORTEST = 12;

/** Makes some lines, in case only this file runs. */
beforeAll(async () => {
  const user = await createUser({ user_name: "Somebody with a name" });
  const content = "A confession that is nobody else's business";
  must(
    await user.client.from("custom_instructions").insert({ content: "Call me by my secret name" }),
  );
  const session_id = await createSession(user);
  const response = await postChat({ session_id, content }, user.accessToken);
  await response.text();
  const refused = await postChat({ session_id, content }, `${user.accessToken}x`);
  await linesOfRequest(refused.headers.get("x-request-id") ?? "");
});

test("every line of the functions is JSON, and every request has logged one", async () => {
  const lines = parseFunctionLog(await readAllLogs());
  const requests = lines.filter(({ event }) => event === "request");

  expect(requests.length).toBeGreaterThan(1);
  for (const line of requests) {
    expect(line).toMatchObject({
      request_id: expect.any(String),
      method: expect.any(String),
      status: expect.any(Number),
      ms: expect.any(Number),
    });
  }
});

/** What the operator must change, in one of Parley's own sentences: `error-table.ts`. */
const SENTENCE =
  /^(An assistant uses|The model of an assistant|Set|Add|Give|Activate|Verify|Allow|Run|Use|Complete|Turn|Save) .*\.$/;
/** What a line may hold: ids, codes and places, which have no spaces, and the advice to migrate. */
const PLAIN = /^\S{0,300}$|^database \S+, functions need \S+: npm run db:migrate$/;

test("lines hold only ids, codes, numbers and places", async () => {
  for (const line of parseFunctionLog(await readAllLogs())) {
    for (const [name, value] of Object.entries(line)) {
      if (name === "fix") expect(value).toMatch(SENTENCE);
      else if (typeof value === "string") expect(value).toMatch(PLAIN);
      else expect(["number", "boolean"]).toContain(value === null ? "number" : typeof value);
    }
  }
});

test("no key, token or password is in any log", async () => {
  const log = await readAllLogs();
  const secrets = (await Promise.all((await takenStacks()).map(secretsOf))).flat();

  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(8);
    expect(log.includes(secret)).toBe(false);
  }
  // Tokens, any keys of OpenAI, Stripe and Supabase, and URLs with a password.
  for (
    const shape of [
      /eyJ[\w-]{8,}\.eyJ[\w-]+/,
      /\b(sk|rk|whsec)_[\w]{8,}/,
      /\bsk-[\w-]{8,}/,
      /\bsb_secret_\w+/,
      /\bbearer \S+/i,
      /\w+:\/\/[^\s/@]+:[^\s/@]+@/,
    ]
  ) {
    expect(log.match(shape)?.[0]).toBeUndefined();
  }
});

test("no log holds texts or contact details of users", async () => {
  const log = await readAllLogs();
  const stacks = await takenStacks();
  const found = await Promise.all([...stacks.map(storedTexts), ...stacks.map(sentTexts)]);
  const texts = [...new Set(found.flat())];
  const written = texts.filter((text) => text.length >= SHORTEST);

  expect(written).toContain("A confession that is nobody else's business");
  expect(written).toContain("Call me by my secret name");
  expect(written.filter((text) => log.includes(text))).toEqual([]);
});

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** The kinds and states that a live event may name. */
const WORDS =
  /^(user|assistant|system|tool|question|model|streaming|complete|stopped|failed|pending|indexing|ready)$/;
const EVENTS =
  /^(chat_created|chat_deleted|title_changed|message_created|reply_settled|file_changed|usage_changed)$/;

test("live events hold only ids, kinds and states", async () => {
  const events = (await Promise.all((await takenStacks()).map(liveEvents))).flat();

  expect(events.map(({ event }) => event)).toContain("reply_settled");
  for (const { event, payload } of events) {
    expect(event).toMatch(EVENTS);
    for (const [name, value] of Object.entries(payload)) {
      if (name === "id" || name.endsWith("_id")) expect(value).toMatch(UUID);
      else expect(value).toMatch(WORDS);
    }
  }
});

async function secretsOf({ status, stateDir }: HostedStack): Promise<string[]> {
  const keys = JSON.parse(await readFile(path.join(stateDir, "keys.json"), "utf8"));
  return [
    status.SECRET_KEY,
    status.STRIPE_WEBHOOK_SECRET ?? "",
    keys.databasePassword,
    keys.jwtSecret,
    keys.signingKey.d,
  ];
}

/** Returns the texts that the suite has stored in a database. */
async function storedTexts({ status }: HostedStack): Promise<string[]> {
  const client = new pg.Client(status.DB_URL);
  await client.connect();
  const { rows } = await client.query<{ text: string }>(`
    select m.content as text from public.chat_messages m
    union select s.title from public.chat_sessions s
    union select c.content from public.custom_instructions c
    union select i.instructions from private.assistant_instructions i
    union select t.url from private.tool_targets t where t.url is not null
    union select f.file_name from public.chat_files f
    union select n.note from public.admin_notes n
    union select u.email from auth.users u
    union select p.user_name from public.profiles p
    union select o.name from public.organizations o
    union select l.title from public.lookouts l
    union select l.prompt from public.lookouts l
    union select b.session_data::text from public.bridge_tokens b
    union select s.share_token from public.chat_sessions s
  `);
  await client.end();
  return rows.map(({ text }) => text).filter(Boolean);
}

/** Returns the texts that were sent to the model, even if their rows are gone. */
async function sentTexts({ status }: HostedStack): Promise<string[]> {
  const bodies = (await openaiRequests(status)).map(({ body }) => body);
  return bodies.flatMap(collectTexts);
}

const TEXT_FIELDS = new Set(["text", "content", "input", "instructions"]);

function collectTexts(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(collectTexts);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) =>
    TEXT_FIELDS.has(name) && typeof each === "string" ? [each] : collectTexts(each)
  );
}

/** Returns the live events that the suite has sent. */
async function liveEvents({ status }: HostedStack) {
  const client = new pg.Client(status.DB_URL);
  await client.connect();
  const { rows } = await client.query<{ event: string; payload: Record<string, string> }>(
    "select event, payload from realtime.messages",
  );
  await client.end();
  return rows;
}
