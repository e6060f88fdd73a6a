import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { buildPaymentMethod } from "./build-payment.ts";
import { isCardName } from "./cards.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { insert, type Work } from "../work.ts";

/** The payment method with that id; the name of a test card makes a new one, as at Stripe. */
export function takePaymentMethod(
  work: Work,
  id: string,
  param = "payment_method",
): Stripe.PaymentMethod {
  return isCardName(id)
    ? insert(work, "payment_method", buildPaymentMethod(id))
    : findObject(work.state, "payment_method", id, param);
}

/** Lets a customer pay with a payment method; throws when it is another customer's. */
export function attachPaymentMethod(
  work: Work,
  method: Stripe.PaymentMethod,
  customerId: string,
): Stripe.PaymentMethod {
  const owner = idOf(method.customer);
  if (owner === customerId) return method;
  if (owner !== null) {
    throw invalid("The payment method you provided has already been attached to a customer.");
  }
  const attached = { ...method, customer: customerId };
  return insert(work, "payment_method", attached, "payment_method.attached");
}
