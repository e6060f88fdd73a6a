import { utimes } from "node:fs/promises";
import path from "node:path";
import { createClient } from "@supabase/supabase-js";
import { expect, test, vi } from "vitest";
import { REPOSITORY } from "../../local/stack/settings.ts";
import {
  childOf,
  emptyEnvironment,
  freshEnvironment,
  isAlive,
  spawnStack,
  stackOfFile,
} from "../helpers/own-stack.ts";
import type { StackStatus } from "../../local/stack/status.ts";

const CHILDREN = [
  "postgres",
  "functions-server",
  "openai-emulator/main",
  "realtime-server",
] as const;

/** Signs up, chats and reads the history, which needs every part of the stack. */
async function chatOnce(status: StackStatus): Promise<void> {
  const client = createClient(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false },
  });
  const email = `user-${crypto.randomUUID()}@example.com`;
  const { data, error } = await client.auth.signUp({ email, password: "correct horse battery" });
  if (error) throw error;
  const session = await client.from("chat_sessions").insert({ assistant_slug: "coach" })
    .select("id").single().throwOnError();
  const reply = await fetch(`${status.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: { authorization: `Bearer ${data.session?.access_token}` },
    body: JSON.stringify({ session_id: session.data.id, content: "Hello" }),
  });
  expect(await reply.text()).toContain('"type":"finish"');
}

const ownStack = stackOfFile();

test.for(CHILDREN)("a killed %s is restarted and reported", async (name) => {
  const { stack, status } = ownStack();
  const pid = await childOf(stack.pid, name);
  const ended = stack.nextLine(/ended \(SIGKILL\); starts again in \d+ ms/);
  const again = stack.nextLine(/runs again/);

  process.kill(pid, "SIGKILL");

  expect(await ended).toBeTruthy();
  await again;
  expect(await childOf(stack.pid, name)).not.toBe(pid);
  await vi.waitFor(() => chatOnce(status), { timeout: 10_000 });
});

test("Ctrl-C in the middle of requests ends every child process", async () => {
  const stack = spawnStack(await freshEnvironment());
  const { API_URL, PUBLISHABLE_KEY } = await stack.ready();
  const pids = await Promise.all(CHILDREN.map((name) => childOf(stack.pid, name)));
  const headers = { apikey: PUBLISHABLE_KEY };
  const requests = Array.from(
    { length: 40 },
    () => fetch(`${API_URL}/rest/v1/plans`, { headers }).catch(() => undefined),
  );
  await Promise.race(requests);

  expect(await stack.end("SIGINT")).toBe(0);

  expect(pids.filter(isAlive)).toEqual([]);
});

test("users' data survives a restart and a killed supervisor", {
  timeout: 120_000,
}, async () => {
  const env = await emptyEnvironment();
  const first = spawnStack(env);
  const { PUBLISHABLE_KEY, API_URL } = await first.ready();
  const client = createClient(API_URL, PUBLISHABLE_KEY, { auth: { persistSession: false } });
  const credentials = { email: "ada@example.com", password: "correct horse battery" };
  expect((await client.auth.signUp(credentials)).error).toBeNull();

  await first.end("SIGINT");
  const second = spawnStack(env);
  expect((await second.ready()).PUBLISHABLE_KEY).toBe(PUBLISHABLE_KEY);
  expect((await client.auth.signInWithPassword(credentials)).error).toBeNull();

  const orphans = await Promise.all(CHILDREN.map((name) => childOf(second.pid, name)));
  await second.end("SIGKILL");
  // Only Postgres is left, and the next start takes it over.
  const alive = () =>
    expect(orphans.map(isAlive)).toEqual(CHILDREN.map((name) => name === "postgres"));
  await vi.waitFor(alive, { timeout: 10_000 });
  const third = spawnStack(env);
  await chatOnce(await third.ready());
  expect((await client.auth.signInWithPassword(credentials)).error).toBeNull();
});

test("functions restart after an edit", async () => {
  const stack = spawnStack({ ...await freshEnvironment(), PARLEY_WATCH: "on" });
  const status = await stack.ready();
  const before = await childOf(stack.pid, "functions-server");

  const now = new Date();
  await utimes(path.join(REPOSITORY, "functions/health/handler.ts"), now, now);

  await stack.line(/functions\/health\/handler\.ts has changed/);
  await stack.line(/runs again/);
  expect(await childOf(stack.pid, "functions-server")).not.toBe(before);
  await vi.waitFor(() => chatOnce(status), { timeout: 10_000 });
});
