import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { unwrap } from "../_shared/http/refusal.ts";

/** A price that is for sale. */
export interface SalePrice {
  id: string;
  isRecurring: boolean;
  currency: string | null;
  trialDays: number | null;
  /** The plan that a subscription to the price gives. */
  plan: string | null;
}

const COLUMNS = "id, type, currency, trial_days, stripe_products!inner(plan)";

/** Returns a price that is for sale. Throws `price_not_found` for any other price. */
export async function findPrice(
  catalogue: SupabaseClient<Database>,
  id: string,
): Promise<SalePrice> {
  const row = unwrap(
    await catalogue.rpc("listed_prices").select(COLUMNS).eq("id", id).maybeSingle(),
  );
  if (!row) throw new AppError("price_not_found");
  const isRecurring = row.type === "recurring";
  return {
    id: row.id,
    isRecurring,
    currency: row.currency,
    trialDays: row.trial_days,
    plan: isRecurring ? row.stripe_products.plan : null,
  };
}
