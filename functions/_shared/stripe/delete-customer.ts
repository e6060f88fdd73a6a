import type Stripe from "stripe";
import { isMissing } from "./client.ts";

/** There is no key for Stripe. */
class StripeNotConfigured extends Error {
  override readonly name = "StripeNotConfigured";
}

/**
 * Deletes a customer, which cancels its subscriptions at once; one that is gone counts as deleted. Throws without Stripe.
 * Source: https://docs.stripe.com/api/customers/delete
 */
export async function deleteCustomer(stripe: Stripe | null, customerId: string): Promise<void> {
  if (!stripe) throw new StripeNotConfigured("STRIPE_SECRET_KEY is not set");
  try {
    await stripe.customers.del(customerId);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
