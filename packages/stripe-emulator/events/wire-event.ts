import Stripe from "stripe";
import type { JsonObject } from "../json.ts";
import type { StripeObject } from "../kinds.ts";
import { newId } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";

type Envelope = Pick<
  Stripe.EventBase,
  "id" | "object" | "api_version" | "created" | "livemode" | "pending_webhooks" | "request"
>;

/** An event as Stripe sends it. Its object is a snapshot, because objects are replaced and never changed in place. */
export interface WireEvent extends Envelope {
  type: Stripe.Event["type"];
  data: { object: StripeObject; previous_attributes?: JsonObject };
}

/** An event that has not been sent yet. */
export interface EventDraft {
  type: WireEvent["type"];
  object: StripeObject;
  previousAttributes?: JsonObject;
}

/** Builds the event for `draft`, caused by `request`. */
export function buildEvent(draft: EventDraft, request: Stripe.Event.Request): WireEvent {
  const { type, object, previousAttributes } = draft;
  return {
    id: newId("evt"),
    object: "event",
    api_version: Stripe.API_VERSION,
    created: nowInSeconds(),
    data: previousAttributes ? { object, previous_attributes: previousAttributes } : { object },
    livemode: false,
    pending_webhooks: 1,
    request,
    type,
  };
}
