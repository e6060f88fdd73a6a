import { findObject, idOf } from "../http/find-objects.ts";
import type { DeletedObject } from "../kinds.ts";
import { endSubscription, isOver } from "../subscriptions/subscription-status.ts";
import { remove, type Work } from "../work.ts";

/** Deletes a customer and ends all its subscriptions at once. */
export function deleteCustomer(work: Work, id: string): DeletedObject {
  findObject(work.state, "customer", id);
  for (const subscription of work.state.objects.subscription.values()) {
    if (idOf(subscription.customer) !== id || isOver(subscription)) continue;
    endSubscription(work, subscription, "cancellation_requested");
  }
  return remove(work, "customer", id, "customer.deleted");
}
