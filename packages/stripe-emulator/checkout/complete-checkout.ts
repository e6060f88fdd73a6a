import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { redeem } from "../objects/discounts.ts";
import { attachPaymentMethod } from "../objects/attach-payment-method.ts";
import { buildCustomer } from "../objects/build-customer.ts";
import { buildPaymentMethod } from "../objects/build-payment.ts";
import { chargeCheckout, declineCheckout, invoiceCheckout } from "./checkout-payments.ts";
import { Choices, choose, type Chosen } from "./choose.ts";
import { findObject, idOf, lookUp } from "../http/find-objects.ts";
import { addDays, nowInSeconds } from "../periods.ts";
import { subscribe } from "../subscriptions/subscribe.ts";
import { insert, update, type Work } from "../work.ts";

type Session = Stripe.Checkout.Session;

/**
 * Completes a checkout session as its customer does on the checkout page. A declined card leaves the session
 * open and creates only a failed PaymentIntent. A valid card creates the customer, the subscription or
 * payment, and the invoice.
 */
export function completeCheckout(
  work: Work,
  id: string,
  payment: "succeeded" | "failed" = "succeeded",
  choices: Choices = Choices.parse({}),
): Session {
  const session = findObject(work.state, "checkout.session", id);
  const plan = work.state.checkoutPlans.get(id);
  if (session.status !== "open" || !plan) {
    throw invalid(`This Checkout Session is ${session.status} and cannot be completed.`);
  }
  if (payment === "failed") {
    declineCheckout(work, session, plan);
    return session;
  }
  const chosen = choose(work.state, session, plan, choices);
  // The page shows them before the customer pays.
  const shown = update(work, "checkout.session", id, chosen.fields);
  return session.mode === "subscription"
    ? startSubscription(work, shown, chosen)
    : takePayment(work, shown, chosen);
}

/** Expires an open session. */
export function expireCheckout(work: Work, id: string): Session {
  const session = findObject(work.state, "checkout.session", id);
  if (session.status !== "open") {
    throw invalid('Only Checkout Sessions with a status in ["open"] can be expired.');
  }
  return update(
    work,
    "checkout.session",
    id,
    { expires_at: nowInSeconds(), status: "expired", url: null },
    "checkout.session.expired",
  );
}

function startSubscription(work: Work, session: Session, { plan, redemption }: Chosen): Session {
  const customer = lookUp(work.state, "customer", session.customer) ??
    createCustomer(work, session);
  // A trial may begin without a card.
  const needsCard = session.payment_method_collection !== "if_required" ||
    session.amount_total !== 0;
  const method = needsCard
    ? attachPaymentMethod(work, buildPaymentMethod("pm_card_visa"), customer.id)
    : null;
  const discount = redemption && redeem(work, redemption, {
    customer: customer.id,
    checkout_session: session.id,
  });
  const subscription = subscribe(work, {
    customerId: customer.id,
    fromCheckout: true,
    items: plan.lineItems.flatMap(({ price, quantity }) =>
      price?.recurring ? [{ price, quantity: quantity ?? 1 }] : []
    ),
    trialEnd: plan.trialDays > 0 ? addDays(nowInSeconds(), plan.trialDays) : null,
    fields: {
      ...plan.subscription,
      default_payment_method: method?.id ?? null,
      discounts: discount ? [discount.id] : [],
      ...plan.taxed && {
        automatic_tax: { disabled_reason: null, enabled: true, liability: { type: "self" } },
      },
    },
  }, { behavior: "allow_incomplete", outcome: "succeeded" });
  return finish(work, session, customer, {
    invoice: idOf(subscription.latest_invoice),
    payment_status: plan.trialDays > 0 ? "no_payment_required" : "paid",
    subscription: subscription.id,
  });
}

function takePayment(work: Work, session: Session, chosen: Chosen): Session {
  const { plan, redemption } = chosen;
  const wantsCustomer = session.customer_creation === "always" || plan.invoiceMetadata !== null;
  const customer = lookUp(work.state, "customer", session.customer) ??
    (wantsCustomer ? createCustomer(work, session) : null);
  const paid = customer && plan.invoiceMetadata
    ? invoiceCheckout(work, customer, plan, {
      metadata: plan.invoiceMetadata,
      taxed: plan.taxed,
      discount: redemption
        ? {
          id: redeem(work, redemption, { customer: customer.id, checkout_session: session.id }).id,
          coupon: redemption.coupon,
        }
        : undefined,
    })
    : chargeCheckout(work, session, customer, plan);
  return finish(work, session, customer, { ...paid, payment_status: "paid" });
}

function createCustomer(work: Work, { customer_email }: Session): Stripe.Customer {
  return insert(work, "customer", buildCustomer({ email: customer_email }), "customer.created");
}

function finish(
  work: Work,
  session: Session,
  customer: Stripe.Customer | null,
  fields: Partial<Session>,
): Session {
  return update(work, "checkout.session", session.id, {
    ...fields,
    customer: customer?.id ?? null,
    customer_details: session.customer_details && {
      ...session.customer_details,
      email: customer?.email ?? session.customer_email ?? "guest@example.com",
      name: customer?.name ?? null,
    },
    status: "complete",
    url: null,
  }, "checkout.session.completed");
}
