import { createBillingDatabase } from "../../functions/_shared/stripe/billing-database.ts";
import { findOrCreateCustomer } from "../../functions/billing/find-customer.ts";
import { createTestClient, createUser, must, stack, type TestUser } from "./stack.ts";
import { stripe } from "./stripe.ts";

/** The client with the secret key. */
export const admin = createTestClient(stack.SECRET_KEY);
/** The database as the billing function sees it. */
export const billing = createBillingDatabase(admin);

/** A user who is a customer, and may not have bought anything yet. */
export interface Payer extends TestUser {
  customerId: string;
}

/** Signs up a user and creates their customer with a valid card, as the first checkout does. */
export async function createPayer(): Promise<Payer> {
  const user = await createUser();
  const account = await billing.findAccount(user.authId, true);
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const ports = { stripe, db: billing, log, allowedOrigins: "" };
  const customerId = await findOrCreateCustomer(ports, account);
  const { id } = await stripe.paymentMethods.attach("pm_card_visa", { customer: customerId });
  await stripe.customers.update(customerId, { invoice_settings: { default_payment_method: id } });
  return { ...user, customerId };
}

/** Returns the columns of a profile that billing writes. */
export async function readProfile(user: TestUser) {
  const columns =
    "subscription_plan, subscription_quota, membership_status, role, tokens, stripe_subscription_id";
  return must(await user.client.from("profiles").select(columns).single());
}
