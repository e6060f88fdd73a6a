import type { Kind } from "../kinds.ts";
import type { WireEvent } from "../events/wire-event.ts";

type EventType = WireEvent["type"];

/** The event that Stripe sends when an object of a kind is created; null for none. */
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
  coupon: "coupon.created",
  promotion_code: "promotion_code.created",
  discount: null,
};

/** The event that Stripe sends when an object of a kind changes; null for none. */
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
  coupon: "coupon.updated",
  promotion_code: "promotion_code.updated",
  discount: null,
};

/** The events that Stripe sends when an object reaches a status. */
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

/** Returns the events for an object that a command created. */
export function eventsOfCreation(kind: Kind, status: string | null): EventType[] {
  const created = CREATED[kind];
  const isNew = kind === "subscription" || status === "requires_payment_method";
  const reached = isNew ? [] : REACHED[`${kind}.${status}`] ?? [];
  return [...created ? [created] : [], ...reached];
}

/** Returns the events for an object that a command changed. */
export function eventsOfChange(
  kind: Kind,
  before: string | null,
  after: string | null,
): readonly EventType[] {
  const reached = before === after ? undefined : REACHED[`${kind}.${after}`];
  const updated = UPDATED[kind];
  return reached ?? (updated ? [updated] : []);
}
