import { idOf, lookUp } from "./find-objects.ts";
import { type Json, type JsonObject, toJson } from "../json.ts";
import { listOf } from "./paginate.ts";
import type { EmulatorState } from "../state.ts";

type Include = (state: EmulatorState, id: string) => object | null;

/** The properties that an object shows only on request. */
const INCLUDABLE: Record<string, Include> = {
  "customer.subscriptions": (state, id) => {
    const ofCustomer = [...state.objects.subscription.values()].filter(({ customer, status }) =>
      idOf(customer) === id && status !== "canceled"
    );
    return listOf(ofCustomer.toReversed(), `/v1/customers/${id}/subscriptions`);
  },
  "invoice.payments": (state, id) => {
    const payments = [...state.objects.invoice_payment.values()];
    return listOf(payments.filter(({ invoice }) => idOf(invoice) === id), "/v1/invoice_payments");
  },
  "invoice.confirmation_secret": (state, id) => {
    const payment = [...state.objects.invoice_payment.values()]
      .find(({ invoice, is_default }) => is_default && idOf(invoice) === id);
    const intent = lookUp(state, "payment_intent", payment?.payment.payment_intent);
    return intent && { client_secret: intent.client_secret, type: "payment_intent" };
  },
  "charge.refunds": (state, id) => {
    const refunds = [...state.objects.refund.values()].filter(({ charge }) => idOf(charge) === id);
    return listOf(refunds.toReversed(), `/v1/charges/${id}/refunds`);
  },
  "checkout.session.line_items": (state, id) =>
    listOf(state.checkoutPlans.get(id)?.lineItems ?? [], `/v1/checkout/sessions/${id}/line_items`),
};

/** Returns a property of `node`, including those shown only on request; undefined if the property does not exist. */
export function includeProperty(
  state: EmulatorState,
  node: JsonObject,
  key: string,
): Json | undefined {
  const include = INCLUDABLE[`${String(node.object)}.${key}`];
  if (!include) return node[key];
  const property = include(state, String(node.id));
  return property && toJson(property);
}
