import type Stripe from "stripe";

/** The result of an attempt to pay. */
export type Outcome = "succeeded" | "failed" | "requires_action";

interface TestCard {
  brand: string;
  last4: string;
  outcome: Outcome;
  declineCode?: string;
}

/** The test payment methods that can be attached to a customer (https://docs.stripe.com/testing#cards). */
const CARDS = {
  pm_card_visa: { brand: "visa", last4: "4242", outcome: "succeeded" },
  pm_card_mastercard: { brand: "mastercard", last4: "4444", outcome: "succeeded" },
  pm_card_chargeCustomerFail: {
    brand: "visa",
    last4: "0341",
    outcome: "failed",
    declineCode: "generic_decline",
  },
  pm_card_visa_chargeDeclinedInsufficientFunds: {
    brand: "visa",
    last4: "9995",
    outcome: "failed",
    declineCode: "insufficient_funds",
  },
  pm_card_authenticationRequired: {
    brand: "visa",
    last4: "3184",
    outcome: "requires_action",
  },
} as const satisfies Record<string, TestCard>;
export type CardName = keyof typeof CARDS;

/** Returns whether `id` names a test card instead of an existing payment method. */
export function isCardName(id: string): id is CardName {
  return Object.hasOwn(CARDS, id);
}

/** Returns a test card as a payment method shows it. */
export function cardOf(name: CardName): Stripe.PaymentMethod.Card {
  const { brand, last4 } = CARDS[name];
  return {
    brand,
    checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: "pass" },
    country: "US",
    display_brand: brand,
    exp_month: 12,
    exp_year: new Date().getUTCFullYear() + 3,
    fingerprint: `emulator${brand}${last4}`,
    funding: "credit",
    generated_from: null,
    last4,
    networks: { available: [brand], preferred: null },
    regulated_status: "unregulated",
    three_d_secure_usage: { supported: true },
    wallet: null,
  };
}

/** Returns the result of paying with that payment method; paying without one fails. */
export function outcomeOf(method: Stripe.PaymentMethod | null): Outcome {
  return method ? findCard(method)?.outcome ?? "succeeded" : "failed";
}

/** Returns the bank's reason for declining that payment method. */
export function declineCodeOf(method: Stripe.PaymentMethod | null): string {
  return (method && findCard(method)?.declineCode) ?? "generic_decline";
}

function findCard({ card }: Stripe.PaymentMethod): TestCard | undefined {
  const cards: readonly TestCard[] = Object.values(CARDS);
  return cards.find(({ last4 }) => last4 === card?.last4);
}
