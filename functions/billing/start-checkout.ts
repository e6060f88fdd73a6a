import type { SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import type { CheckoutRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import type { BillingPorts } from "./billing-ports.ts";
import { requireAllowed } from "./check-url.ts";
import { findOrCreateCustomer } from "./find-customer.ts";

/** A price that is for sale. */
interface SalePrice {
  id: string;
  type: string | null;
  trial_days: number | null;
}

/** Opens Stripe's checkout and returns its URL. The client chooses the price and both URLs, and nothing else. */
export async function startCheckout(
  ports: BillingPorts,
  catalogue: SupabaseClient<Database>,
  userId: string,
  request: CheckoutRequest,
): Promise<string> {
  const success_url = requireAllowed(ports.allowedOrigins, request.success_url);
  const cancel_url = requireAllowed(ports.allowedOrigins, request.cancel_url);
  const account = await ports.db.findAccount(userId, true);
  const price = await findPrice(catalogue, request.price_id);
  const customer = await findOrCreateCustomer(ports, account);
  const { url } = await ports.stripe.checkout.sessions.create({
    customer,
    client_reference_id: account.profile_id,
    line_items: [{ price: price.id, quantity: 1 }],
    success_url,
    cancel_url,
    ...describePurchase(price, account.has_subscribed),
  });
  if (!url) throw new AppError("stripe_unavailable");
  return url;
}

/** Returns the fields of a purchase. One-time payments get an invoice too: credits are granted for its lines. */
function describePurchase(
  price: SalePrice,
  hasSubscribed: boolean,
): Pick<
  Stripe.Checkout.SessionCreateParams,
  "mode" | "invoice_creation" | "subscription_data"
> {
  if (price.type !== "recurring") return { mode: "payment", invoice_creation: { enabled: true } };
  const trialDays = hasSubscribed ? null : price.trial_days;
  return {
    mode: "subscription",
    ...(trialDays && { subscription_data: { trial_period_days: trialDays } }),
  };
}

async function findPrice(catalogue: SupabaseClient<Database>, id: string): Promise<SalePrice> {
  const query = catalogue.rpc("listed_prices").select("id, type, trial_days").eq("id", id);
  const price = unwrap(await query.maybeSingle());
  if (!price) throw new AppError("price_not_found");
  return price;
}
