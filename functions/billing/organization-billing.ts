import type { SupabaseClient } from "@supabase/supabase-js";
import type { CheckoutRequest, PortalRequest } from "../../types/api.ts";
import type { Database } from "../../types/database.ts";
import { AppError } from "../_shared/http/errors.ts";
import { sha256Hex } from "../_shared/http/sha256.ts";
import type { OrganizationAccount } from "../_shared/stripe/billing-database.ts";
import type { BillingPorts } from "./billing-ports.ts";
import { requireAllowed } from "./check-url.ts";
import { describeOptions } from "./describe-purchase.ts";
import { expireCheckouts } from "./expire-checkouts.ts";
import { findPrice } from "./find-price.ts";
import { syncBeforePurchase } from "./sync-customer.ts";

/**
 * Opens Stripe's checkout for the seats of the caller's organization and returns its URL. The organization has one
 * subscription and one open checkout. More seats come through the portal. Throws `too_few_seats` unless every member
 * gets a seat.
 */
export async function startSeatCheckout(
  ports: BillingPorts,
  catalogue: SupabaseClient<Database>,
  userId: string,
  request: CheckoutRequest,
): Promise<string> {
  const success_url = requireAllowed(ports.allowedOrigins, request.success_url);
  const cancel_url = requireAllowed(ports.allowedOrigins, request.cancel_url);
  const stored = await ports.db.findOrganization(userId);
  const price = await findPrice(catalogue, request.price_id);
  if (!price.isRecurring || !price.plan) throw new AppError("price_without_seats");
  const account = await refresh(ports, userId, stored);
  if (account.has_plan) throw alreadySubscribed();
  const quantity = request.quantity ?? account.members;
  if (quantity < account.members) {
    throw new AppError("too_few_seats", { details: { members: account.members } });
  }
  const customer = await findOrCreateCustomer(ports, account);
  // Before and after, as for a user: see startCheckout.
  await expireCheckouts(ports.stripe, customer);
  const session = await ports.stripe.checkout.sessions.create({
    customer,
    mode: "subscription",
    line_items: [{ price: price.id, quantity }],
    metadata: { organization_id: account.organization_id, plan: price.plan },
    success_url,
    cancel_url,
    ...describeOptions(account.policy),
  });
  if (await expireCheckouts(ports.stripe, customer, session) === "paid") throw alreadySubscribed();
  if (!session.url) throw new AppError("stripe_unavailable");
  return session.url;
}

/** Reads the account again after a sync, as for a user: see startCheckout. */
async function refresh(
  ports: BillingPorts,
  userId: string,
  stored: OrganizationAccount,
): Promise<OrganizationAccount> {
  if (!stored.customer_id) return stored;
  await syncBeforePurchase(ports, stored.customer_id);
  return await ports.db.findOrganization(userId);
}

function alreadySubscribed(): AppError {
  return new AppError("organization_subscribed", { details: { portal: true } });
}

/** Opens Stripe's portal for the customer of the caller's organization and returns its URL. */
export async function openOrganizationPortal(
  { stripe, db, allowedOrigins }: BillingPorts,
  userId: string,
  request: PortalRequest,
): Promise<string> {
  const return_url = requireAllowed(allowedOrigins, request.return_url);
  const { customer_id } = await db.findOrganization(userId);
  if (!customer_id) throw new AppError("no_customer");
  const { url } = await stripe.billingPortal.sessions.create({ customer: customer_id, return_url });
  return url;
}

/** Returns the customer of an organization, and creates it at the first purchase. Concurrent purchases share one. */
async function findOrCreateCustomer(
  { stripe, db }: BillingPorts,
  { customer_id, organization_id, name, email, former_customers }: OrganizationAccount,
): Promise<string> {
  if (customer_id) return customer_id;
  const params = { name, ...(email && { email }), metadata: { organization_id } };
  // All parameters, because Stripe refuses a key that is reused with others.
  const key = await sha256Hex(JSON.stringify([params, former_customers]));
  const { id } = await stripe.customers.create(params, { idempotencyKey: `customer-${key}` });
  return await db.linkOrganizationCustomer(organization_id, id);
}
