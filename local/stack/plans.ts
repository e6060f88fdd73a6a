import { ProductsReply } from "../../types/api.ts";
import type { StackStatus } from "./status.ts";

/** Lists the plans that users can buy, one line a price. Without plans, the line says how to get them. */
export async function describePlans(
  { FUNCTIONS_URL, PUBLISHABLE_KEY }: StackStatus,
): Promise<string[]> {
  const headers = { apikey: PUBLISHABLE_KEY };
  const response = await fetch(`${FUNCTIONS_URL}/billing/products`, { headers }).catch(() => null);
  const { products } = ProductsReply.safeParse(await response?.json()).data ?? { products: [] };
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
