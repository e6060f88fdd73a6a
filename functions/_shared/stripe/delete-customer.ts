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
  if (!stripe) throw new StripeNotConfigured("STRIPE_SECRET_KEY is not set");
  try {
    await stripe.customers.del(customerId);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
