// Every fault of the OpenAI emulator that a turn can meet, and everything that people do meanwhile. Whatever happens,
// the turn ends once, costs what it should, lets the chat go on, and leaves nothing at OpenAI.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Behaviour } from "@parley/openai-emulator/control/behaviour.ts";
import type { Database } from "../../types/database.ts";
import { freshEmail } from "../helpers/mail.ts";
import { drawFrom, drawn } from "../helpers/matrix.ts";
import { stackOfFile } from "../helpers/own-stack.ts";

const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off" });

interface Fault {
  name: string;
  behaviour: Behaviour;
  /** The response never ends by itself, so the case ends with a stop. */
  isEndless?: boolean;
  /** Seconds within which a turn must end that nobody disturbs; 5 by default. */
  endsWithin?: number;
}

const SLOW = { reply: Array(12).fill("word").join(" "), tokens_per_second: 8 };
/** The function asks for the stored response after 20 seconds of silence. */
const AFTER_SILENCE = 40;

const faults: Fault[] = [
  ...(["nested", "flat", "unnamed"] as const).flatMap((variant) =>
    (["start", "created", "text"] as const).map((after) => ({
      name: `${variant} error event, ${after}`,
      behaviour: { ...SLOW, scenario: "error_event" as const, variant, after },
    }))
  ),
  {
    name: "error event, the response completes",
    behaviour: { ...SLOW, scenario: "error_event", after: "text", completes: true },
  },
  ...(["created", "text"] as const).map((after) => ({
    name: `silence, ${after}, the response completes`,
    behaviour: { ...SLOW, scenario: "silence" as const, after, completes: true },
    endsWithin: AFTER_SILENCE,
  })),
  {
    name: "silence before the first event",
    behaviour: { ...SLOW, scenario: "silence", after: "start" },
    endsWithin: AFTER_SILENCE,
  },
  { name: "silence", behaviour: { ...SLOW, scenario: "silence", after: "text" }, isEndless: true },
  {
    name: "late attach, after a cut",
    behaviour: { ...SLOW, scenario: "late_attach_400", disconnect_after_events: 5 },
  },
  { name: "never terminal", behaviour: { ...SLOW, scenario: "never_terminal" }, isEndless: true },
  { name: "ends early", behaviour: { ...SLOW, scenario: "ends_early" } },
  { name: "duplicate events", behaviour: { ...SLOW, scenario: "duplicate_events" } },
  {
    name: "split UTF-8",
    behaviour: { ...SLOW, reply: "grün — 漢字 ".repeat(6), scenario: "split_utf8" },
  },
  { name: "cancelled without output", behaviour: { ...SLOW, scenario: "cancelled_empty" } },
  { name: "slow title", behaviour: { ...SLOW, scenario: "slow_title", seconds: 4 } },
  { name: "title fails", behaviour: { ...SLOW, scenario: "title_fails" } },
  { name: "filtered", behaviour: { ...SLOW, scenario: "filtered" } },
  ...(["completed", "incomplete"] as const).map((variant) => ({
    name: `reasoning only, ${variant}`,
    behaviour: { ...SLOW, scenario: "reasoning_only" as const, variant },
  })),
  { name: "empty output", behaviour: { ...SLOW, scenario: "empty_output" } },
  { name: "reasoning summary", behaviour: { ...SLOW, scenario: "reasoning_summary" } },
  ...(["model_not_found", "invalid_key", "insufficient_quota", "retry_after_date"] as const)
    .map((scenario) => ({ name: scenario.replaceAll("_", " "), behaviour: { ...SLOW, scenario } })),
  { name: "retry-after-ms", behaviour: { ...SLOW, scenario: "retry_after_ms", times: 1 } },
  {
    name: "conversations fail",
    behaviour: { ...SLOW, scenario: "conversation_items_fail", n: 1 },
  },
  { name: "malformed event", behaviour: { ...SLOW, malformed_after_events: 6 } },
  { name: "disconnect", behaviour: { ...SLOW, disconnect_after_events: 6 } },
  { name: "failed", behaviour: { ...SLOW, end: "failed" } },
  { name: "incomplete", behaviour: { ...SLOW, end: "incomplete" } },
];

