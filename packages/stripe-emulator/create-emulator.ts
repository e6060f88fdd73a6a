import { Hono } from "hono";
import { ApiError, toErrorResponse } from "./http/api-error.ts";
import { createDelivery } from "./events/delivery.ts";
import type { EmulatorEnv } from "./http/emulator-env.ts";
import { honourIdempotencyKeys } from "./http/idempotency.ts";
import {
  delayOnCommand,
  failOnCommand,
  limitOnCommand,
  nameRequest,
  recordRequest,
  requireKey,
  requireVersion,
} from "./http/middleware.ts";
import type { WebhookEndpoint } from "./events/post-event.ts";
import { pricesRoutes, productsRoutes } from "./objects/catalogue-routes.ts";
import { checkoutRoutes } from "./checkout/checkout-routes.ts";
import { controlRoutes } from "./control/control-routes.ts";
import { customersRoutes } from "./objects/customers-routes.ts";
import { couponsRoutes, promotionCodesRoutes } from "./objects/discounts-routes.ts";
import { eventsRoutes } from "./events/events-routes.ts";
import { invoicePaymentsRoutes, invoicesRoutes } from "./invoices/invoices-routes.ts";
import { pagesRoutes } from "./checkout/pages-routes.ts";
import { portalPages } from "./portal/portal-pages.ts";
import { portalRoutes } from "./portal/portal-routes.ts";
import {
  balanceTransactionsRoutes,
  chargesRoutes,
  paymentIntentsRoutes,
  paymentMethodsRoutes,
} from "./objects/payments-routes.ts";
import { disputesRoutes, refundsRoutes } from "./objects/reversals-routes.ts";
import {
  subscriptionItemsRoutes,
  subscriptionsRoutes,
} from "./subscriptions/subscriptions-routes.ts";
import { seedCatalogue } from "./seed-catalogue.ts";
import { restoreSnapshot, type Snapshot, takeSnapshot } from "./snapshot.ts";
import { createState, type EmulatorState } from "./state.ts";

/** Options of an emulator; by default it starts with Parley's catalogue and sends no events. */
export interface EmulatorOptions {
  /** The state of an earlier emulator, including its catalogue. */
  snapshot?: Snapshot;
  /** The endpoint that receives events. */
  webhook?: WebhookEndpoint;
  /** The waits between attempts to deliver an event, in milliseconds. */
  retryDelaysMs?: readonly number[];
  /** Called after each change to the state that a snapshot holds. */
  onChange?: () => void;
}

/** An emulator that keeps its state in memory. */
export interface StripeEmulator {
  fetch(request: Request): Promise<Response>;
  /** Returns the current state. */
  snapshot(): Snapshot;
  /** Stops all deliveries. */
  close(): void;
}

/** Creates an emulator of the part of Stripe's API that Parley uses, with its control API on `/_emulator`. */
export function createStripeEmulator(options: EmulatorOptions = {}): StripeEmulator {
  const { snapshot, webhook, retryDelaysMs, onChange = () => {} } = options;
  const delivery = createDelivery({ endpoint: webhook, retryDelaysMs, changed: onChange });
  const state = createState(delivery, onChange);
  if (snapshot) restoreSnapshot(state, snapshot);
  else seedCatalogue(state);
  const app = buildApp(state);
  return {
    fetch: async (request) => await app.fetch(request),
    snapshot: () => takeSnapshot(state),
    close: () => delivery.close(),
  };
}

function buildApp(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .use(nameRequest, recordRequest(state))
    .route("/_emulator", controlRoutes(state))
    .route("/v1", buildApi(state))
    .route("/", pagesRoutes(state))
    .route("/", portalPages(state))
    .notFound(({ req }) =>
      new ApiError(404, `Unrecognized request URL (${req.method}: ${req.path}).`).toResponse()
    )
    .onError(toErrorResponse);
}

function buildApi(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .use(requireKey, requireVersion, limitOnCommand(state), failOnCommand(state))
    .use(honourIdempotencyKeys(state), delayOnCommand(state))
    .route("/customers", customersRoutes(state))
    .route("/products", productsRoutes(state))
    .route("/prices", pricesRoutes(state))
    .route("/subscriptions", subscriptionsRoutes(state))
    .route("/subscription_items", subscriptionItemsRoutes(state))
    .route("/invoices", invoicesRoutes(state))
    .route("/invoice_payments", invoicePaymentsRoutes(state))
    .route("/payment_intents", paymentIntentsRoutes(state))
    .route("/payment_methods", paymentMethodsRoutes(state))
    .route("/charges", chargesRoutes(state))
    .route("/balance_transactions", balanceTransactionsRoutes(state))
    .route("/refunds", refundsRoutes(state))
    .route("/disputes", disputesRoutes(state))
    .route("/coupons", couponsRoutes(state))
    .route("/promotion_codes", promotionCodesRoutes(state))
    .route("/checkout/sessions", checkoutRoutes(state))
    .route("/billing_portal/sessions", portalRoutes(state))
    .route("/events", eventsRoutes(state));
}
