import type { SupabaseClient } from "@supabase/supabase-js";
import type { CheckoutRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import type { BillingAccount } from "../_shared/stripe/billing-database.ts";
import type { BillingPorts } from "./billing-ports.ts";
import { requireAllowed } from "./check-url.ts";
import { describePurchase } from "./describe-purchase.ts";
import { expireCheckouts } from "./expire-checkouts.ts";
import { findOrCreateCustomer } from "./find-customer.ts";
import { findPrice } from "./find-price.ts";
import { syncBeforePurchase } from "./sync-customer.ts";

/**
 * Opens Stripe's checkout and returns its URL. The client chooses the price and both URLs, and nothing else. A payer
 * has one plan and one open checkout for a plan: a new checkout expires the previous one.
 */
export async function startCheckout(
  ports: BillingPorts,
  catalogue: SupabaseClient<Database>,
  userId: string,
  request: CheckoutRequest,
): Promise<string> {
  const success_url = requireAllowed(ports.allowedOrigins, request.success_url);
  const cancel_url = requireAllowed(ports.allowedOrigins, request.cancel_url);
  const stored = await ports.db.findAccount(userId, true);
  const price = await findPrice(catalogue, request.price_id);
  const account = await refresh(ports, userId, stored);
  if (price.plan && account.plan_subscription) throw alreadySubscribed();

  const customer = await findOrCreateCustomer(ports, account);
  // First, because Stripe refuses a currency that differs from the one of an open checkout.
  if (price.plan) await expireCheckouts(ports.stripe, customer);
  const session = await ports.stripe.checkout.sessions.create({
    customer,
    client_reference_id: account.profile_id,
    success_url,
    cancel_url,
    ...describePurchase(price, account),
  });
  // Again, because concurrent calls may have opened one each. Only the newest stays open.
  if (price.plan && await expireCheckouts(ports.stripe, customer, session) === "paid") {
    throw alreadySubscribed();
  }
  if (!session.url) throw new AppError("stripe_unavailable");
  return session.url;
}

/** Reads the account again after a sync. */
async function refresh(
  ports: BillingPorts,
  userId: string,
  stored: BillingAccount,
): Promise<BillingAccount> {
  if (!stored.customer_id) return stored;
  await syncBeforePurchase(ports, stored.customer_id);
  return await ports.db.findAccount(userId, true);
}

function alreadySubscribed(): AppError {
  return new AppError("already_subscribed", { details: { portal: true } });
}