const disturbances = [
  "left alone",
  "reloaded",
  "stopped",
  "function killed",
  "other device",
] as const;
type Disturbance = (typeof disturbances)[number];
const cases = faults.flatMap((fault) =>
  disturbances.map((disturbance) => ({
    ...fault,
    disturbance,
    title: `${fault.name}: ${disturbance}`,
  }))
);

let database: pg.Client;
beforeAll(async () => {
  database = new pg.Client(ownStack().status.DB_URL);
  await database.connect();
});
afterAll(() => database.end());

/** A user in a chat. */
class Person {
  readonly client: SupabaseClient<Database>;
  #token = "";
  sessionId = "";

  constructor() {
    const { API_URL, PUBLISHABLE_KEY } = ownStack().status;
    this.client = createClient(API_URL, PUBLISHABLE_KEY, { auth: { persistSession: false } });
  }

  async openSession(): Promise<void> {
    const account = { email: freshEmail(), password: "correct horse battery" };
    const { data } = await this.client.auth.signUp(account);
    this.#token = data.session?.access_token ?? "";
    const session = await this.client.from("chat_sessions").insert({ assistant_slug: "coach" })
      .select("id").single().throwOnError();
    this.sessionId = session.data.id;
  }

  /** Sends a message and reads the whole stream. Resolves with the status and the stream. */
  async send(content: string): Promise<{ status: number; text: string }> {
    try {
      const response = await this.#call("POST", "", { session_id: this.sessionId, content });
      return { status: response.status, text: await response.text() };
    } catch {
      return { status: 0, text: "" }; // The function was killed.
    }
  }

  stop(): Promise<Response> {
    return this.#call("POST", `/${this.sessionId}/stop`);
  }

  /** Opens the running reply and leaves it a moment later, as a reload does. */
  async reload(): Promise<void> {
    const leaving = AbortSignal.timeout(500);
    await this.#call("GET", `/${this.sessionId}/stream`, undefined, leaving)
      .then((response) => response.text()).catch(() => {});
  }

  async replies() {
    const { data } = await this.client.from("chat_messages").select()
      .eq("session_id", this.sessionId).eq("sender", "assistant").order("seq").throwOnError();
    return data;
  }

  async usage(): Promise<{ messages: number; booked: number }> {
    const profile = await this.client.from("profiles").select("subscription_usage").single()
      .throwOnError();
    const { data } = await this.client.from("usage_metrics").select().eq("feature_type", "chat")
      .throwOnError();
    return {
      messages: profile.data.subscription_usage,
      booked: data.reduce((sum, { request_count }) => sum + request_count, 0),
    };
  }

  #call(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Response> {
    return fetch(`${ownStack().status.FUNCTIONS_URL}/chat${path}`, {
      method,
      headers: { authorization: `Bearer ${this.#token}` },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal,
    });
  }
}

async function behave(behaviour: Behaviour): Promise<void> {
  const url = new URL("/_emulator/behaviour", ownStack().status.OPENAI_BASE_URL);
  const answer = await fetch(url, { method: "PUT", body: JSON.stringify(behaviour) });
  if (!answer.ok) throw new Error(await answer.text());
}

async function runFunction(path: string): Promise<void> {
  const { FUNCTIONS_URL, SECRET_KEY } = ownStack().status;
  const headers = { apikey: SECRET_KEY };
  await (await fetch(`${FUNCTIONS_URL}/${path}`, { method: "POST", headers })).text();
}

/** Waits until the turn has settled, and lets recovery work when its function is dead. */
async function waitForEnd(person: Person, isDead: boolean, seconds: number): Promise<void> {
  await vi.waitFor(async () => {
    if (isDead) {
      await database.query(
        "update public.chat_turns set progressed_at = now() - interval '2 minutes' where status = 'active'",
      );
      await runFunction("turn-recovery");
    }
    const statuses = (await person.replies()).map(({ status }) => status);
    expect(statuses).not.toEqual([]);
    expect(statuses).not.toContain("streaming");
  }, { timeout: seconds * 1000, interval: 200 });
}

