import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { execa } from "execa";
import pg from "pg";
import { REPOSITORY } from "../local/stack/settings.ts";
import { readStatus, type StackStatus } from "../local/stack/status.ts";
import type { Database } from "../types/database.ts";

/** A stack in a process of its own, like `npm start`, so that client and server do not share a thread. */
export interface BenchStack extends AsyncDisposable {
  status: StackStatus;
  /** The parent of all other processes of the stack. */
  pid: number;
}

/** Creates a temporary state directory; disposing removes it with its content. */
export async function temporaryState(): Promise<AsyncDisposable & { directory: string }> {
  const directory = await mkdtemp(path.join(os.tmpdir(), "parley-bench-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  return { directory, [Symbol.asyncDispose]: remove };
}

/** Starts a stack of a project on free ports, with optional variables, and resolves when it responds. */
export async function startBenchStack(
  stateDir: string,
  env: Record<string, string> = {},
  project: string = REPOSITORY,
): Promise<BenchStack> {
  const child = execa("node", ["scripts/bootstrap.mjs", "local/stack/main.ts"], {
    cwd: project,
    preferLocal: true,
    stdio: ["ignore", "pipe", "ignore"],
    reject: false,
    env: {
      ...env,
      PARLEY_STATE_DIR: stateDir,
      PARLEY_API_PORT: "0",
      PARLEY_DB_PORT: "0",
      PARLEY_MAIL_PORT: "0",
      PARLEY_OPENAI_TOKENS_PER_SECOND: "0",
    },
  });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line.startsWith("Parley runs")) resolve();
    });
    child.then(() => reject(new Error("the stack ended")));
  });
  const status = await readStatus(stateDir);
  if (!status) throw new Error("the stack did not start");
  await liftLimits(status);
  return {
    status,
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child;
    },
  };
}

/** Removes the limits of the plans, which would refuse the load of benchmarks. */
async function liftLimits({ DB_URL }: StackStatus): Promise<void> {
  const client = new pg.Client(DB_URL);
  await client.connect();
  await client.query(
    "update public.plans set turns_per_minute = null, daily_messages = null, monthly_messages = null",
  );
  await client.end();
}

/** A signed-up user with one session and a client. */
export interface BenchUser {
  client: SupabaseClient<Database>;
  accessToken: string;
  sessionId: string;
}

/** Signs a user up and creates a session. */
export async function createBenchUser(status: StackStatus): Promise<BenchUser> {
  const client = createClient<Database>(status.API_URL, status.PUBLISHABLE_KEY, {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const email = `bench-${crypto.randomUUID()}@example.com`;
  const { data: { session } } = await client.auth.signUp({ email, password: crypto.randomUUID() });
  const { data } = await client.from("chat_sessions").insert({ assistant_slug: "coach" })
    .select("id").single().throwOnError();
  if (!session) throw new Error("sign-up returned no session");
  return { client, accessToken: session.access_token, sessionId: data.id };
}

/** Sends a message and returns the milliseconds until the first text; resolves when the reply has ended. */
export async function timeToFirstText(status: StackStatus, user: BenchUser): Promise<number> {
  const startedAt = performance.now();
  const response = await fetch(`${status.FUNCTIONS_URL}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${user.accessToken}` },
    body: JSON.stringify({ session_id: user.sessionId, content: "Hello, how are you today?" }),
  });
  if (!response.ok || !response.body) throw new Error(await response.text());
  let first = 0;
  for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
    if (first === 0 && text.includes('"text-delta"')) first = performance.now() - startedAt;
  }
  return first;
}
