import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";

/** How a running stack is reached: the names of `supabase status -o env`, and the emulator's address. */
export const StackStatus = z.object({
  API_URL: z.string(),
  FUNCTIONS_URL: z.string(),
  /** Role `postgres`. */
  DB_URL: z.string(),
  PUBLISHABLE_KEY: z.string(),
  SECRET_KEY: z.string(),
  /** Lists the mails that the stack has caught. */
  MAIL_URL: z.string(),
  /** Where programs send mails to have them caught. */
  SMTP_URL: z.string(),
  /** Ends in `/v1`; absent when a real provider is used. */
  OPENAI_BASE_URL: z.string().optional(),
  /** The Stripe emulator; absent when the real Stripe is used. */
  STRIPE_API_URL: z.string().optional(),
  /** What its events are signed with. */
  STRIPE_WEBHOOK_SECRET: z.string().optional(),
});
export type StackStatus = z.infer<typeof StackStatus>;

const file = (stateDir: string) => path.join(stateDir, "status.json");

/** Says that a stack runs on this state directory. */
export async function writeStatus(stateDir: string, status: StackStatus): Promise<void> {
  await writeFile(file(stateDir), JSON.stringify(status, null, 2), { mode: 0o600 });
}

/** Says that no stack runs on this state directory. */
export async function clearStatus(stateDir: string): Promise<void> {
  await rm(file(stateDir), { force: true });
}

/** The stack that runs on this state directory and answers, or null. */
export async function readStatus(stateDir: string): Promise<StackStatus | null> {
  const text = await readFile(file(stateDir), "utf8").catch(() => null);
  if (text === null) return null;
  const status = StackStatus.safeParse(parseJson(text)).data;
  // A damaged file says as little as none.
  return status && await isHealthy(status.API_URL) ? status : null;
}

async function isHealthy(apiUrl: string): Promise<boolean> {
  try {
    return (await fetch(`${apiUrl}/auth/v1/health`)).ok;
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
