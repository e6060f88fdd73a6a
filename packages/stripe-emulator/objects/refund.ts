import type Stripe from "stripe";
import { invalid } from "../http/api-error.ts";
import { findObject, idOf } from "../http/find-objects.ts";
import { newId } from "../new-id.ts";
import { nowInSeconds } from "../periods.ts";
import { settleFunds } from "./settle-funds.ts";
import { insert, update, type Work } from "../work.ts";

/** A refund; without an amount, all that is left of the charge. */
export interface RefundParams {
  charge?: string;
  payment_intent?: string;
  amount?: number;
  reason?: Stripe.Refund.Reason;
  metadata?: Stripe.Metadata;
  id?: string;
  status?: string;
}

/** Refunds a charge or a part of it; throws Stripe's 400 if the amount exceeds what is left. */
export function createRefund(work: Work, params: RefundParams): Stripe.Refund {
  const charge = findRefundable(work, params);
  const left = charge.amount - charge.amount_refunded;
  const { amount = left } = params;
  checkAmount(charge, amount, left);
  const refund = buildRefund(charge, amount, params);
  const { id: balance_transaction } = settleFunds(work, {
    amount: -amount,
    currency: charge.currency,
    type: "refund",
    source: refund.id,
    description: "REFUND FOR CHARGE",
  });
  insert(work, "refund", { ...refund, balance_transaction }, "refund.created");
  const amount_refunded = charge.amount_refunded + amount;
  update(
    work,
    "charge",
    charge.id,
    { amount_refunded, refunded: amount_refunded === charge.amount },
    "charge.refunded",
  );
  return findObject(work.state, "refund", refund.id);
}

/**
 * Returns the charge that a request names directly or by its PaymentIntent. Throws Stripe's 400 if it names
 * neither, or if the PaymentIntent has no charge.
 */
export function findCharge(
  { state }: Pick<Work, "state">,
  { charge, payment_intent }: Pick<RefundParams, "charge" | "payment_intent">,
): Stripe.Charge {
  if (charge !== undefined) return findObject(state, "charge", charge, "charge");
  if (payment_intent === undefined) {
    throw invalid("One of the following params should be provided: payment_intent or charge.");
  }
  const intent = findObject(state, "payment_intent", payment_intent, "payment_intent");
  const latest = idOf(intent.latest_charge);
  if (latest === null) {
    throw invalid(`This PaymentIntent (${intent.id}) does not have a successful charge to refund.`);
  }
  return findObject(state, "charge", latest);
}

function findRefundable(work: Work, params: RefundParams): Stripe.Charge {
  const charge = findCharge(work, params);
  if (!charge.paid) {
    throw invalid(`Charge ${charge.id} has not been paid and can not be refunded.`, "charge");
  }
  if (charge.disputed) {
    throw invalid(`Charge ${charge.id} has been charged back.`, undefined, "charge_disputed");
  }
  return charge;
}

function checkAmount(charge: Stripe.Charge, amount: number, left: number): void {
  if (left === 0) {
    const message = `Charge ${charge.id} has already been refunded.`;
    throw invalid(message, undefined, "charge_already_refunded");
  }
  if (amount <= left) return;
  throw invalid(
    `Refund amount (${money(amount)}) is greater than unrefunded amount on charge (${money(left)})`,
    "amount",
  );
}

function buildRefund(
  charge: Stripe.Charge,
  amount: number,
  { id = newId("re"), reason, metadata = {}, status = "succeeded" }: RefundParams,
): Stripe.Refund {
  return {
    id,
    object: "refund",
    amount,
    balance_transaction: null,
    charge: charge.id,
    created: nowInSeconds(),
    currency: charge.currency,
    customer: idOf(charge.customer),
    customer_account: null,
    destination_details: {
      card: {
        reference_status: "pending",
        reference_type: "acquirer_reference_number",
        type: "refund",
      },
      type: "card",
    },
    metadata,
    payment_intent: idOf(charge.payment_intent),
    payment_method: charge.payment_method,
    reason: reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status,
    transfer_reversal: null,
  };
}

function money(cents: number): string {
  return `$${(cents / 100).toFixed(2)}`;
}
