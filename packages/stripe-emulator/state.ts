import { type BehaviourStore, createBehaviourStore } from "@parley/emulator-kit/behaviour-store.ts";
import { createRequestLog, type RequestLog } from "@parley/emulator-kit/request-log.ts";
import type { Behaviour } from "./control/behaviour.ts";
import type { CheckoutPlan } from "./checkout/checkout-plan.ts";
import type { Delivery, EventRecord } from "./events/delivery.ts";
import { createIdempotencyStore, type IdempotencyStore } from "./http/idempotency-store.ts";
import type { DeletedObject, Kind, ObjectKinds } from "./kinds.ts";

/** All objects by kind and id, oldest first. Objects are replaced, never changed in place. */
export type Tables = { [K in Kind]: Map<string, ObjectKinds[K]> };

/** The whole state of the emulator. */
export interface EmulatorState {
  objects: Tables;
  /** The stubs that remain of deleted objects. */
  deleted: Map<string, DeletedObject>;
  /** The objects that each checkout session creates when it is completed. */
  checkoutPlans: Map<string, CheckoutPlan>;
  /** All events, oldest first. */
  events: Map<string, EventRecord>;
  delivery: Delivery;
  idempotency: IdempotencyStore;
  behaviour: BehaviourStore<Behaviour>;
  requests: RequestLog;
  /** Called after each change to what a snapshot holds. */
  changed(): void;
}

/** Creates an empty state that sends its events through `delivery` and calls `changed` after each change. */
export function createState(delivery: Delivery, changed: () => void): EmulatorState {
  return {
    objects: emptyTables(),
    deleted: new Map(),
    checkoutPlans: new Map(),
    events: new Map(),
    delivery,
    idempotency: createIdempotencyStore(),
    behaviour: createBehaviourStore<Behaviour>({}),
    requests: createRequestLog(),
    changed,
  };
}

function emptyTables(): Tables {
  return {
    customer: new Map(),
    product: new Map(),
    price: new Map(),
    subscription: new Map(),
    invoice: new Map(),
    invoice_payment: new Map(),
    payment_intent: new Map(),
    payment_method: new Map(),
    charge: new Map(),
    balance_transaction: new Map(),
    refund: new Map(),
    dispute: new Map(),
    "checkout.session": new Map(),
    coupon: new Map(),
    promotion_code: new Map(),
    discount: new Map(),
  };
}
