import type Stripe from "stripe";
import * as z from "zod";
import { admin } from "./billing.ts";
import { asPostgres, must, stack } from "./stack.ts";

const idOf = (reference: string | { id: string } | null | undefined) =>
  typeof reference === "string" ? reference : reference?.id ?? null;
const time = (seconds: number | null | undefined) =>
  typeof seconds === "number" ? new Date(seconds * 1000).toISOString() : null;
const moment = (text: string | null) => text === null ? null : new Date(text).toISOString();
const byId = (a: { id: string }, b: { id: string }) => a.id < b.id ? -1 : 1;

const plans: Record<string, string> = {
  prod_parley_pro: "pro",
  prod_parley_enterprise: "enterprise",
};
const ranks = ["free", "pro", "enterprise"];

/** The compared state of a customer, in terms that belong neither to Stripe nor to Parley's mapping. */
export interface BillingState {
  isDeleted: boolean;
  plan: string;
  subscriptions: object[];
  payments: object[];
}

interface EmulatorObjects {
  customers: Stripe.Customer[];
  subscriptions: Stripe.Subscription[];
  payment_intents: Stripe.PaymentIntent[];
  charges: Stripe.Charge[];
}

/** Returns the state of a customer as the emulator holds it. */
export async function stateAtStripe(customerId: string): Promise<BillingState> {
  const response = await fetch(new URL("/_emulator/objects", stack.STRIPE_API_URL));
  // The emulator's collections are typed in packages/stripe-emulator; here they cross HTTP.
  const objects = z.custom<EmulatorObjects>().parse(await response.json());
  const isHere = ({ customer }: { customer: string | { id: string } | null }) =>
    idOf(customer) === customerId;
  const isDeleted = !objects.customers.some(({ id }) => id === customerId);
  const subscriptions = objects.subscriptions.filter(isHere);
  return {
    isDeleted,
    plan: isDeleted ? "free" : bestPlan(subscriptions),
    subscriptions: subscriptions.map(describeSubscription).sort(byId),
    payments: objects.payment_intents.filter(isHere)
      .map((intent) => describePayment(intent, objects.charges)).sort(byId),
  };
}

function bestPlan(subscriptions: Stripe.Subscription[]): string {
  const entitled = subscriptions.filter(({ status }) =>
    ["trialing", "active", "past_due"].includes(status)
  );
  const given = entitled.map(({ items }) =>
    plans[idOf(items.data[0]?.price.product) ?? ""] ?? "free"
  );
  return given.sort((a, b) => ranks.indexOf(b) - ranks.indexOf(a))[0] ?? "free";
}

function describeSubscription(subscription: Stripe.Subscription) {
  const [item] = subscription.items.data;
  return {
    id: subscription.id,
    status: subscription.status,
    price: item?.price.id,
    from: time(item?.current_period_start),
    to: time(item?.current_period_end),
    ends: subscription.cancel_at_period_end,
    canceled: time(subscription.canceled_at),
    ended: time(subscription.ended_at),
    trial: time(subscription.trial_end),
  };
}

function describePayment(intent: Stripe.PaymentIntent, charges: Stripe.Charge[]) {
  const charge = charges.find(({ id }) => id === idOf(intent.latest_charge));
  return {
    id: intent.id,
    amount: intent.amount,
    isPaid: intent.status === "succeeded",
    refunded: charge?.amount_refunded ?? 0,
  };
}

/** Returns the state of a customer as Parley's database holds it. */
export async function stateInDatabase(
  customerId: string,
  profileId: string,
): Promise<BillingState> {
  const customer = must(
    await admin.from("stripe_customers").select("is_deleted").eq("id", customerId).single(),
  );
  const [profile] = await asPostgres<{ plan: string }>(
    "select subscription_plan as plan from profiles where id = $1",
    [profileId],
  );
  const subscriptions = must(
    await admin.from("subscriptions").select().eq("stripe_customer_id", customerId),
  );
  const payments = must(await admin.from("payments").select().eq("stripe_customer_id", customerId));
  return {
    isDeleted: customer.is_deleted,
    plan: profile?.plan ?? "",
    subscriptions: subscriptions.map((row) => ({
      id: row.stripe_subscription_id,
      status: row.status,
      price: row.stripe_price_id,
      from: moment(row.current_period_start),
      to: moment(row.current_period_end),
      ends: row.cancel_at_period_end,
      canceled: moment(row.canceled_at),
      ended: moment(row.ended_at),
      trial: moment(row.trial_end),
    })).sort(byId),
    payments: payments.filter(({ stripe_payment_intent_id }) => stripe_payment_intent_id !== null)
      .map((row) => ({
        id: row.stripe_payment_intent_id ?? "",
        amount: row.amount,
        isPaid: ["completed", "refunded", "partially_refunded"].includes(row.status),
        refunded: row.refunded_amount,
      })).sort(byId),
  };
}
