import { isJsonObject, type Json, type JsonObject, toJson } from "../json.ts";
import type { WireEvent } from "./wire-event.ts";

/** The last API version before billing periods moved to items and invoices got several payments. */
const OLDER_VERSION = "2024-06-20";

/**
 * Returns `event` as an endpoint pinned to an older API version receives it. Subscriptions have a period of
 * their own, and invoices name subscription and price directly
 * (https://docs.stripe.com/changelog/basil#2025-03-31.basil).
 */
export function toOlderVersion(event: WireEvent): JsonObject {
  const older = toJson({ ...event, api_version: OLDER_VERSION });
  const { data } = older;
  if (!isJsonObject(data) || !isJsonObject(data.object)) return older;
  return { ...older, data: { ...data, object: olderObject(data.object) } };
}

function olderObject(object: JsonObject): JsonObject {
  if (object.object === "subscription") return olderSubscription(object);
  if (object.object === "invoice") return olderInvoice(object);
  return object;
}

function olderSubscription(subscription: JsonObject): JsonObject {
  const items = listOf(subscription.items);
  const { current_period_start = null, current_period_end = null, plan = null, quantity = null } =
    items[0] ?? {};
  const { items: list } = subscription;
  const data = items.map(({ current_period_start: _, current_period_end: __, ...item }) => item);
  return {
    ...subscription,
    current_period_start,
    current_period_end,
    plan,
    quantity,
    items: isJsonObject(list) ? { ...list, data } : null,
  };
}

function olderInvoice({ parent, lines, ...invoice }: JsonObject): JsonObject {
  const details = isJsonObject(parent) ? parent.subscription_details : null;
  return {
    ...invoice,
    paid: invoice.status === "paid",
    subscription: isJsonObject(details) ? details.subscription ?? null : null,
    subscription_details: details ?? null,
    lines: isJsonObject(lines) ? { ...lines, data: listOf(lines).map(olderLine) } : null,
  };
}

function olderLine({ parent, pricing, ...line }: JsonObject): JsonObject {
  const details = isJsonObject(parent) ? parent.subscription_item_details : null;
  const price = isJsonObject(pricing) && isJsonObject(pricing.price_details)
    ? { object: "price", id: pricing.price_details.price ?? null, ...pricing.price_details }
    : null;
  return {
    ...line,
    type: isJsonObject(details) ? "subscription" : "invoiceitem",
    price,
    subscription_item: isJsonObject(details) ? details.subscription_item ?? null : null,
  };
}

function listOf(list: Json | undefined): JsonObject[] {
  return isJsonObject(list) && Array.isArray(list.data) ? list.data.filter(isJsonObject) : [];
}
