import { Hono } from "hono";
import type Stripe from "stripe";
import * as z from "zod";
import { ApiError } from "../http/api-error.ts";
import {
  cancelSubscription,
  changeSubscription,
  resumeSubscription,
} from "./change-subscription.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject } from "../http/find-objects.ts";
import { Expand, Flag, LIST_PARAMS, mergeMetadata, Text } from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import { addDays, nowInSeconds } from "../periods.ts";
import { scheduleCancellation } from "./schedule-cancellation.ts";
import type { EmulatorState } from "../state.ts";
import { subscribe } from "./subscribe.ts";
import {
  CancellationDetails,
  isListed,
  NewSubscriptionParams,
  subscriptionFields,
  SubscriptionListParams,
  SubscriptionParams,
} from "./subscription-params.ts";
import type { Work } from "../work.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const CancelParams = z.strictObject({
  cancellation_details: CancellationDetails.optional(),
  invoice_now: Flag.optional(),
  prorate: Flag.optional(),
  expand: Expand,
});

const ResumeParams = z.strictObject({
  billing_cycle_anchor: z.enum(["now", "unchanged"]).optional(),
  proration_behavior: Text.optional(),
  expand: Expand,
});

const MISSING = { code: "resource_missing", param: "id" };

const ItemListParams = z.strictObject({ ...LIST_PARAMS, subscription: Text });

/** `/v1/subscriptions`. */
export function subscriptionsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const params = parseInput(c.var.params, NewSubscriptionParams);
      return respondToWork(c, state, params.expand, (work) => startSubscription(work, params));
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, SubscriptionListParams);
      const all = [...state.objects.subscription.values()];
      const listed = all.filter((subscription) => isListed(subscription, params));
      return respondPage(c, state, listed, params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "subscription", c.req.param("id"))))
    .post("/:id", (c) => {
      const params = parseInput(c.var.params, SubscriptionParams);
      const id = c.req.param("id");
      return respondToWork(c, state, params.expand, (work) => changeFrom(work, id, params));
    })
    .delete("/:id", (c) => {
      const { expand, cancellation_details } = parseInput(c.var.params, CancelParams);
      const id = c.req.param("id");
      return respondToWork(
        c,
        state,
        expand,
        (work) => cancelSubscription(work, id, cancellation_details),
      );
    })
    .post("/:id/resume", (c) => {
      const { expand } = parseInput(c.var.params, ResumeParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => resumeSubscription(work, id));
    });
}

/** `/v1/subscription_items`, to read. */
export function subscriptionItemsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  const allItems = () =>
    [...state.objects.subscription.values()].flatMap(({ items }) => items.data);
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, ItemListParams);
      const { items } = findObject(state, "subscription", params.subscription, "subscription");
      return respondPage(c, state, items.data, params);
    })
    .get("/:id", (c) => {
      const id = c.req.param("id");
      const item = allItems().find((item) => item.id === id);
      if (!item) throw new ApiError(404, `No such subscription_item: '${id}'`, MISSING);
      return respondWith(c, state, item);
    });
}

function startSubscription(work: Work, params: NewSubscriptionParams): Stripe.Subscription {
  const { customer, items, metadata, payment_behavior, trial_end, trial_period_days } = params;
  checkPaymentMethod(work, params);
  return subscribe(work, {
    customerId: findObject(work.state, "customer", customer, "customer").id,
    items: items.map((item, index) => ({
      price: findObject(work.state, "price", item.price, `items[${index}][price]`),
      quantity: item.quantity,
      metadata: mergeMetadata({}, item.metadata),
    })),
    trialEnd: endOfTrial(trial_end, trial_period_days),
    fields: { ...subscriptionFields(params), metadata: mergeMetadata({}, metadata) },
  }, { behavior: payment_behavior });
}

function changeFrom(work: Work, id: string, params: SubscriptionParams): Stripe.Subscription {
  const before = findObject(work.state, "subscription", id);
  const { items, trial_end, metadata, pause_collection } = params;
  checkPaymentMethod(work, params);
  return changeSubscription(work, id, {
    items,
    trialEnd: trial_end,
    fields: {
      ...subscriptionFields(params),
      ...scheduleCancellation(before, params),
      ...pause_collection !== undefined && { pause_collection },
      metadata: mergeMetadata(before.metadata, metadata),
    },
  });
}

function checkPaymentMethod({ state }: Work, params: SubscriptionParams | NewSubscriptionParams) {
  const { default_payment_method: id } = params;
  if (id !== undefined) findObject(state, "payment_method", id, "default_payment_method");
}

function endOfTrial(trialEnd: number | "now" | undefined, days = 0): number | null {
  if (typeof trialEnd === "number") return trialEnd;
  return trialEnd === undefined && days > 0 ? addDays(nowInSeconds(), days) : null;
}
