import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import * as z from "zod";
import { parseJson } from "./parse-json.ts";

/** The addresses and keys of a running stack: those of `supabase status -o env`, and those of the emulators. */
export const StackStatus = z.object({
  API_URL: z.string(),
  FUNCTIONS_URL: z.string(),
  /** Role `postgres`. */
  DB_URL: z.string(),
  PUBLISHABLE_KEY: z.string(),
  SECRET_KEY: z.string(),
  /** The address that lists the caught mails. */
  MAIL_URL: z.string(),
  /** The SMTP server that catches the mails of programs. */
  SMTP_URL: z.string(),
  /** The OpenAI emulator; ends in `/v1`. Absent when the stack uses the real OpenAI. */
  OPENAI_BASE_URL: z.string().optional(),
  /** The secret that signs events of OpenAI, for tests. The emulator sends none by itself. */
  OPENAI_WEBHOOK_SECRET: z.string().optional(),
  /** The Stripe emulator. Absent when the stack uses the real Stripe. */
  STRIPE_API_URL: z.string().optional(),
  /** The secret that signs the events of the Stripe emulator. */
  STRIPE_WEBHOOK_SECRET: z.string().optional(),
});
export type StackStatus = z.infer<typeof StackStatus>;

const HEALTH_MS = 5_000;

const file = (stateDir: string) => path.join(stateDir, "status.json");

/** Records that a stack runs on this state directory. */
export async function writeStatus(stateDir: string, status: StackStatus): Promise<void> {
  await writeFile(file(stateDir), JSON.stringify(status, null, 2), { mode: 0o600 });
}

/** Records that no stack runs on this state directory any more. */
export async function clearStatus(stateDir: string): Promise<void> {
  await rm(file(stateDir), { force: true });
}

/** Returns the stack that runs on this state directory; null when there is none or it does not answer. */
export async function readStatus(stateDir: string): Promise<StackStatus | null> {
  const text = await readFile(file(stateDir), "utf8").catch(() => null);
  if (text === null) return null;
  const status = StackStatus.safeParse(parseJson(text)).data;
  // A damaged file is treated like a missing one.
  return status && await isHealthy(status.API_URL) ? status : null;
}

const waitingFile = (stateDir: string) => path.join(stateDir, "waiting.json");

const Waiting = z.object({ pid: z.number(), reason: z.string() });

/** Records that the stack of this process waits for an edit of a migration; null records that it no longer waits. */
export async function writeWaiting(stateDir: string, reason: string | null): Promise<void> {
  if (reason === null) return await rm(waitingFile(stateDir), { force: true });
  await writeFile(waitingFile(stateDir), JSON.stringify({ pid: process.pid, reason }));
}

/** Says why `readStatus` finds no stack: none runs, or it waits for an edit of a migration. */
export async function explainMissingStack(stateDir: string): Promise<string> {
  const text = await readFile(waitingFile(stateDir), "utf8").catch(() => "");
  const waiting = Waiting.safeParse(parseJson(text)).data;
  // The record of a stack that was killed stays.
  if (!waiting || !isRunning(waiting.pid)) {
    return `No stack is ready in ${stateDir}. Start one with \`npm start\`.`;
  }
  return `The stack waits for a change in supabase/migrations/, because a migration has failed.\n${waiting.reason}`;
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function isHealthy(apiUrl: string): Promise<boolean> {
  try {
    // The gateway of a stack that still starts answers nothing.
    const signal = AbortSignal.timeout(HEALTH_MS);
    return (await fetch(`${apiUrl}/auth/v1/health`, { signal })).ok;
  } catch {
    return false;
  }
}
