import type Stripe from "stripe";
import type { BillingDatabase } from "./billing-database.ts";
import { mapPrice, mapProduct } from "./map-catalogue.ts";

const PAGE = 100;

/** Fetches all products and prices, and writes them. */
export async function syncCatalogue(
  { stripe, db }: { stripe: Stripe; db: BillingDatabase },
): Promise<void> {
  const ticket = await db.drawTicket();
  const [products, prices] = await Promise.all([
    Array.fromAsync(stripe.products.list({ limit: PAGE })),
    Array.fromAsync(stripe.prices.list({ limit: PAGE })),
  ]);
  await db.apply(null, ticket, [...products.map(mapProduct), ...prices.map(mapPrice)]);
}
