import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";
import { unwrap } from "../../functions/_shared/http/refusal.ts";
import type { Target } from "../../functions/_shared/stripe/target.ts";

const ROWS = 1_000;

/**
 * Finds rows that no fetch since this ticket has written: products, prices and customers without a known deletion, and
 * subscriptions that have not ended. Returns at most a thousand of each; the next sync finds the rest.
 */
export async function findLeftovers(
  admin: SupabaseClient<Database>,
  firstTicket: number,
): Promise<Target[]> {
  const [products, prices, customers, subscriptions] = await Promise.all([
    admin.from("stripe_products").select("id").eq("is_deleted", false).lt("ticket", firstTicket)
      .limit(ROWS),
    admin.from("stripe_prices").select("id, product_id").eq("is_deleted", false)
      .lt("ticket", firstTicket).limit(ROWS),
    admin.from("stripe_customers").select("id").eq("is_deleted", false).lt("ticket", firstTicket)
      .limit(ROWS),
    admin.from("subscriptions").select("stripe_subscription_id, stripe_customer_id")
      .is("ended_at", null).lt("ticket", firstTicket).limit(ROWS),
  ]);
  return [
    ...unwrap(products).map(({ id }): Target => ({ kind: "product", id, deleted: {} })),
    ...unwrap(prices).map(({ id, product_id }): Target => ({
      kind: "price",
      id,
      deleted: { product: product_id },
    })),
    ...unwrap(customers).map(({ id }): Target => ({ kind: "customer", id, deleted: {} })),
    ...unwrap(subscriptions).map((row): Target => ({
      kind: "subscription",
      id: row.stripe_subscription_id,
      deleted: { customer: row.stripe_customer_id },
    })),
  ];
}

/** Returns the PaymentIntents among `intentIds` that a fetch since this ticket has written. */
export async function findWritten(
  admin: SupabaseClient<Database>,
  firstTicket: number,
  intentIds: string[],
): Promise<Set<string>> {
  const query = admin.from("payments").select("stripe_payment_intent_id")
    .in("stripe_payment_intent_id", intentIds).gte("ticket", firstTicket);
  const rows = unwrap(await query);
  return new Set(rows.flatMap(({ stripe_payment_intent_id: id }) => id ?? []));
}
