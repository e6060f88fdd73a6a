import { written } from "@parley/emulator-kit/snapshot-file.ts";
import type Stripe from "stripe";
import * as z from "zod";
import type { CheckoutPlan } from "./checkout/checkout-plan.ts";
import type { EventRecord } from "./events/delivery.ts";
import type { IdempotentRequest } from "./http/idempotency-store.ts";
import { type DeletedObject, isKind, type Kind, type ObjectKinds } from "./kinds.ts";
import type { EmulatorState } from "./state.ts";

const VERSION = 1;

/**
 * The state that survives a restart: objects, events and idempotent requests with their replies. Decimals are
 * strings.
 */
export const Snapshot = z.object({
  version: z.literal(VERSION),
  objects: z.object({
    customer: listOf<Stripe.Customer>(),
    product: listOf<Stripe.Product>(),
    price: listOf<Stripe.Price>(),
    subscription: listOf<Stripe.Subscription>(),
    invoice: listOf<Stripe.Invoice>(),
    invoice_payment: listOf<Stripe.InvoicePayment>(),
    payment_intent: listOf<Stripe.PaymentIntent>(),
    payment_method: listOf<Stripe.PaymentMethod>(),
    charge: listOf<Stripe.Charge>(),
    balance_transaction: listOf<Stripe.BalanceTransaction>(),
    refund: listOf<Stripe.Refund>(),
    dispute: listOf<Stripe.Dispute>(),
    "checkout.session": listOf<Stripe.Checkout.Session>(),
    coupon: listOf<Stripe.Coupon>().default([]),
    promotion_code: listOf<Stripe.PromotionCode>().default([]),
    discount: listOf<Stripe.Discount>().default([]),
  }),
  deleted: listOf<DeletedObject>(),
  checkoutPlans: z.array(z.tuple([z.string(), z.custom<CheckoutPlan>()])),
  events: z.array(z.custom<EventRecord>()),
  idempotency: z.array(z.custom<IdempotentRequest>()),
});
export type Snapshot = z.infer<typeof Snapshot>;

/**
 * Returns the current content of `state`. It shares objects with the state, so write it out before anything
 * changes.
 */
export function takeSnapshot(state: EmulatorState): Snapshot {
  const { objects } = state;
  return {
    version: VERSION,
    objects: {
      customer: [...objects.customer.values()],
      product: [...objects.product.values()],
      price: [...objects.price.values()],
      subscription: [...objects.subscription.values()],
      invoice: [...objects.invoice.values()],
      invoice_payment: [...objects.invoice_payment.values()],
      payment_intent: [...objects.payment_intent.values()],
      payment_method: [...objects.payment_method.values()],
      charge: [...objects.charge.values()],
      balance_transaction: [...objects.balance_transaction.values()],
      refund: [...objects.refund.values()],
      dispute: [...objects.dispute.values()],
      "checkout.session": [...objects["checkout.session"].values()],
      coupon: [...objects.coupon.values()],
      promotion_code: [...objects.promotion_code.values()],
      discount: [...objects.discount.values()],
    },
    deleted: [...state.deleted.values()],
    checkoutPlans: [...state.checkoutPlans],
    events: [...state.events.values()],
    idempotency: state.idempotency.list(),
  };
}

/** Restores a snapshot into an empty state. Deliveries that were pending start again. */
export function restoreSnapshot(state: EmulatorState, snapshot: Snapshot): void {
  for (const kind of Object.keys(state.objects).filter(isKind)) {
    restoreTable(state, kind, snapshot.objects);
  }
  for (const stub of snapshot.deleted) state.deleted.set(stub.id, stub);
  for (const [id, plan] of snapshot.checkoutPlans) state.checkoutPlans.set(id, plan);
  for (const request of snapshot.idempotency) state.idempotency.add(request);
  for (const record of snapshot.events) {
    state.events.set(record.event.id, record);
    if (record.state === "pending") state.delivery.take(record);
  }
}

function restoreTable<K extends Kind>(
  { objects }: EmulatorState,
  kind: K,
  saved: { [Each in Kind]: ObjectKinds[Each][] },
): void {
  for (const object of saved[kind]) objects[kind].set(object.id, object);
}

function listOf<Type extends { id: string }>() {
  return z.array(written<Type>());
}
