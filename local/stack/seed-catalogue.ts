import { createClient } from "@supabase/supabase-js";
import { createBillingDatabase } from "../../functions/_shared/stripe/billing-database.ts";
import { createStripe } from "../../functions/_shared/stripe/client.ts";
import { mapPrice, mapProduct } from "../../functions/_shared/stripe/map-catalogue.ts";
import type { Database } from "../../types/database.ts";
import type { Settings } from "./settings.ts";

const PAGE = 100;

/** Copies the products and prices of the emulator to the database: no event announced them. */
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
  const ticket = await db.drawTicket();
  const [products, prices] = await Promise.all([
    Array.fromAsync(stripe.products.list({ limit: PAGE })),
    Array.fromAsync(stripe.prices.list({ limit: PAGE })),
  ]);
  await db.apply(null, ticket, [...products.map(mapProduct), ...prices.map(mapPrice)]);
}
