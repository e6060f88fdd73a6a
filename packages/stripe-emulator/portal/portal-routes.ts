import { Hono } from "hono";
import type Stripe from "stripe";
import { invalid, noSuch } from "../http/api-error.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { parseInput } from "../http/parse-request.ts";
import { respond } from "../http/respond.ts";
import { newId, randomText } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";
import type { EmulatorState } from "../state.ts";
import { isOver } from "../subscriptions/subscription-status.ts";
import { PortalParams, showFlow, subscriptionOfFlow } from "./portal-params.ts";

/** Returns the routes of `/v1/billing_portal/sessions`. */
export function portalRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>().post("/", (c) => {
    const params = parseInput(c.var.params, PortalParams);
    findObject(state, "customer", params.customer, "customer");
    checkFlow(state, params);
    const session: Stripe.BillingPortal.Session = {
      id: newId("bps"),
      object: "billing_portal.session",
      configuration: params.configuration ?? "bpc_parley",
      created: nowInSeconds(),
      customer: params.customer,
      customer_account: null,
      flow: params.flow_data ? showFlow(params.flow_data) : null,
      livemode: false,
      locale: null,
      on_behalf_of: null,
      return_url: params.return_url ?? null,
      url: portalUrl(c.req.url, params),
    };
    return respond(state, session, params.expand);
  });
}

/** Throws Stripe's 400 unless the flow fits the customer, and its price and item fit the subscription. */
function checkFlow(state: EmulatorState, { customer, flow_data }: PortalParams): void {
  if (!flow_data || flow_data.type === "payment_method_update") return;
  const param = `flow_data[${flow_data.type}][subscription]`;
  const subscriptionId = subscriptionOfFlow(flow_data);
  if (!subscriptionId) {
    throw invalid(`Missing required param: ${param}.`, param, "parameter_missing");
  }
  const subscription = findObject(state, "subscription", subscriptionId, param);
  if (idOf(subscription.customer) !== customer) {
    throw noSuch("subscription", subscriptionId, param);
  }
  if (isOver(subscription)) {
    throw invalid(`This subscription is ${subscription.status} and cannot be updated.`, param);
  }
  for (const { id, price } of flow_data.subscription_update_confirm?.items ?? []) {
    const item = subscription.items.data.find((each) => each.id === id);
    if (!item) throw invalid(`No such subscription_item: '${id}'`, param, "resource_missing");
    if (price === undefined) continue;
    const wanted = findObject(
      state,
      "price",
      price,
      `flow_data[${flow_data.type}][items][0][price]`,
    );
    if (wanted.id === item.price.id) {
      throw invalid("There must be at least one change in the subscription update.", param);
    }
    if (wanted.currency !== subscription.currency) {
      throw invalid(
        `The price specified supports currencies of \`${wanted.currency}\`, ` +
          `but the subscription has \`${subscription.currency}\`.`,
        param,
      );
    }
  }
}

/** Returns the address of a portal page. It holds the whole session, because the emulator stores none. */
function portalUrl(requestUrl: string, { customer, return_url, flow_data }: PortalParams): string {
  const url = new URL(`/p/session/test_${randomText(24)}`, requestUrl);
  const [item] = flow_data?.subscription_update_confirm?.items ?? [];
  const query = {
    customer,
    return_url,
    flow: flow_data?.type,
    subscription: flow_data && subscriptionOfFlow(flow_data),
    item: item?.id,
    price: item?.price,
    quantity: item?.quantity?.toString(),
    then: flow_data?.after_completion?.redirect?.return_url,
  };
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}
