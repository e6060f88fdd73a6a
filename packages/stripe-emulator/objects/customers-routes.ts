import { Hono } from "hono";
import type Stripe from "stripe";
import * as z from "zod";
import { attachPaymentMethod, takePaymentMethod } from "./attach-payment-method.ts";
import { buildCustomer } from "./build-customer.ts";
import { deleteCustomer } from "./delete-customer.ts";
import type { EmulatorEnv } from "../http/emulator-env.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import {
  Expand,
  isWithin,
  LIST_PARAMS,
  mergeMetadata,
  MetadataParam,
  Text,
  TimeFilter,
  Unsettable,
} from "../http/param-schemas.ts";
import { parseInput } from "../http/parse-request.ts";
import type { EmulatorState } from "../state.ts";
import { insert, update, type Work } from "../work.ts";
import { respondPage, respondToWork, respondWith } from "../http/respond.ts";

const Address = z.strictObject({
  city: Text.nullable().default(null),
  country: Text.nullable().default(null),
  line1: Text.nullable().default(null),
  line2: Text.nullable().default(null),
  postal_code: Text.nullable().default(null),
  state: Text.nullable().default(null),
});

const CustomerParams = z.strictObject({
  address: z.union([z.literal("").transform(() => null), Address]).optional(),
  description: Unsettable.optional(),
  email: Unsettable.optional(),
  invoice_settings: z.strictObject({ default_payment_method: Unsettable.optional() }).optional(),
  metadata: MetadataParam.optional(),
  name: Unsettable.optional(),
  payment_method: Text.optional(),
  phone: Unsettable.optional(),
  preferred_locales: z.array(Text).optional(),
  expand: Expand,
});
type CustomerParams = z.infer<typeof CustomerParams>;

const ListParams = z.strictObject({
  ...LIST_PARAMS,
  created: TimeFilter.optional(),
  email: Text.optional(),
});

/** Returns the routes of `/v1/customers`. */
export function customersRoutes(state: EmulatorState): Hono<EmulatorEnv> {
  return new Hono<EmulatorEnv>()
    .post("/", (c) => {
      const params = parseInput(c.var.params, CustomerParams);
      return respondToWork(c, state, params.expand, (work) => createCustomer(work, params));
    })
    .get("/", (c) => {
      const params = parseInput(c.var.params, ListParams);
      const customers = [...state.objects.customer.values()].filter(({ email, created }) =>
        (params.email === undefined || params.email === email) && isWithin(created, params.created)
      );
      return respondPage(c, state, customers, params);
    })
    .get("/:id", (c) => {
      const id = c.req.param("id");
      const stub = state.deleted.get(id);
      const isDeleted = stub?.object === "customer";
      return respondWith(c, state, isDeleted ? stub : findObject(state, "customer", id));
    })
    .post("/:id", (c) => {
      const params = parseInput(c.var.params, CustomerParams);
      const id = c.req.param("id");
      return respondToWork(c, state, params.expand, (work) => changeCustomer(work, id, params));
    })
    .delete(
      "/:id",
      (c) => respondToWork(c, state, [], (work) => deleteCustomer(work, c.req.param("id"))),
    )
    .get("/:id/payment_methods", (c) => {
      const { id } = findObject(state, "customer", c.req.param("id"));
      const params = parseInput(
        c.var.params,
        z.strictObject({ ...LIST_PARAMS, type: Text.optional() }),
      );
      const methods = [...state.objects.payment_method.values()]
        .filter(({ customer }) => idOf(customer) === id);
      return respondPage(c, state, methods, params);
    });
}

function createCustomer(work: Work, params: CustomerParams): Stripe.Customer {
  const { id } = insert(work, "customer", buildCustomer(describe(params)), "customer.created");
  return setPaymentMethod(work, id, params);
}

function changeCustomer(work: Work, id: string, params: CustomerParams): Stripe.Customer {
  const { metadata } = findObject(work.state, "customer", id);
  update(work, "customer", id, describe(params, metadata), "customer.updated");
  return setPaymentMethod(work, id, params);
}

function describe(
  { metadata, payment_method: _, invoice_settings: __, expand: ___, ...fields }: CustomerParams,
  before: Stripe.Metadata = {},
): Partial<Stripe.Customer> {
  return { ...fields, metadata: mergeMetadata(before, metadata) };
}

/** Attaches the given payment method; the default one may name the same test card. */
function setPaymentMethod(
  work: Work,
  customerId: string,
  { payment_method, invoice_settings }: CustomerParams,
): Stripe.Customer {
  const attached = payment_method === undefined
    ? null
    : attachPaymentMethod(work, takePaymentMethod(work, payment_method), customerId);
  const chosen = invoice_settings?.default_payment_method;
  const before = findObject(work.state, "customer", customerId);
  if (chosen === undefined) return before;
  const id = chosen === payment_method ? attached?.id ?? null : chosen;
  if (id !== null) findObject(work.state, "payment_method", id, "default_payment_method");
  return update(work, "customer", customerId, {
    invoice_settings: { ...before.invoice_settings, default_payment_method: id },
  }, "customer.updated");
}
