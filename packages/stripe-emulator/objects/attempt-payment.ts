import type Stripe from "stripe";
import { buildCharge } from "./build-payment.ts";
import { declineCodeOf, type Outcome, outcomeOf } from "./cards.ts";
import { findObject } from "../http/find-objects.ts";
import { settleFunds } from "./settle-funds.ts";
import { insert, update, type Work } from "../work.ts";

const DECLINED = "Your card was declined.";

/** An attempt to pay; without an outcome, the card decides. */
export interface PaymentAttempt {
  intentId: string;
  method: Stripe.PaymentMethod | null;
  outcome?: Outcome;
}

/**
 * Tries to collect a PaymentIntent. The result is a charge, unless the bank asks the customer to authenticate
 * first.
 */
export function attemptPayment(work: Work, attempt: PaymentAttempt): Stripe.PaymentIntent {
  const outcome = attempt.outcome ?? outcomeOf(attempt.method);
  if (outcome === "succeeded") return succeed(work, attempt);
  return outcome === "failed" ? fail(work, attempt) : requireAction(work, attempt);
}

function succeed(work: Work, { intentId, method }: PaymentAttempt): Stripe.PaymentIntent {
  const intent = findObject(work.state, "payment_intent", intentId);
  const charge = buildCharge(describeCharge(intent, method));
  const { id: balance_transaction } = settleFunds(work, {
    amount: charge.amount,
    currency: charge.currency,
    type: "charge",
    source: charge.id,
    description: charge.description,
  });
  insert(work, "charge", { ...charge, balance_transaction, outcome: ACCEPTED }, "charge.succeeded");
  return update(work, "payment_intent", intentId, {
    amount_received: intent.amount,
    last_payment_error: null,
    latest_charge: charge.id,
    next_action: null,
    payment_method: method?.id ?? null,
    status: "succeeded",
  }, "payment_intent.succeeded");
}

function fail(work: Work, { intentId, method }: PaymentAttempt): Stripe.PaymentIntent {
  const intent = findObject(work.state, "payment_intent", intentId);
  const decline_code = declineCodeOf(method);
  const charge = insert(work, "charge", {
    ...buildCharge(describeCharge(intent, method)),
    amount_captured: 0,
    captured: false,
    failure_code: "card_declined",
    failure_message: DECLINED,
    outcome: { ...ACCEPTED, ...refusedBecause(decline_code) },
    paid: false,
    receipt_url: null,
    status: "failed",
  }, "charge.failed");
  return update(work, "payment_intent", intentId, {
    last_payment_error: {
      charge: charge.id,
      code: "card_declined",
      decline_code,
      doc_url: "https://stripe.com/docs/error-codes/card-declined",
      message: DECLINED,
      payment_method: method ?? undefined,
      type: "card_error",
    },
    latest_charge: charge.id,
    next_action: null,
    payment_method: null,
    status: "requires_payment_method",
  }, "payment_intent.payment_failed");
}

function requireAction(work: Work, { intentId, method }: PaymentAttempt): Stripe.PaymentIntent {
  return update(work, "payment_intent", intentId, {
    next_action: { type: "use_stripe_sdk" },
    payment_method: method?.id ?? null,
    status: "requires_action",
  }, "payment_intent.requires_action");
}

function describeCharge(intent: Stripe.PaymentIntent, method: Stripe.PaymentMethod | null) {
  const { amount, currency, customer, description, metadata } = intent;
  return {
    amount,
    currency,
    customer,
    description,
    metadata,
    payment_intent: intent.id,
    payment_method: method?.id ?? null,
    payment_method_details: method?.card ? describeCard(method.card) : null,
  };
}

function describeCard(card: Stripe.PaymentMethod.Card): Stripe.Charge.PaymentMethodDetails {
  const { brand, country, exp_month, exp_year, fingerprint, funding, last4, regulated_status } =
    card;
  return {
    card: {
      amount_authorized: null,
      authorization_code: null,
      brand,
      checks: null,
      country,
      electronic_commerce_indicator: null,
      exp_month,
      exp_year,
      fingerprint,
      funding,
      installments: null,
      last4,
      mandate: null,
      network: brand,
      network_transaction_id: null,
      regulated_status,
      three_d_secure: null,
      transaction_link_id: null,
      wallet: null,
    },
    type: "card",
  };
}

const ACCEPTED: Stripe.Charge.Outcome = {
  advice_code: null,
  network_advice_code: null,
  network_decline_code: null,
  network_status: "approved_by_network",
  reason: null,
  risk_level: "normal",
  risk_score: 8,
  seller_message: "Payment complete.",
  type: "authorized",
};

function refusedBecause(reason: string): Partial<Stripe.Charge.Outcome> {
  return {
    advice_code: "try_again_later",
    network_decline_code: "01",
    network_status: "declined_by_network",
    reason,
    seller_message: "The bank did not return any further details with this decline.",
    type: "issuer_declined",
  };
}
