import type { EventDraft } from "./wire-event.ts";

/** The order in which `stripe listen` shows the events of a subscription that starts with a payment. */
const SIGN_UP_ORDER: readonly EventDraft["type"][] = [
  "charge.succeeded",
  "charge.failed",
  "payment_method.attached",
  "customer.created",
  "customer.updated",
  "checkout.session.completed",
  "customer.subscription.created",
  "payment_intent.created",
  "payment_intent.succeeded",
  "payment_intent.payment_failed",
  "payment_intent.requires_action",
  "invoice.created",
  "invoice.finalized",
  "invoice.paid",
  "invoice.payment_succeeded",
  "invoice.payment_failed",
  "invoice.payment_action_required",
  "invoice_payment.paid",
];

/**
 * Orders the events of one piece of work as Stripe sends them. A sign-up has an order of its own; all other
 * events stay in the order in which they happened.
 */
export function orderEvents(drafts: readonly EventDraft[]): EventDraft[] {
  const told = tellSubscriptionsOnce(drafts);
  const isSignUp = told.some(({ type }) =>
    type === "customer.subscription.created" || type === "checkout.session.completed"
  );
  return isSignUp ? told.toSorted((a, b) => rank(a) - rank(b)) : told;
}

/** Keeps one event for a subscription that is created and paid at once; it shows the final subscription. */
function tellSubscriptionsOnce(drafts: readonly EventDraft[]): EventDraft[] {
  const created = new Map<string, EventDraft>();
  const told: EventDraft[] = [];
  for (const draft of drafts) {
    const first = created.get(draft.object.id);
    if (first) {
      first.object = draft.object;
      continue;
    }
    const kept = { ...draft };
    if (draft.type === "customer.subscription.created") created.set(draft.object.id, kept);
    told.push(kept);
  }
  return told;
}

function rank({ type }: EventDraft): number {
  const index = SIGN_UP_ORDER.indexOf(type);
  return index < 0 ? SIGN_UP_ORDER.length : index;
}
