import { Hono } from "hono";
import * as z from "zod";
import { invalid } from "../http/api-error.ts";
import { attachPaymentMethod, takePaymentMethod } from "./attach-payment-method.ts";
import { attemptPayment } from "./attempt-payment.ts";
import { buildPaymentIntent } from "./build-payment.ts";
import { cardError } from "../invoices/collect-invoice.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf, lookUp } from "../http/find-objects.ts";
import {
  Count,
  Expand,
  Flag,
  isWithin,
  LIST_PARAMS,
  mergeMetadata,
  MetadataParam,
  Text,
  TimeFilter,
} from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import { settleInvoice } from "../invoices/settle-invoice.ts";
import type { EmulatorState } from "../state.ts";
import { insert, update, type Work } from "../work.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const ListParams = {
  ...LIST_PARAMS,
  created: TimeFilter.optional(),
  customer: Text.optional(),
};
const IntentListParams = z.strictObject(ListParams);
const ChargeListParams = z.strictObject({ ...ListParams, payment_intent: Text.optional() });
const MethodListParams = z.strictObject({ ...ListParams, type: Text.optional() });

const ConfirmParams = z.strictObject({
  off_session: Flag.optional(),
  payment_method: Text.optional(),
  return_url: Text.optional(),
  expand: Expand,
});
const IntentParams = z.strictObject({
  amount: Count.pipe(z.number().min(1)),
  confirm: Flag.default(false),
  currency: Text,
  customer: Text.optional(),
  description: Text.optional(),
  metadata: MetadataParam.optional(),
  off_session: Flag.optional(),
  payment_method: Text.optional(),
  expand: Expand,
});
type IntentParams = z.infer<typeof IntentParams>;

const AttachParams = z.strictObject({ customer: Text, expand: Expand });
const DetachParams = z.strictObject({ expand: Expand });

/** Returns the routes of `/v1/payment_intents`. */
export function paymentIntentsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, IntentListParams);
      const intents = [...state.objects.payment_intent.values()].filter((intent) =>
        isWithin(intent.created, params.created) &&
        (params.customer ?? idOf(intent.customer)) === idOf(intent.customer)
      );
      return respondPage(c, state, intents, params);
    })
    .get(
      "/:id",
      (c) => respondWith(c, state, findObject(state, "payment_intent", c.req.param("id"))),
    )
    .post("/", (c) => {
      const params = parseInput(c.var.params, IntentParams);
      return respondToWork(c, state, params.expand, (work) => createIntent(work, params));
    })
    .post("/:id/confirm", (c) => {
      const { expand, payment_method } = parseInput(c.var.params, ConfirmParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => confirm(work, id, payment_method));
    });
}

/** Returns the routes of `/v1/charges`, which are read-only. */
export function chargesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, ChargeListParams);
      const charges = [...state.objects.charge.values()].filter((charge) =>
        isWithin(charge.created, params.created) &&
        (params.customer ?? idOf(charge.customer)) === idOf(charge.customer) &&
        (params.payment_intent ?? idOf(charge.payment_intent)) === idOf(charge.payment_intent)
      );
      return respondPage(c, state, charges, params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "charge", c.req.param("id"))));
}

/** Returns the routes of `/v1/balance_transactions`, which are read-only. */
export function balanceTransactionsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get(
      "/:id",
      (c) => respondWith(c, state, findObject(state, "balance_transaction", c.req.param("id"))),
    );
}

/** Returns the routes of `/v1/payment_methods`. */
export function paymentMethodsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, MethodListParams);
      const methods = [...state.objects.payment_method.values()].filter((method) =>
        params.customer !== undefined && idOf(method.customer) === params.customer
      );
      return respondPage(c, state, methods, params);
    })
    .get(
      "/:id",
      (c) => respondWith(c, state, findObject(state, "payment_method", c.req.param("id"))),
    )
    .post("/:id/attach", (c) => {
      const { expand, customer } = parseInput(c.var.params, AttachParams);
      findObject(state, "customer", customer, "customer");
      const id = c.req.param("id");
      return respondToWork(
        c,
        state,
        expand,
        (work) => attachPaymentMethod(work, takePaymentMethod(work, id, "id"), customer),
      );
    })
    .post("/:id/detach", (c) => {
      const { expand } = parseInput(c.var.params, DetachParams);
      const { id } = findObject(state, "payment_method", c.req.param("id"));
      const event = "payment_method.detached";
      return respondToWork(
        c,
        state,
        expand,
        (work) => update(work, "payment_method", id, { customer: null }, event),
      );
    });
}

function createIntent(work: Work, { confirm: isPaid, ...params }: IntentParams) {
  const { amount, currency, customer = null, description = null, payment_method } = params;
  if (customer !== null) findObject(work.state, "customer", customer, "customer");
  const fields = { amount, currency, customer, description };
  const metadata = mergeMetadata({}, params.metadata);
  const intent = buildPaymentIntent({ ...fields, metadata });
  insert(work, "payment_intent", intent, "payment_intent.created");
  return isPaid ? confirm(work, intent.id, payment_method) : intent;
}

/** Tries to pay with the given payment method. A PaymentIntent that requires action counts as authenticated. */
function confirm(work: Work, id: string, methodId?: string) {
  const { status, payment_method } = findObject(work.state, "payment_intent", id);
  if (status === "succeeded" || status === "canceled") {
    throw invalid(
      `You cannot confirm this PaymentIntent because it has a status of ${status}.`,
      undefined,
      "payment_intent_unexpected_state",
    );
  }
  const method = methodId === undefined
    ? lookUp(work.state, "payment_method", payment_method)
    : takePaymentMethod(work, methodId);
  const outcome = status === "requires_action" ? "succeeded" : undefined;
  const intent = attemptPayment(work, { intentId: id, method, outcome });
  settleInvoice(work, intent);
  if (intent.status === "requires_payment_method") throw cardError(intent);
  return findObject(work.state, "payment_intent", id);
}
