import type Stripe from "stripe";
import type { Target } from "./event-targets.ts";
import { fetchCheckout } from "./fetch-checkout.ts";
import { fetchInvoice, fetchPayment } from "../_shared/stripe/fetch-payments.ts";
import { fetchSubscription } from "../_shared/stripe/fetch-subscription.ts";
import {
  mapCustomer,
  mapPrice,
  mapPriceContext,
  mapProduct,
} from "../_shared/stripe/map-catalogue.ts";
import { idOf, isMissing } from "../_shared/stripe/client.ts";
import type { StripeObject } from "../_shared/stripe/stripe-objects.ts";

/** Fetches the current state of the targets from Stripe. Throws Stripe's errors. */
export async function fetchTargets(stripe: Stripe, targets: Target[]): Promise<StripeObject[]> {
  const fetched = await Promise.all(targets.map((target) => fetchOrMissing(stripe, target)));
  return fetched.flat();
}

async function fetchOrMissing(stripe: Stripe, target: Target): Promise<StripeObject[]> {
  try {
    return await fetchTarget(stripe, target);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const missing = describeMissing(target);
    if (!missing) throw error;
    return [missing];
  }
}

async function fetchTarget(stripe: Stripe, { kind, id }: Target): Promise<StripeObject[]> {
  switch (kind) {
    case "product":
      return [mapProduct(await stripe.products.retrieve(id))];
    case "price":
      return await fetchPrice(stripe, id);
    case "customer":
      return [mapCustomer(await stripe.customers.retrieve(id))];
    case "subscription":
      return await fetchSubscription(stripe, id);
    case "invoice":
      return await fetchInvoice(stripe, id);
    case "payment_intent":
      return await fetchPayment(stripe, id);
    case "charge":
      return await fetchCharge(stripe, id);
    case "checkout":
      return await fetchCheckout(stripe, id);
  }
}

async function fetchPrice(stripe: Stripe, id: string): Promise<StripeObject[]> {
  const price = await stripe.prices.retrieve(id, { expand: ["product"] });
  const context = mapPriceContext(price).filter(({ kind }) => kind === "product");
  return [...context, mapPrice(price)];
}

/** Fetches the payment of a charge. A charge without a PaymentIntent is not Parley's and is left out. */
async function fetchCharge(stripe: Stripe, id: string): Promise<StripeObject[]> {
  const intentId = idOf((await stripe.charges.retrieve(id)).payment_intent);
  return intentId ? await fetchPayment(stripe, intentId) : [];
}

/**
 * Describes an object that Stripe does not know: deleted if its own event says so, otherwise missing. Returns null for
 * an object that Stripe must know, so that the error stays an error.
 */
function describeMissing({ kind, id, deleted }: Target): StripeObject | null {
  switch (kind) {
    case "product":
      return deleted
        ? { kind, fields: { id, is_deleted: true, is_active: false } }
        : { kind, is_missing: true, fields: { id } };
    case "customer":
      return deleted
        ? { kind, fields: { id, is_deleted: true } }
        : { kind, is_missing: true, fields: { id } };
    case "price":
      return deleted?.product
        ? { kind, fields: { id, is_deleted: true, is_active: false, product_id: deleted.product } }
        : { kind, is_missing: true, fields: { id } };
    case "subscription":
      return deleted?.customer
        ? {
          kind,
          is_deleted: true,
          fields: { stripe_subscription_id: id, stripe_customer_id: deleted.customer },
        }
        : null;
    default:
      return null;
  }
}
