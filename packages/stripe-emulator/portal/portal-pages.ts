import { Hono } from "hono";
import { html } from "hono/html";
import type Stripe from "stripe";
import * as z from "zod";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { money, page } from "../http/html-page.ts";
import { parseInput } from "../http/parse-request.ts";
import { attachPaymentMethod } from "../objects/attach-payment-method.ts";
import { buildPaymentMethod } from "../objects/build-payment.ts";
import type { EmulatorState } from "../state.ts";
import { changeSubscription } from "../subscriptions/change-subscription.ts";
import { scheduleCancellation } from "../subscriptions/schedule-cancellation.ts";
import { isOver } from "../subscriptions/subscription-status.ts";
import { AUTOMATIC, doWork, update, type Work } from "../work.ts";

/** The address of a portal page, and what its forms send. */
const PageParams = z.looseObject({
  customer: z.string(),
  return_url: z.string().optional(),
  flow: z.enum([
    "payment_method_update",
    "subscription_cancel",
    "subscription_update",
    "subscription_update_confirm",
  ]).optional(),
  subscription: z.string().default(""),
  item: z.string().optional(),
  price: z.string().optional(),
  quantity: z.coerce.number().optional(),
  /** Where the customer goes when the flow is completed. */
  then: z.string().optional(),
});
type PageParams = z.infer<typeof PageParams>;
type Flow = NonNullable<PageParams["flow"]>;

/** Returns the routes of the portal's page, `/p/session/:id`. Its forms change the objects as Stripe's portal does. */
export function portalPages(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/p/session/:id", (c) => {
      const params = parseInput(c.var.params, PageParams);
      const customer = findObject(state, "customer", params.customer);
      return c.html(portalPage(state, customer, params));
    })
    .post("/p/session/:id", (c) => {
      const params = parseInput(c.var.params, PageParams);
      findObject(state, "customer", params.customer);
      doWork(state, AUTOMATIC, (work) => carryOut(work, params));
      return c.redirect(params.then ?? params.return_url ?? "/", 303);
    });
}

function carryOut(work: Work, params: PageParams): void {
  if (params.flow === "payment_method_update") return changeCard(work, params.customer);
  const subscription = findObject(work.state, "subscription", params.subscription);
  if (params.flow === "subscription_cancel") {
    const fields = scheduleCancellation(subscription, { cancel_at_period_end: true });
    changeSubscription(work, subscription.id, { fields });
    return;
  }
  const [first] = subscription.items.data;
  const { item = first?.id, price, quantity } = params;
  changeSubscription(work, subscription.id, { items: [{ id: item, price, quantity }], fields: {} });
}

function changeCard(work: Work, customerId: string): void {
  const { invoice_settings } = findObject(work.state, "customer", customerId);
  const method = attachPaymentMethod(work, buildPaymentMethod("pm_card_visa"), customerId);
  update(work, "customer", customerId, {
    invoice_settings: { ...invoice_settings, default_payment_method: method.id },
  }, "customer.updated");
}

function portalPage(state: EmulatorState, customer: Stripe.Customer, params: PageParams) {
  const { flow, return_url } = params;
  const subscriptions = [...state.objects.subscription.values()].filter((each) =>
    idOf(each.customer) === customer.id && !isOver(each)
  );
  return page(
    "Billing",
    html`
      <p>The billing of ${customer.email ?? customer.id}.</p>
      ${flow ? flowForm(state, flow, params) : subscriptions.map((each) =>
        html`
          <h2>${each.items.data.map(({ price }) => price.nickname ?? price.id).join(", ")}</h2>
          ${flowForm(state, "subscription_update", { ...params, subscription: each.id })}
          ${flowForm(state, "subscription_cancel", { ...params, subscription: each.id })}
        `
      )}
      ${flow ? "" : flowForm(state, "payment_method_update", params)}
      ${return_url ? html`<a href="${return_url}">Back</a>` : ""}
    `,
  );
}

function flowForm(state: EmulatorState, flow: Flow, { subscription, price }: PageParams) {
  const hidden = html`
    <input type="hidden" name="flow" value="${flow}">
    <input type="hidden" name="subscription" value="${subscription}">
  `;
  switch (flow) {
    case "payment_method_update":
      return html`<form method="post">${hidden}<button>Add a card</button></form>`;
    case "subscription_cancel":
      return html`<form method="post">${hidden}<button>Cancel subscription</button></form>`;
    case "subscription_update_confirm":
      return html`<form method="post"><p>Change to ${price}.</p><button>Confirm</button></form>`;
    case "subscription_update": {
      const { currency } = findObject(state, "subscription", subscription);
      const choices = [...state.objects.price.values()].filter((each) =>
        each.active && each.recurring && each.currency === currency
      );
      return html`<form method="post">${hidden}${
        choices.map((each) =>
          html`<label><input type="radio" name="price" value="${each.id}">
          ${each.nickname ?? each.id}: ${money(each.unit_amount ?? 0, each.currency)}</label>`
        )
      }<button>Change subscription</button></form>`;
    }
  }
}
