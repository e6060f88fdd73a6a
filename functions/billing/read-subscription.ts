import type { SupabaseClient } from "@supabase/supabase-js";
import type { SubscriptionReply } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { syncCustomer } from "./sync-customer.ts";
import { AppError } from "../_shared/http/errors.ts";
import { describeError } from "../_shared/http/log.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { reportMisconfiguration } from "../_shared/stripe/report-misconfiguration.ts";
import type { BillingPorts } from "./billing-ports.ts";

/** The age at which stored billing data is fetched from Stripe again. */
const FRESH_MS = 5 * 60_000;
const COLUMNS =
  `stripe_subscription_id, status, stripe_price_id, stripe_product_id, amount, currency,
  recurring_interval, current_period_start, current_period_end, auto_renew, trial_end, ends_at`;

/** Returns the caller's plan and subscription, and updates them from Stripe first when they are old. */
export async function readSubscription(
  ports: BillingPorts,
  client: SupabaseClient<Database>,
  userId: string,
): Promise<SubscriptionReply> {
  const { customer_id, synced_at } = await ports.db.findAccount(userId, false);
  const age = Date.now() - Date.parse(synced_at ?? "1970-01-01");
  const isSynced = customer_id !== null && age > FRESH_MS
    ? await trySync(ports, customer_id)
    : false;
  const columns = "subscription_plan, membership_status, stripe_subscription_id";
  const profile = unwrap(await client.from("profiles").select(columns).maybeSingle());
  if (!profile) throw new AppError("unauthorized");
  return {
    plan: profile.subscription_plan,
    membership_status: profile.membership_status,
    subscription: await findSubscription(client, profile.stripe_subscription_id),
    synced_at: isSynced ? new Date().toISOString() : synced_at,
  };
}

/** Updates a customer from Stripe. After a failure the stored data is used, so the failure is only logged. */
async function trySync({ stripe, db, log }: BillingPorts, customerId: string): Promise<boolean> {
  try {
    await syncCustomer({ stripe, db }, customerId);
    return true;
  } catch (error) {
    log.error("customer_not_synced", describeError(error));
    await reportMisconfiguration({ db, log }, error);
    return false;
  }
}

async function findSubscription(
  client: SupabaseClient<Database>,
  inForce: string | null,
): Promise<SubscriptionReply["subscription"]> {
  const query = client.from("subscriptions").select(COLUMNS);
  const chosen = inForce ? query.eq("stripe_subscription_id", inForce) : query;
  return unwrap(
    await chosen.order("started_at", { ascending: false }).limit(1).maybeSingle(),
  );
}
