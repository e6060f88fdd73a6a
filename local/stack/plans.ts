import { createClient } from "@supabase/supabase-js";
import { listProducts } from "../../functions/billing/list-products.ts";
import type { ProductsReply } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import type { StackStatus } from "./status.ts";

/**
 * Lists the plans that users can buy, one line a price. Without plans, the line says how to get them. Reads the tables,
 * because a request to the function would appear in the log of the stack.
 */
export async function describePlans(
  { API_URL, PUBLISHABLE_KEY }: Pick<StackStatus, "API_URL" | "PUBLISHABLE_KEY">,
): Promise<string[]> {
  const options = { auth: { persistSession: false, autoRefreshToken: false } };
  const client = createClient<Database>(API_URL, PUBLISHABLE_KEY, options);
  const { products } = await listProducts(client).catch(() => ({ products: [] }));
  if (products.length === 0) return ["No plans yet: `npm run db:sync-stripe` fetches them."];
  return ["Plans:", ...products.flatMap(describeProduct)];
}

function describeProduct({ name, prices }: ProductsReply["products"][number]): string[] {
  return prices.map(({ id, unit_amount, currency, recurring_interval, trial_days }) => {
    const amount = `${((unit_amount ?? 0) / 100).toFixed(2)} ${currency.toUpperCase()}`;
    const interval = recurring_interval ? ` a ${recurring_interval}` : "";
    const trial = trial_days ? `, ${trial_days} days of trial` : "";
    return `  ${name.padEnd(16)} ${`${amount}${interval}${trial}`.padEnd(40)} ${id}`;
  });
}
