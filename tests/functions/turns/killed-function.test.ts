import { createClient } from "@supabase/supabase-js";
import pg from "pg";
import { expect, onTestFinished, test, vi } from "vitest";
import { toUIMessage } from "../../../types/api.ts";
import {
  freshEnvironment,
  type SharedStack,
  spawnStack,
  stackOfFile,
} from "../../helpers/own-stack.ts";
import { freshEmail } from "../../helpers/mail.ts";
import { readUntil } from "../../helpers/turns.ts";

const SLOW = { reply: "one two three four five six seven eight nine ten", tokens_per_second: 5 };

const ownStack = stackOfFile({ PARLEY_SCHEDULER: "off" });

/** Starts a reply and resolves in the middle of it, on a stack whose functions may be killed. */
async function startReply({ stack, status }: Pick<SharedStack, "stack" | "status"> = ownStack()) {
  const client = createClient(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  const { data } = await client.auth.signUp({
    email: freshEmail(),
    password: "correct horse battery",
  });
  const session = await client.from("chat_sessions").insert({ assistant_slug: "coach" }).select(
    "id",
  ).single().throwOnError();
  const control = new URL("/_emulator/behaviour", status.OPENAI_BASE_URL);
  await fetch(control, { method: "PUT", body: JSON.stringify(SLOW) });
  const authorization = `Bearer ${data.session?.access_token}`;
  const response = await fetch(`${status.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: { authorization },
    body: JSON.stringify({ session_id: session.data.id, content: "Count" }),
  });
  const database = new pg.Client(status.DB_URL);
  await database.connect();
  onTestFinished(() => database.end());
  return { stack, status, client, authorization, response, sessionId: session.data.id, database };
}

test("recovery completes the reply of a killed function, charged once", async () => {
  const { stack, status, client, response, sessionId, database } = await startReply();
  await readUntil(response, "three");

  await stack.killFunctions();
  const silent =
    "update public.chat_turns set progressed_at = now() - interval '2 minutes' where status = 'active'";
  await vi.waitFor(async () => {
    await database.query(silent);
    const headers = { apikey: status.SECRET_KEY };
    const recovery = await fetch(`${status.FUNCTIONS_URL}/turn-recovery`, {
      method: "POST",
      headers,
    });
    expect(await recovery.json()).toMatchObject({ complete: 1 });
  }, { timeout: 15_000, interval: 300 });

  const { data: messages } = await client.from("chat_messages").select().eq("session_id", sessionId)
    .order("seq").throwOnError();
  expect(messages.map((row) => [row.status, row.content])).toEqual([["complete", "Count"], [
    "complete",
    SLOW.reply,
  ]]);
  const { data: profile } = await client.from("profiles").select("subscription_usage").single()
    .throwOnError();
  expect(profile.subscription_usage).toBe(1);
});

test("a client that reloads after the process has died gets the whole reply", async () => {
  const { stack, status, client, authorization, response, sessionId } = await startReply();
  await readUntil(response, "two");
  await stack.killFunctions();

  const resumed = await fetch(`${status.FUNCTIONS_URL}/chat/${sessionId}/stream`, {
    headers: { authorization },
  });
  const stream = await resumed.text();

  expect(stream).toContain('"type":"finish"');
  const { data: rows } = await client.from("chat_messages").select().eq("session_id", sessionId)
    .order("seq").throwOnError();
  expect(toUIMessage(rows[1]).parts).toContainEqual(expect.objectContaining({ text: SLOW.reply }));
});

test("a stream that takes too long tells the client to reload, and the reply continues", {
  timeout: 60_000,
}, async () => {
  const stack = spawnStack({
    ...await freshEnvironment(),
    PARLEY_SCHEDULER: "off",
    PARLEY_STREAM_SECONDS: "1",
  });
  const { client, response, sessionId } = await startReply({ stack, status: await stack.ready() });

  const stream = await response.text();

  expect(stream).toContain("still_generating");
  await vi.waitFor(async () => {
    const { data: rows } = await client.from("chat_messages").select("content").eq(
      "session_id",
      sessionId,
    ).order("seq").throwOnError();
    expect(rows[1]?.content).toBe(SLOW.reply);
  }, { timeout: 10_000 });
});
