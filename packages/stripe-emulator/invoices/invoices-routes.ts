import { Hono } from "hono";
import type Stripe from "stripe";
import * as z from "zod";
import { takePaymentMethod } from "../objects/attach-payment-method.ts";
import { finalizeInvoice, voidInvoice } from "./bill.ts";
import { payInvoice } from "./collect-invoice.ts";
import { attachPayment } from "./settle-invoice.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { Expand, Flag, isWithin, LIST_PARAMS, Text, TimeFilter } from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import type { EmulatorState } from "../state.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const InvoiceListParams = z.strictObject({
  ...LIST_PARAMS,
  collection_method: Text.optional(),
  created: TimeFilter.optional(),
  customer: Text.optional(),
  status: z.enum(["draft", "open", "paid", "uncollectible", "void"]).optional(),
  subscription: Text.optional(),
});

const PayParams = z.strictObject({
  off_session: Flag.optional(),
  paid_out_of_band: Flag.default(false),
  payment_method: Text.optional(),
  expand: Expand,
});

const FinalizeParams = z.strictObject({ auto_advance: Flag.optional(), expand: Expand });
const AttachParams = z.strictObject({ payment_intent: Text, expand: Expand });
const VoidParams = z.strictObject({ expand: Expand });

const InvoicePaymentListParams = z.strictObject({
  ...LIST_PARAMS,
  created: TimeFilter.optional(),
  invoice: Text.optional(),
  payment: z.strictObject({
    type: z.enum(["payment_intent"]),
    payment_intent: Text.optional(),
  }).optional(),
  status: z.enum(["canceled", "open", "paid"]).optional(),
});

/** Returns the routes of `/v1/invoices`. */
export function invoicesRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, InvoiceListParams);
      const all = [...state.objects.invoice.values()];
      const invoices = all.filter((invoice) => matches(invoice, params));
      return respondPage(c, state, invoices, params);
    })
    .get("/:id", (c) => respondWith(c, state, findObject(state, "invoice", c.req.param("id"))))
    .get("/:id/lines", (c) => {
      const { lines } = findObject(state, "invoice", c.req.param("id"));
      const params = parseInput(c.var.params, z.strictObject(LIST_PARAMS));
      return respondPage(c, state, lines.data.toReversed(), params);
    })
    .post("/:id/finalize", (c) => {
      const { expand } = parseInput(c.var.params, FinalizeParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => finalizeInvoice(work, id));
    })
    .post("/:id/attach_payment", (c) => {
      const { expand, payment_intent } = parseInput(c.var.params, AttachParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => attachPayment(work, id, payment_intent));
    })
    .post("/:id/pay", (c) => {
      const params = parseInput(c.var.params, PayParams);
      const id = c.req.param("id");
      return respondToWork(c, state, params.expand, (work) =>
        payInvoice(work, id, {
          outOfBand: params.paid_out_of_band,
          method: params.payment_method === undefined
            ? undefined
            : takePaymentMethod(work, params.payment_method),
        }));
    })
    .post("/:id/void", (c) => {
      const { expand } = parseInput(c.var.params, VoidParams);
      const id = c.req.param("id");
      return respondToWork(c, state, expand, (work) => voidInvoice(work, id));
    });
}

/** Returns the routes of `/v1/invoice_payments`, which are read-only. */
export function invoicePaymentsRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .get("/", (c) => {
      const params = parseInput(c.var.params, InvoicePaymentListParams);
      const intent = params.payment?.payment_intent;
      const payments = [...state.objects.invoice_payment.values()].filter((payment) =>
        isWithin(payment.created, params.created) &&
        (params.status ?? payment.status) === payment.status &&
        (params.invoice ?? idOf(payment.invoice)) === idOf(payment.invoice) &&
        (intent === undefined || idOf(payment.payment.payment_intent) === intent)
      );
      return respondPage(c, state, payments, params);
    })
    .get(
      "/:id",
      (c) => respondWith(c, state, findObject(state, "invoice_payment", c.req.param("id"))),
    );
}

function matches(
  invoice: Stripe.Invoice,
  { created, customer, status, subscription }: z.infer<typeof InvoiceListParams>,
): boolean {
  const { subscription: owner } = invoice.parent?.subscription_details ?? {};
  return isWithin(invoice.created, created) && (status ?? invoice.status) === invoice.status &&
    (customer ?? idOf(invoice.customer)) === idOf(invoice.customer) &&
    (subscription ?? idOf(owner)) === idOf(owner);
}
