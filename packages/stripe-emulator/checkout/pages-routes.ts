import { Hono } from "hono";
import { html } from "hono/html";
import type Stripe from "stripe";
import { completeCheckout } from "./complete-checkout.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject } from "../http/find-objects.ts";
import { money, page } from "../http/html-page.ts";
import type { EmulatorState } from "../state.ts";
import { AUTOMATIC, doWork } from "../work.ts";

/** Returns the route of the page of a checkout, `/c/pay/:id`. */
export function pagesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/c/pay/:id", (c) => {
      const session = findObject(state, "checkout.session", c.req.param("id"));
      return c.html(checkoutPage(state, session));
    })
    .post("/c/pay/:id", (c) => {
      const id = c.req.param("id");
      const { success_url } = doWork(state, AUTOMATIC, (work) => completeCheckout(work, id));
      return c.redirect((success_url ?? "/").replaceAll("{CHECKOUT_SESSION_ID}", id), 303);
    });
}

function checkoutPage(state: EmulatorState, session: Stripe.Checkout.Session) {
  const lines = state.checkoutPlans.get(session.id)?.lineItems ?? [];
  return page(
    "Checkout",
    html`
      <ul>
        ${lines.map(({ quantity, description, amount_total, currency }) =>
          html`<li>${quantity} × ${description}: ${money(amount_total, currency)}</li>`
        )}
      </ul>
      <p>Due today: ${money(session.amount_total ?? 0, session.currency ?? "usd")}</p>
      ${session.status === "open"
        ? html`<form method="post"><button>Pay</button></form>`
        : html`<p>This session is ${session.status}.</p>`}
      ${session.cancel_url ? html`<a href="${session.cancel_url}">Back</a>` : ""}
    `,
  );
}
