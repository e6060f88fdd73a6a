import type { Kind } from "../kinds.ts";
import type { WireEvent } from "../events/wire-event.ts";

type EventType = WireEvent["type"];

/** What Stripe sends when an object of that kind appears; null for nothing. */
const CREATED: Record<Kind, EventType | null> = {
  customer: "customer.created",
  product: "product.created",
  price: "price.created",
  subscription: "customer.subscription.created",
  invoice: "invoice.created",
  invoice_payment: null,
  payment_intent: "payment_intent.created",
  payment_method: "payment_method.attached",
  charge: null,
  balance_transaction: null,
  refund: "refund.created",
  dispute: "charge.dispute.created",
  "checkout.session": null,
};

/** What Stripe sends when an object of that kind changes; null for nothing. */
const UPDATED: Record<Kind, EventType | null> = {
  customer: "customer.updated",
  product: "product.updated",
  price: "price.updated",
  subscription: "customer.subscription.updated",
  invoice: "invoice.updated",
  invoice_payment: null,
  payment_intent: null,
  payment_method: "payment_method.updated",
  charge: "charge.updated",
  balance_transaction: null,
  refund: "refund.updated",
  dispute: "charge.dispute.updated",
  "checkout.session": null,
};

/** What Stripe sends when an object gets to that status. */
const REACHED: Record<string, readonly EventType[]> = {
  "subscription.canceled": ["customer.subscription.deleted"],
  "subscription.paused": ["customer.subscription.paused"],
  "invoice.open": ["invoice.finalized"],
  "invoice.paid": ["invoice.paid", "invoice.payment_succeeded"],
  "invoice.uncollectible": ["invoice.marked_uncollectible"],
  "invoice.void": ["invoice.voided"],
  "invoice_payment.paid": ["invoice_payment.paid"],
  "payment_intent.canceled": ["payment_intent.canceled"],
  "payment_intent.processing": ["payment_intent.processing"],
  "payment_intent.requires_action": ["payment_intent.requires_action"],
  "payment_intent.requires_payment_method": ["payment_intent.payment_failed"],
  "payment_intent.succeeded": ["payment_intent.succeeded"],
  "charge.failed": ["charge.failed"],
  "charge.succeeded": ["charge.succeeded"],
  "refund.failed": ["refund.failed"],
  "dispute.lost": ["charge.dispute.closed"],
  "dispute.won": ["charge.dispute.closed"],
  "checkout.session.complete": ["checkout.session.completed"],
  "checkout.session.expired": ["checkout.session.expired"],
};

/** The events of an object that a command has made. */
export function eventsOfCreation(kind: Kind, status: string | null): EventType[] {
  const created = CREATED[kind];
  const isNew = kind === "subscription" || status === "requires_payment_method";
  const reached = isNew ? [] : REACHED[`${kind}.${status}`] ?? [];
  return [...created ? [created] : [], ...reached];
}

/** The events of an object that a command has changed. */
export function eventsOfChange(
  kind: Kind,
  before: string | null,
  after: string | null,
): readonly EventType[] {
  const reached = before === after ? undefined : REACHED[`${kind}.${after}`];
  const updated = UPDATED[kind];
  return reached ?? (updated ? [updated] : []);
}
