import type { SupabaseClient } from "@supabase/supabase-js";
import { ProductsReply } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { unwrap } from "../_shared/http/refusal.ts";

const COLUMNS = `id, currency, unit_amount, type, recurring_interval, recurring_interval_count,
  trial_days, product:stripe_products!inner(id, name, description, images, plan, tokens)` as const;

/** Lists what is for sale: products with their listed prices, the cheapest first. */
export async function listProducts(client: SupabaseClient<Database>): Promise<ProductsReply> {
  const rows = unwrap(await client.rpc("listed_prices").select(COLUMNS));
  const ordered = rows.toSorted((a, b) =>
    (a.unit_amount ?? 0) - (b.unit_amount ?? 0) || (a.id < b.id ? -1 : 1)
  );
  const byProduct = Map.groupBy(ordered, ({ product }) => product.id);
  const products = [...byProduct.values()].map((group) => ({
    ...group[0]?.product,
    prices: group.map(({ product: _, ...price }) => price),
  }));
  return ProductsReply.parse({ products });
}
