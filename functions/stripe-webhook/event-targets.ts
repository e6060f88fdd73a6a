import * as z from "zod";
import type { Target } from "../_shared/stripe/target.ts";

const Reference = z.union([z.string(), z.object({ id: z.string() }).transform(({ id }) => id)])
  .nullish();

/** Only ids are read from a payload, because they are the same in every API version. */
const Payload = z.object({
  id: z.string().optional(),
  customer: Reference,
  product: Reference,
  invoice: Reference,
  charge: Reference,
  payment_intent: Reference,
  subscription: Reference,
  released_subscription: Reference,
});
type Payload = z.infer<typeof Payload>;

type Read = (payload: Payload) => (Target | null)[];

const itself = (kind: Target["kind"]): Read => ({ id }) => [target(kind, id)];
const payment: Read = ({ payment_intent, charge }) => [
  target("payment_intent", payment_intent) ?? target("charge", charge),
];

/** The objects that each type of event is about. Events of other types are ignored. */
const rules: [types: RegExp, read: Read][] = [
  [/^product\.(created|updated)$/, itself("product")],
  [/^price\.(created|updated)$/, itself("price")],
  [/^customer\.(created|updated)$/, itself("customer")],
  [/^(product|price|customer)\.deleted$/, () => []],
  [/^customer\.subscription\./, itself("subscription")],
  [/^subscription_schedule\./, ({ subscription, released_subscription }) => [
    target("subscription", subscription ?? released_subscription),
  ]],
  [
    /^invoice\.(created|finalized|updated|paid|overpaid|payment_\w+|voided|marked_uncollectible)$/,
    itself("invoice"),
  ],
  [/^invoice_payment\./, ({ invoice }) => [target("invoice", invoice)]],
  [/^payment_intent\./, itself("payment_intent")],
  [/^charge\.(succeeded|failed|pending|captured|expired|updated|refunded)$/, payment],
  [/^(refund\.\w+|charge\.refund\.updated|charge\.dispute\.\w+)$/, payment],
  [
    /^checkout\.session\.(completed|async_payment_succeeded|async_payment_failed)$/,
    itself("checkout"),
  ],
];

/** Returns the objects that an event is about; null for a type that Parley ignores. */
export function readTargets(type: string, object: unknown): Target[] | null {
  const rule = rules.find(([types]) => types.test(type));
  const parsed = Payload.safeParse(object);
  if (!rule || !parsed.success) return null;
  const payload = parsed.data;
  const targets = rule[1](payload).filter((each) => each !== null);
  return type.endsWith(".deleted") ? readDeletion(type, payload) : targets;
}

/**
 * Returns the customer that an event names, or the id of the object that it is about. The events of a payer are applied
 * together, and those of a price with those of its product.
 */
export function readPayer(type: string, object: unknown, eventId: string): string {
  const payload = Payload.safeParse(object).data;
  const isCustomer = /^customer\.(created|updated|deleted)$/.test(type);
  const named = isCustomer ? payload?.id : payload?.customer ?? payload?.product;
  return named ?? readTargets(type, object)?.[0]?.id ?? eventId;
}

function readDeletion(type: string, { id, customer, product }: Payload): Target[] {
  const kind = type === "customer.subscription.deleted" ? "subscription" : type.split(".")[0];
  if (!id || !isDeletable(kind)) return [];
  return [{
    kind,
    id,
    deleted: { customer: customer ?? undefined, product: product ?? undefined },
  }];
}

function isDeletable(
  kind: string | undefined,
): kind is "product" | "price" | "customer" | "subscription" {
  return kind === "product" || kind === "price" || kind === "customer" || kind === "subscription";
}

function target(kind: Target["kind"], id: string | null | undefined): Target | null {
  return id ? { kind, id } : null;
}
