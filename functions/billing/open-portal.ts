import type { SupabaseClient } from "@supabase/supabase-js";
import type Stripe from "stripe";
import type { PortalRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { unwrap } from "../_shared/http/refusal.ts";
import { idOf } from "../_shared/stripe/client.ts";
import { mainItem } from "../_shared/stripe/map-subscription.ts";
import type { BillingPorts } from "./billing-ports.ts";
import { requireAllowed } from "./check-url.ts";
import { findPrice } from "./find-price.ts";

type FlowData = Stripe.BillingPortal.SessionCreateParams.FlowData;

/** Opens Stripe's portal for a customer and returns its URL. A suspended user may still cancel a subscription. */
export async function openPortal(
  { stripe, db, allowedOrigins }: BillingPorts,
  catalogue: SupabaseClient<Database>,
  userId: string,
  request: PortalRequest,
): Promise<string> {
  const return_url = requireAllowed(allowedOrigins, request.return_url);
  const { customer_id, plan_subscription } = await db.findAccount(userId, false);
  if (!customer_id) throw new AppError("no_customer");
  const flow = await describeFlow({ stripe, catalogue }, request, plan_subscription);
  const session = await stripe.billingPortal.sessions.create({
    customer: customer_id,
    return_url,
    ...flow && {
      flow_data: { ...flow, after_completion: { type: "redirect", redirect: { return_url } } },
    },
  });
  return session.url;
}

/**
 * Returns the page that the portal opens, or null for its overview. Stripe shows what a change costs.
 * Source: https://docs.stripe.com/customer-management/portal-deep-links
 */
async function describeFlow(
  services: { stripe: Stripe; catalogue: SupabaseClient<Database> },
  { flow, price_id }: PortalRequest,
  subscription: string | null,
): Promise<FlowData | null> {
  if (!flow) return null;
  if (flow === "payment_method") return { type: "payment_method_update" };
  if (!subscription) throw new AppError("no_subscription");
  if (flow === "cancel") {
    return { type: "subscription_cancel", subscription_cancel: { subscription } };
  }
  if (!price_id) return { type: "subscription_update", subscription_update: { subscription } };
  const { plan } = await findPrice(services.catalogue, price_id);
  if (!plan) throw new AppError("price_not_found");
  const item = await findPlanItem(services, subscription);
  if (item.price.id === price_id) {
    throw new AppError("already_subscribed", { details: { portal: true } });
  }
  const items = [{ id: item.id, price: price_id, quantity: item.quantity ?? 1 }];
  return {
    type: "subscription_update_confirm",
    subscription_update_confirm: { subscription, items },
  };
}

/** Returns the item of a subscription that gives the plan. The other items, such as add-ons, stay as they are. */
async function findPlanItem(
  { stripe, catalogue }: { stripe: Stripe; catalogue: SupabaseClient<Database> },
  subscriptionId: string,
): Promise<Stripe.SubscriptionItem> {
  const subscription = await stripe.subscriptions.retrieve(subscriptionId);
  const products = subscription.items.data.map(({ price }) => idOf(price.product) ?? "");
  const query = catalogue.from("stripe_products").select("id")
    .in("id", products).not("plan", "is", null);
  const giving = new Set(unwrap(await query).map(({ id }) => id));
  const item = subscription.items.data.find(({ price }) => giving.has(idOf(price.product) ?? "")) ??
    mainItem(subscription);
  if (!item) throw new AppError("no_subscription");
  return item;
}
