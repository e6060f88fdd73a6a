import { Hono } from "hono";
import type Stripe from "stripe";
import * as z from "zod";
import { CheckoutParams } from "./checkout-params.ts";
import { expireCheckout } from "./complete-checkout.ts";
import { createCheckout } from "./create-checkout.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { Expand, isWithin, LIST_PARAMS, Text, TimeFilter } from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import type { EmulatorState } from "../state.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const SessionListParams = z.strictObject({
  ...LIST_PARAMS,
  created: TimeFilter.optional(),
  customer: Text.optional(),
  payment_intent: Text.optional(),
  status: z.enum(["complete", "expired", "open"]).optional(),
  subscription: Text.optional(),
});
const ExpireParams = z.strictObject({ expand: Expand });
const LineItemParams = z.strictObject(LIST_PARAMS);

/** Returns the routes of `/v1/checkout/sessions`. */
export function checkoutRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const params = parseInput(c.var.params, CheckoutParams);
      const { origin } = new URL(c.req.url);
      return respondToWork(c, state, params.expand, (work) => createCheckout(work, params, origin));
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, SessionListParams);
      const sessions = [...state.objects["checkout.session"].values()];
      return respondPage(c, state, sessions.filter((session) => matches(session, params)), params);
    })
    .get(
      "/:id",
      (c) => respondWith(c, state, findObject(state, "checkout.session", c.req.param("id"))),
    )
    .get("/:id/line_items", (c) => {
      const { id } = findObject(state, "checkout.session", c.req.param("id"));
      const params = parseInput(c.var.params, LineItemParams);
      const lines = state.checkoutPlans.get(id)?.lineItems ?? [];
      return respondPage(c, state, lines.toReversed(), params);
    })
    .post("/:id/expire", (c) => {
      const { expand } = parseInput(c.var.params, ExpireParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => expireCheckout(work, id));
    });
}

function matches(
  session: Stripe.Checkout.Session,
  params: z.infer<typeof SessionListParams>,
): boolean {
  const { customer, payment_intent, status, subscription } = params;
  return isWithin(session.created, params.created) &&
    (status ?? session.status) === session.status &&
    (customer ?? idOf(session.customer)) === idOf(session.customer) &&
    (payment_intent ?? idOf(session.payment_intent)) === idOf(session.payment_intent) &&
    (subscription ?? idOf(session.subscription)) === idOf(session.subscription);
}
