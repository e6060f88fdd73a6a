import { hash } from "node:crypto";
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import { createStripe, STRIPE_URL } from "../../functions/_shared/stripe/client.ts";
import { loadEnvFile, readSettings } from "../../local/stack/settings.ts";
import { readStatus } from "../../local/stack/status.ts";
import type { Database } from "../../types/database.ts";

/** The two sides of a sync: the Stripe account and the project. */
export interface StripeAndDatabase {
  stripe: Stripe;
  admin: SupabaseClient<Database>;
  /** Names the project and the Stripe account, without telling the key. */
  settings: string;
  stateDir: string;
}

/**
 * Finds the project and the Stripe account of the environment (`SUPABASE_URL`, `SUPABASE_SECRET_KEY`,
 * `STRIPE_SECRET_KEY`), or those of the running local stack. Rejects with an Error that says what is missing.
 */
export async function findAccess(): Promise<StripeAndDatabase> {
  loadEnvFile();
  const { SUPABASE_URL, SUPABASE_SECRET_KEY } = process.env;
  // A stack on a real account needs a webhook secret, but this script does not.
  const { STRIPE_SECRET_KEY, STRIPE_API_URL, STRIPE_WEBHOOK_SECRET: _, ...rest } = process.env;
  const { stateDir, stripeRequestsPerSecond } = readSettings(rest);
  const status = SUPABASE_URL ? null : await readStatus(stateDir);
  const projectUrl = SUPABASE_URL ?? status?.API_URL;
  const secretKey = SUPABASE_SECRET_KEY ?? status?.SECRET_KEY;
  if (!projectUrl || !secretKey) {
    throw new Error(
      "No stack is running. Start one with `npm start`, or set SUPABASE_URL and SUPABASE_SECRET_KEY.",
    );
  }
  // The emulator accepts any key.
  const stripeKey = STRIPE_SECRET_KEY ?? (status?.STRIPE_API_URL ? "sk_test_emulator" : undefined);
  if (!stripeKey) throw new Error("Set STRIPE_SECRET_KEY.");
  const access = {
    STRIPE_SECRET_KEY: stripeKey,
    STRIPE_API_URL: STRIPE_API_URL ?? status?.STRIPE_API_URL ?? STRIPE_URL,
    STRIPE_REQUESTS_PER_SECOND: stripeRequestsPerSecond,
  };
  return {
    stripe: createStripe(access),
    admin: createClient<Database>(projectUrl, secretKey, {
      auth: { persistSession: false, autoRefreshToken: false },
    }),
    settings: hash("sha256", JSON.stringify([projectUrl, access])).slice(0, 16),
    stateDir,
  };
}
