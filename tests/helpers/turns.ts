import { expect } from "vitest";
import * as z from "zod";
import { asPostgres, must, stack, type TestUser } from "./stack.ts";

/** Reads a stream until a text has arrived; the rest stays unread. */
export async function readUntil(response: Response, text: string): Promise<void> {
  if (!response.body) throw new Error("the response has no body");
  let seen = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  while (!seen.includes(text)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`the stream ended before "${text}" came: ${seen}`);
    seen += value;
  }
  reader.releaseLock();
}

/** Resolves when no turn of the session is running any more. */
export async function settled(owner: TestUser, sessionId: string): Promise<void> {
  await expect.poll(async () => {
    const query = owner.client.from("chat_messages").select("status").eq("session_id", sessionId);
    return must(await query).some(({ status }) => status === "streaming");
  }, { timeout: 20_000 }).toBe(false);
}

/** Stops the running turn of a session. */
export function stopSession(owner: TestUser, sessionId: string): Promise<Response> {
  return fetch(`${stack.FUNCTIONS_URL}/chat/${sessionId}/stop`, {
    method: "POST",
    headers: { authorization: `Bearer ${owner.accessToken}` },
  });
}

/** Joins the running turn of a session. */
export function resumeSession(
  owner: TestUser,
  sessionId: string,
  signal?: AbortSignal,
  messageId?: string,
): Promise<Response> {
  const query = messageId === undefined ? "" : `?message_id=${messageId}`;
  return fetch(`${stack.FUNCTIONS_URL}/chat/${sessionId}/stream${query}`, {
    headers: { authorization: `Bearer ${owner.accessToken}` },
    signal,
  });
}

/** Runs turn-recovery once, as the scheduler does. */
export async function recoverTurns(): Promise<Record<string, number>> {
  const response = await fetch(`${stack.FUNCTIONS_URL}/turn-recovery`, {
    method: "POST",
    headers: { apikey: stack.SECRET_KEY },
  });
  if (!response.ok) throw new Error(await response.text());
  return z.record(z.string(), z.number()).parse(await response.json());
}

const Usage = z.object({
  plan: z.string(),
  monthly_messages: z.object({
    used: z.number(),
    limit: z.number().nullable(),
    reset_at: z.string(),
  }),
  daily_messages: z.object({
    used: z.number(),
    limit: z.number().nullable(),
    reset_at: z.string(),
  }),
  monthly_searches: z.object({
    used: z.number(),
    limit: z.number().nullable(),
    reset_at: z.string(),
  }),
  monthly_budget: z.object({
    used: z.number(),
    limit: z.number().nullable(),
    reset_at: z.string(),
  }),
  turns_per_minute: z.number().nullable(),
  credits: z.object({ balance: z.number(), expires_at: z.string().nullable() }),
});

/** Returns a user's usage, as client apps read it. */
export async function readUsage(user: TestUser): Promise<z.infer<typeof Usage>> {
  return Usage.parse(must(await user.client.rpc("get_my_usage")));
}

/** Resolves with the id of a session's response at OpenAI, which is saved beside the stream and not before it. */
export async function savedResponseId(sessionId: string): Promise<string> {
  let id: string | null | undefined;
  await expect.poll(async () => {
    const [row] = await asPostgres<{ response_id: string | null }>(
      "select response_id from public.chat_turns where session_id = $1 order by created_at desc limit 1",
      [sessionId],
    );
    id = row?.response_id;
    return typeof id;
  }).toBe("string");
  return id ?? "";
}
