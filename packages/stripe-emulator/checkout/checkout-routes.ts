import { Hono } from "hono";
import type Stripe from "stripe";
import { z } from "zod";
import { CheckoutParams } from "./checkout-params.ts";
import { expireCheckout } from "./complete-checkout.ts";
import { createCheckout } from "./create-checkout.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { newId, randomText } from "../new-id.ts";
import { Expand, isWithin, LIST_PARAMS, Text, TimeFilter } from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import { nowInSeconds } from "../periods.ts";
import type { EmulatorState } from "../state.ts";
import { respond, respondPage, respondToWork, respondWith } from "../http/respond.ts";

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

const PortalParams = z.strictObject({
  configuration: Text.optional(),
  customer: Text,
  locale: Text.optional(),
  return_url: Text.optional(),
  expand: Expand,
});

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

/** Returns the routes of `/v1/billing_portal/sessions`. */
export function portalRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>().post("/", (c) => {
    const params = parseInput(c.var.params, PortalParams);
    findObject(state, "customer", params.customer, "customer");
    const session: Stripe.BillingPortal.Session = {
      id: newId("bps"),
      object: "billing_portal.session",
      configuration: params.configuration ?? "bpc_parley",
      created: nowInSeconds(),
      customer: params.customer,
      customer_account: null,
      flow: null,
      livemode: false,
      locale: null,
      on_behalf_of: null,
      return_url: params.return_url ?? null,
      url: portalUrl(c.req.url, params),
    };
    return respond(state, session, params.expand);
  });
}

/**
 * Returns the address of a portal page. It holds the customer and the return address, because the emulator
 * stores no portal session.
 */
function portalUrl(requestUrl: string, { customer, return_url }: z.infer<typeof PortalParams>) {
  const url = new URL(`/p/session/test_${randomText(24)}`, requestUrl);
  url.searchParams.set("customer", customer);
  if (return_url !== undefined) url.searchParams.set("return_url", return_url);
  return url.href;
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
