import { Hono } from "hono";
import { html } from "hono/html";
import type Stripe from "stripe";
import { completeCheckout } from "./complete-checkout.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject } from "../http/find-objects.ts";
import type { EmulatorState } from "../state.ts";
import { AUTOMATIC, doWork } from "../work.ts";

/** Returns the routes of the customer's pages: checkout at `/c/pay/:id`, portal at `/p/session/:id`. */
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
    })
    .get("/p/session/:id", (c) => {
      const { customer = "", return_url } = c.req.query();
      return c.html(portalPage(findObject(state, "customer", customer), return_url));
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

function portalPage({ email, id }: Stripe.Customer, returnUrl?: string) {
  const back = returnUrl ? html`<a href="${returnUrl}">Back</a>` : "";
  return page("Billing", html`<p>The billing of ${email ?? id}.</p>${back}`);
}

function page(title: string, body: ReturnType<typeof html>) {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <title>${title} (Stripe emulator)</title>
      </head>
      <body>
            <h1>${title}</h1>
            ${body}
          </body>
    </html>
  `;
}

function money(cents: number, currency: string): string {
  return new Intl.NumberFormat("en", { style: "currency", currency }).format(cents / 100);
}
