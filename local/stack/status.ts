import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
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

async function isHealthy(apiUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${apiUrl}/auth/v1/health`)).ok;
  } catch {
    return false;
  }
}
