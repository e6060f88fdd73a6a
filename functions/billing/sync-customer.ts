import type Stripe from "stripe";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import { fetchProduct } from "../_shared/stripe/fetch-payments.ts";
import { completeItems, mapWithArrears } from "../_shared/stripe/fetch-subscription.ts";
import { mapCustomer, mapPriceContext } from "../_shared/stripe/map-catalogue.ts";
import { idOf } from "../_shared/stripe/client.ts";
import { readRule } from "../_shared/stripe/error-table.ts";
import type { BillingPorts } from "./billing-ports.ts";
import type { StripeObject } from "../_shared/stripe/stripe-objects.ts";

const PAGE = 100;

/** Fetches a customer and all its subscriptions from Stripe, in case an event was missed, and stores them. */
export async function syncCustomer(
  { stripe, db }: { stripe: Stripe; db: BillingDatabase },
  customerId: string,
): Promise<void> {
  const ticket = await db.drawTicket();
  const [customer, listed] = await Promise.all([
    stripe.customers.retrieve(customerId),
    Array.fromAsync(
      stripe.subscriptions.list({ customer: customerId, status: "all", limit: PAGE }),
    ),
  ]);
  const subscriptions = await Promise.all(listed.map((each) => completeItems(stripe, each)));
  const [catalogue, mapped] = await Promise.all([
    fetchCatalogueOf(stripe, subscriptions),
    Promise.all(subscriptions.map((subscription) => mapWithArrears(stripe, subscription))),
  ]);
  await db.apply(null, ticket, [...catalogue, markSynced(mapCustomer(customer)), ...mapped]);
}

/** Returns the prices of subscriptions and their products. Stripe's lists cannot expand as deep as the product. */
async function fetchCatalogueOf(
  stripe: Stripe,
  subscriptions: Stripe.Subscription[],
): Promise<StripeObject[]> {
  const prices = subscriptions.flatMap(({ items }) => items.data.map(({ price }) => price));
  const productIds = new Set(
    prices.map(({ product }) => idOf(product)).filter((id) => id !== null),
  );
  const products = await Promise.all([...productIds].map((id) => fetchProduct(stripe, id)));
  return [...products, ...prices.flatMap(mapPriceContext)];
}

/**
 * Fetches the customer of a purchase, so that a missed or late event cannot let a payer pay twice. A customer that
 * Stripe has lost is marked as deleted, so that the purchase creates a new one.
 */
export async function syncBeforePurchase(
  { stripe, db, log }: BillingPorts,
  customerId: string,
): Promise<void> {
  try {
    await syncCustomer({ stripe, db }, customerId);
  } catch (error) {
    if (readRule(error)?.owner !== "customer") throw error;
    const fields = { id: customerId, is_deleted: true } as const;
    await db.apply(null, await db.drawTicket(), [{ kind: "customer", fields }]);
    log.warn("customer_lost", { customer_id: customerId });
  }
}

function markSynced(object: StripeObject): StripeObject {
  if (object.kind !== "customer" || "is_missing" in object || object.fields.is_deleted) {
    return object;
  }
  return { ...object, fields: { ...object.fields, synced_at: new Date().toISOString() } };
}
