import type Stripe from "stripe";
import { idOf, isMissing } from "../_shared/stripe/client.ts";
import { createFetcher, type Fetcher } from "../_shared/stripe/create-fetcher.ts";
import type { FindKnownProducts } from "../_shared/stripe/fetch-payments.ts";
import { mapPrice, mapPriceContext, mapProduct } from "../_shared/stripe/map-catalogue.ts";
import type { StripeObject } from "../_shared/stripe/stripe-objects.ts";
import type { Target } from "../_shared/stripe/target.ts";
import { fetchCheckout } from "./fetch-checkout.ts";

/** What came of the fetch of each target. */
export type FetchedTargets = Map<Target, PromiseSettledResult<StripeObject[]>>;

/** An object of a later round may come along with one of an earlier round. */
const ROUNDS: Target["kind"][][] = [
  ["subscription", "checkout", "product", "price"],
  ["invoice"],
  ["payment_intent", "charge"],
  ["customer"],
];

/** Fetches the current state of the targets from Stripe, each object once. Throws Stripe's errors. */
export async function fetchTargets(
  stripe: Stripe,
  targets: Target[],
  findKnownProducts: FindKnownProducts,
): Promise<StripeObject[]> {
  const fetched = await fetchEach(stripe, targets, findKnownProducts);
  const failed = [...fetched.values()].find((each) => each.status === "rejected");
  if (failed) throw failed.reason;
  return collectObjects(fetched, targets);
}

/** Fetches the current state of the targets from Stripe, each object once. A failure affects its target only. */
export async function fetchEach(
  stripe: Stripe,
  targets: Target[],
  findKnownProducts: FindKnownProducts,
): Promise<FetchedTargets> {
  const fetcher = createFetcher(stripe, findKnownProducts);
  const fetched: FetchedTargets = new Map();
  for (const kinds of ROUNDS) {
    const round = targets.filter(({ kind }) => kinds.includes(kind));
    const ended = await Promise.allSettled(
      round.map((target) => fetchOrMissing(stripe, fetcher, target)),
    );
    ended.forEach((result, index) => {
      const target = round[index];
      if (target) fetched.set(target, result);
    });
  }
  return fetched;
}

/** Returns the objects that were fetched for these targets, each once. */
export function collectObjects(fetched: FetchedTargets, targets: Target[]): StripeObject[] {
  const results = targets.map((target) => fetched.get(target));
  return [
    ...new Set(results.flatMap((each) => each?.status === "fulfilled" ? each.value : [])),
  ];
}

async function fetchOrMissing(
  stripe: Stripe,
  fetcher: Fetcher,
  target: Target,
): Promise<StripeObject[]> {
  try {
    return await fetchTarget(stripe, fetcher, target);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const missing = describeMissing(target);
    if (!missing) throw error;
    return [missing];
  }
}

async function fetchTarget(
  stripe: Stripe,
  fetcher: Fetcher,
  { kind, id }: Target,
): Promise<StripeObject[]> {
  switch (kind) {
    case "product":
      return [mapProduct(await stripe.products.retrieve(id))];
    case "price":
      return await fetchPrice(stripe, id);
    case "customer":
      return await fetcher.customer(id);
    case "subscription":
      return await fetcher.subscription(id);
    case "invoice":
      return await fetcher.invoice(id);
    case "payment_intent":
      return await fetcher.payment(id);
    case "charge":
      return await fetchCharge(stripe, fetcher, id);
    case "checkout":
      return await fetchCheckout(stripe, fetcher, id);
  }
}

async function fetchPrice(stripe: Stripe, id: string): Promise<StripeObject[]> {
  const price = await stripe.prices.retrieve(id, { expand: ["product"] });
  const context = mapPriceContext(price).filter(({ kind }) => kind === "product");
  return [...context, mapPrice(price)];
}

/** Fetches the payment of a charge. A charge without a PaymentIntent is not Parley's and is left out. */
async function fetchCharge(stripe: Stripe, fetcher: Fetcher, id: string): Promise<StripeObject[]> {
  const intentId = idOf((await stripe.charges.retrieve(id)).payment_intent);
  return intentId ? await fetcher.payment(intentId) : [];
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
