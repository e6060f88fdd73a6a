import type { SupabaseClient } from "@supabase/supabase-js";
import type { Database } from "../../types/database.ts";
import { unwrap } from "../../functions/_shared/http/refusal.ts";
import type { Target } from "../../functions/_shared/stripe/target.ts";

const PAGE = 100;
const KINDS = ["product", "price", "customer", "subscription"] as const;

type Kind = typeof KINDS[number];

/** A page of leftovers, and the position after it; null after the last page. */
export interface LeftoversPage {
  targets: Target[];
  next: string | null;
}

/**
 * Finds a page of rows that no fetch since this ticket has written: products, prices and customers without a known
 * deletion, and subscriptions that have not ended. `after` is the position of the page; the first has none.
 */
export async function findLeftovers(
  admin: SupabaseClient<Database>,
  firstTicket: number,
  after: string | undefined,
): Promise<LeftoversPage> {
  const [name = "", lastId = ""] = after?.split(" ") ?? [];
  const kind = KINDS.find((each) => each === name) ?? KINDS[0];
  const targets = await findOf[kind](admin, firstTicket, lastId);
  const last = targets.at(-1);
  const following = KINDS[KINDS.indexOf(kind) + 1];
  if (last && targets.length === PAGE) return { targets, next: `${kind} ${last.id}` };
  return { targets, next: following ? `${following} ` : null };
}

type FindOf = (
  admin: SupabaseClient<Database>,
  firstTicket: number,
  lastId: string,
) => Promise<Target[]>;

const findOf: Record<Kind, FindOf> = {
  product: async (admin, firstTicket, lastId) => {
    const query = admin.from("stripe_products").select("id").eq("is_deleted", false)
      .lt("ticket", firstTicket).gt("id", lastId).order("id").limit(PAGE);
    return unwrap(await query).map(({ id }) => ({ kind: "product", id, deleted: {} }));
  },
  price: async (admin, firstTicket, lastId) => {
    const query = admin.from("stripe_prices").select("id, product_id").eq("is_deleted", false)
      .lt("ticket", firstTicket).gt("id", lastId).order("id").limit(PAGE);
    return unwrap(await query).map(({ id, product_id: product }) => ({
      kind: "price",
      id,
      deleted: { product },
    }));
  },
  customer: async (admin, firstTicket, lastId) => {
    const query = admin.from("stripe_customers").select("id").eq("is_deleted", false)
      .lt("ticket", firstTicket).gt("id", lastId).order("id").limit(PAGE);
    return unwrap(await query).map(({ id }) => ({ kind: "customer", id, deleted: {} }));
  },
  subscription: async (admin, firstTicket, lastId) => {
    const query = admin.from("subscriptions").select("stripe_subscription_id, stripe_customer_id")
      .is("ended_at", null).lt("ticket", firstTicket).gt("stripe_subscription_id", lastId)
      .order("stripe_subscription_id").limit(PAGE);
    return unwrap(await query).map(({ stripe_subscription_id: id, stripe_customer_id }) => ({
      kind: "subscription",
      id,
      deleted: { customer: stripe_customer_id },
    }));
  },
};

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
