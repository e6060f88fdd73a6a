import { sha256Hex } from "../_shared/http/sha256.ts";
import type { BillingAccount } from "../_shared/stripe/billing-database.ts";
import type { BillingPorts } from "./billing-ports.ts";

/**
 * Returns the customer of a profile, and creates it at the first purchase. Concurrent purchases share one customer:
 * their idempotency key is the same, and the database links only one.
 */
export async function findOrCreateCustomer(
  { stripe, db }: BillingPorts,
  account: BillingAccount,
): Promise<string> {
  if (account.customer_id) return account.customer_id;
  const params = {
    ...(account.email && { email: account.email }),
    metadata: { profile_id: account.profile_id },
  };
  const { id } = await stripe.customers.create(params, {
    idempotencyKey: await customerKey(account),
  });
  return await db.linkCustomer(account.profile_id, id);
}

/** Builds the key from all parameters, because Stripe refuses a key that is reused with other parameters. */
async function customerKey({ profile_id, email, former_customers }: BillingAccount) {
  const text = JSON.stringify([profile_id, email, former_customers]);
  return `customer-${await sha256Hex(text)}`;
}
