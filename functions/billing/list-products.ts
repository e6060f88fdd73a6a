import type { SupabaseClient } from "@supabase/supabase-js";
import { z } from "zod";
import { ProductsReply } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { readTrialDays } from "./read-trial.ts";

const Credits = z.object({ tokens: z.coerce.number().int().positive() });

/** Lists what is for sale: active products with their active prices, the cheapest first. */
export async function listProducts(client: SupabaseClient<Database>): Promise<ProductsReply> {
  const query = client.from("stripe_products")
    .select("id, name, description, images, plan, metadata, stripe_prices!inner(*)")
    .eq("is_active", true).eq("is_deleted", false)
    .eq("stripe_prices.is_active", true).eq("stripe_prices.is_deleted", false)
    .order("id");
  const rows = unwrap(await query);
  const products = rows.map(({ stripe_prices, metadata, ...product }) => ({
    ...product,
    tokens: Credits.safeParse(metadata).data?.tokens ?? null,
    prices: stripe_prices
      .map(({ metadata, ...price }) => ({ ...price, trial_days: readTrialDays(metadata) }))
      .toSorted((a, b) => (a.unit_amount ?? 0) - (b.unit_amount ?? 0) || (a.id < b.id ? -1 : 1)),
  }));
  const cheapest = ({ prices }: typeof products[number]) => prices[0]?.unit_amount ?? 0;
  return ProductsReply.parse({ products: products.toSorted((a, b) => cheapest(a) - cheapest(b)) });
}
