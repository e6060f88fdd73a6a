import type Stripe from "stripe";
import { isMissing } from "./client.ts";

/** The project has no key of Stripe. */
class StripeNotConfigured extends Error {
  override readonly name = "StripeNotConfigured";
}

/**
 * Deletes a customer, which cancels its subscriptions at once. A missing customer counts as deleted. Throws without a
 * key of Stripe.
 * Source: https://docs.stripe.com/api/customers/delete
 */
export async function deleteCustomer(stripe: Stripe | null, customerId: string): Promise<void> {
  await ignoreMissing(requireStripe(stripe).customers.del(customerId));
}

/** Gives a customer another address. A missing customer needs none. Throws without a key of Stripe. */
export async function replaceEmail(
  stripe: Stripe | null,
  customerId: string,
  email: string,
): Promise<void> {
  await ignoreMissing(requireStripe(stripe).customers.update(customerId, { email }));
}

function requireStripe(stripe: Stripe | null): Stripe {
  if (!stripe) throw new StripeNotConfigured("STRIPE_SECRET_KEY is not set");
  return stripe;
}

async function ignoreMissing(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
