import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { readTrialDays } from "./read-trial.ts";

/** A price that is for sale. */
export interface SalePrice {
  id: string;
  isRecurring: boolean;
  /** The plan that a subscription gives; null for credits and add-ons. */
  plan: string | null;
  trialDays: number | null;
}

/** Returns a price that is for sale. Throws `price_not_found` for any other price. */
export async function findPrice(
  catalogue: SupabaseClient<Database>,
  id: string,
): Promise<SalePrice> {
  const query = catalogue.from("stripe_prices")
    .select("id, type, metadata, stripe_products!inner(is_active, plan)")
    .eq("id", id).eq("is_active", true).eq("is_deleted", false)
    .eq("stripe_products.is_active", true);
  const price = unwrap(await query.maybeSingle());
  if (!price) throw new AppError("price_not_found");
  return {
    id,
    isRecurring: price.type === "recurring",
    plan: price.stripe_products.plan,
    trialDays: readTrialDays(price.metadata),
  };
}