/** Returns those of these ids at OpenAI that reached the database. */
async function savedOf(ids: string[]): Promise<string[]> {
  const { rows } = await database.query<{ id: string }>(
    `select id from unnest($1::text[]) as id
     where id in (
       select thread_id from public.chat_sessions
       union all select response_id from public.chat_turns
       union all select remote_id from private.remote_deletions
     )`,
    [ids],
  );
  return rows.map(({ id }) => id);
}

async function disturb(person: Person, disturbance: Disturbance): Promise<void> {
  await vi.waitFor(async () => expect(await person.replies()).toHaveLength(1));
  switch (disturbance) {
    case "left alone":
      return;
    case "reloaded":
      await person.reload();
      return await person.reload();
    case "stopped":
      return void await person.stop();
    case "function killed":
      return await ownStack().stack.killFunctions();
    case "other device": {
      const { status, text } = await person.send("And another thing");
      // Either the chat is busy, or the turn has already ended and the message got a reply.
      if (status === 409) expect(JSON.parse(text)).toMatchObject({ code: "turn_in_progress" });
    }
  }
}

/**
 * Returns the ids that OpenAI still holds and Parley could delete. A response whose stream breaks before its first
 * event has an id that nobody can learn, because OpenAI lists neither responses nor conversations.
 */
async function leftAtOpenAI({ after }: Behaviour): Promise<string[]> {
  const url = new URL("/_emulator/objects", ownStack().status.OPENAI_BASE_URL);
  const objects: Record<string, { id: string }[]> = await (await fetch(url)).json();
  const left = [
    ...objects.conversations ?? [],
    ...(after === "start" ? [] : objects.responses ?? []),
  ];
  return left.map(({ id }) => id);
}

test.for(drawFrom("unkind OpenAI", cases, { one: 2, sample: 10 }))(
  "$title",
  { ...drawn, timeout: 180_000 },
  async ({ behaviour, disturbance, isEndless, endsWithin = 5 }) => {
    const person = new Person();
    await person.openSession();
    const before = await leftAtOpenAI(behaviour);
    await behave(behaviour);

    const sending = person.send("Count");
    await disturb(person, disturbance);
    if (isEndless && disturbance !== "stopped") {
      if (disturbance !== "function killed") {
        expect((await person.replies())[0]?.status).toBe("streaming");
      }
      await person.stop();
    }
    const isDead = disturbance === "function killed";
    // An undisturbed turn must end in time. Recovery and the pace of the reply add some seconds.
    await waitForEnd(person, isDead, isEndless || isDead ? 60 : endsWithin + 5);
    const { text } = await sending;
    const made = (await leftAtOpenAI(behaviour)).filter((id) => !before.includes(id));
    const saved = await savedOf(made);
    // A function that dies between OpenAI's answer and the database takes the id with it.
    const lost = isDead ? made.filter((id) => !saved.includes(id)) : [];
    if (!isDead && text !== "") expect(text).not.toContain("still_generating");

    // Only a turn that failed before any output is free.
    const charged =
      (await person.replies()).filter(({ status, content, output_tokens }) =>
        status !== "failed" || content !== "" || output_tokens
      ).length;
    expect(await person.usage()).toEqual({ messages: charged, booked: charged });

    await behave({});
    const next = await person.send("And then?");
    expect(next.status).toBe(200);
    expect(next.text).toContain('"type":"finish"');

    await person.client.from("chat_sessions").delete().eq("id", person.sessionId).throwOnError();
    await vi.waitFor(async () => {
      await database.query("update private.remote_deletions set due_at = now()");
      await runFunction("vector-store-cleanup");
      const left = await leftAtOpenAI(behaviour);
      expect(left.filter((id) => !before.includes(id) && !lost.includes(id))).toEqual([]);
    }, { timeout: 30_000, interval: 200 });
  },
);
