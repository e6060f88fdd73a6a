import { createClient } from "@supabase/supabase-js";
import { createBillingDatabase } from "../functions/_shared/billing/billing-database.ts";
import { createStripe } from "../functions/_shared/billing/stripe.ts";
import { syncCatalogue } from "../functions/_shared/billing/sync-catalogue.ts";
import type { Database } from "../types/database.ts";
import type { Settings } from "./settings.ts";

/** Copies products and prices of the emulator, which were there before anybody listened. */
export async function seedCatalogue(
  account: NonNullable<Settings["stripe"]>,
  { apiUrl, secretKey }: { apiUrl: string; secretKey: string },
): Promise<void> {
  const stripe = createStripe({
    STRIPE_SECRET_KEY: account.secretKey,
    STRIPE_API_URL: account.apiUrl,
  });
  const options = { auth: { persistSession: false, autoRefreshToken: false } };
  const db = createBillingDatabase(createClient<Database>(apiUrl, secretKey, options));
  await syncCatalogue({ stripe, db });
}
