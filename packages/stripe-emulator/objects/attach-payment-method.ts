import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { buildPaymentMethod } from "./build-payment.ts";
import { isCardName } from "./cards.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { insert, type Work } from "../work.ts";

/** Returns the payment method with that id. As at Stripe, the name of a test card creates a new one. */
export function takePaymentMethod(
  work: Work,
  id: string,
  param = "payment_method",
): Stripe.PaymentMethod {
  return isCardName(id)
    ? insert(work, "payment_method", buildPaymentMethod(id))
    : findObject(work.state, "payment_method", id, param);
}

/** Attaches a payment method to a customer; throws Stripe's 400 if it belongs to another customer. */
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
