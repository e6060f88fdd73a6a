import type Stripe from "stripe";
import { beginPeriod, periodFrom } from "./advance-subscription.ts";
import { invalid, noSuch } from "../http/api-error.ts";
import { voidInvoice } from "../invoices/bill.ts";
import { buildItem, planOf, recurringOf } from "./build-subscription.ts";
import { findObject, lookUp } from "../http/find-objects.ts";
import { mergeMetadata, type MetadataParam } from "../http/param-schemas.ts";
import { nowInSeconds } from "../periods.ts";
import { periodOf, withItems } from "./subscription-items.ts";
import { endSubscription, isOver } from "./subscription-status.ts";
import { announce, update, type Work } from "../work.ts";

/** A change to one item of a subscription; without `id`, it adds an item. */
export interface ItemChange {
  id?: string;
  price?: string;
  quantity?: number;
  deleted?: boolean;
  metadata?: MetadataParam;
}

/** A change to a subscription. */
export interface SubscriptionChange {
  items?: readonly ItemChange[];
  trialEnd?: number | "now";
  fields: Partial<Stripe.Subscription>;
}

/**
 * Changes a subscription. The end of a trial or another billing interval begins a new period with an invoice.
 * Any other change of price takes effect with the next invoice, because the emulator has no prorations.
 */
export function changeSubscription(
  work: Work,
  id: string,
  { items, trialEnd, fields }: SubscriptionChange,
): Stripe.Subscription {
  const before = findObject(work.state, "subscription", id);
  if (isOver(before) && (items || trialEnd !== undefined || !isNote(fields))) {
    throw invalid(
      "A canceled subscription can only update its cancellation_details and metadata.",
    );
  }
  const data = items ? changeItems(work, before, items) : before.items.data;
  const changed = update(work, "subscription", id, {
    ...fields,
    ...trialEnd === undefined ? {} : trialUntil(trialEnd),
    items: withItems(before, data),
  }, "customer.subscription.updated");
  const startsPeriod = trialEnd === "now" && before.status === "trialing" ||
    !isSameInterval(before.items.data, data);
  if (!startsPeriod || before.status === "incomplete" || isOver(before)) return changed;
  return restart(work, changed);
}

/** Cancels a subscription now, and voids its first invoice if that was never paid. */
export function cancelSubscription(
  work: Work,
  id: string,
  details: { comment?: string | null; feedback?: string | null } = {},
): Stripe.Subscription {
  const subscription = findObject(work.state, "subscription", id);
  if (subscription.status === "canceled") {
    throw noSuch("subscription", id);
  }
  const invoice = lookUp(work.state, "invoice", subscription.latest_invoice);
  if (subscription.status === "incomplete" && invoice?.status === "open") {
    voidInvoice(work, invoice.id);
  }
  return endSubscription(work, subscription, "cancellation_requested", details);
}

/** Makes a paused subscription active again, with a new period that begins now. */
export function resumeSubscription(work: Work, id: string): Stripe.Subscription {
  const paused = findObject(work.state, "subscription", id);
  if (paused.status !== "paused") {
    throw invalid("Only paused subscriptions can be resumed.", "subscription");
  }
  const resumed = restart(work, paused);
  announce(work, "subscription", id, "customer.subscription.resumed");
  return resumed;
}

/** Returns whether a change concerns only metadata and cancellation details. */
function isNote(fields: Partial<Stripe.Subscription>): boolean {
  return Object.keys(fields).every((key) => key === "metadata" || key === "cancellation_details");
}

function restart(work: Work, subscription: Stripe.Subscription): Stripe.Subscription {
  const now = nowInSeconds();
  const period = periodFrom(subscription, now, now);
  return beginPeriod(work, subscription, period, { reason: "subscription_update", anchor: now });
}

function trialUntil(trialEnd: number | "now"): Partial<Stripe.Subscription> {
  return trialEnd === "now"
    ? { trial_end: nowInSeconds() }
    : { trial_end: trialEnd, status: "trialing" };
}

function changeItems(
  work: Work,
  subscription: Stripe.Subscription,
  changes: readonly ItemChange[],
): Stripe.SubscriptionItem[] {
  const { data } = subscription.items;
  const changed = data.flatMap((item) => {
    const change = changes.find(({ id }) => id === item.id);
    if (!change) return [item];
    return change.deleted ? [] : [changeItem(work, item, change)];
  });
  const unknown = changes.find(({ id }) =>
    id !== undefined && !data.some((item) => item.id === id)
  );
  if (unknown) {
    throw invalid(`No such subscription_item: '${unknown.id}'`, "items", "resource_missing");
  }
  const added = changes.filter(({ id }) => id === undefined);
  const all = [...changed, ...added.map((change) => addItem(work, subscription, change))];
  recurringOf(all);
  return all;
}

function changeItem(
  { state }: Work,
  item: Stripe.SubscriptionItem,
  { price: priceId, quantity = item.quantity, metadata }: ItemChange,
): Stripe.SubscriptionItem {
  const price = priceId === undefined
    ? item.price
    : findObject(state, "price", priceId, "items[0][price]");
  return {
    ...item,
    metadata: mergeMetadata(item.metadata, metadata),
    plan: planOf(price),
    price,
    quantity,
  };
}

function addItem(
  { state }: Work,
  subscription: Stripe.Subscription,
  { price = "", quantity = 1, metadata }: ItemChange,
): Stripe.SubscriptionItem {
  const { start, end } = periodOf(subscription);
  return buildItem(subscription.id, {
    price: findObject(state, "price", price, "items[0][price]"),
    quantity,
    metadata: mergeMetadata({}, metadata),
  }, { current_period_start: start, current_period_end: end });
}

function isSameInterval(
  before: readonly Stripe.SubscriptionItem[],
  after: readonly Stripe.SubscriptionItem[],
): boolean {
  const [old, now] = [recurringOf(before), recurringOf(after)];
  return old.interval === now.interval && old.interval_count === now.interval_count;
}
