import type Stripe from "stripe";
import { newId } from "../new-id.ts";
import { addDays, nowInSeconds } from "../periods.ts";
import { insert, type Work } from "../work.ts";

/** The currency of the account's balance; `EXCHANGE_RATES` gives the value of other currencies in it. */
const SETTLEMENT_CURRENCY = "usd";
const EXCHANGE_RATES: Record<string, number> = { eur: 1.1, gbp: 1.3 };

/** A movement of money; `amount` is negative when money leaves the account. */
export interface Movement {
  amount: number;
  currency: string;
  type: "charge" | "refund" | "adjustment";
  source: string;
  description?: string | null;
}

/** Books a movement in the account's own currency; a charge costs 2.9 % and 30 cents. */
export function settleFunds(work: Work, movement: Movement): Stripe.BalanceTransaction {
  const { type, source, description = null } = movement;
  const rate = movement.currency === SETTLEMENT_CURRENCY
    ? null
    : EXCHANGE_RATES[movement.currency] ?? 1;
  const amount = Math.round(movement.amount * (rate ?? 1));
  const fee = type === "charge" ? Math.round(amount * 0.029) + 30 : 0;
  const created = nowInSeconds();
  return insert(work, "balance_transaction", {
    id: newId("txn"),
    object: "balance_transaction",
    amount,
    available_on: addDays(created, 2),
    balance_type: "payments",
    created,
    currency: SETTLEMENT_CURRENCY,
    description,
    exchange_rate: rate,
    fee,
    fee_details: fee === 0 ? [] : [describeFee(fee)],
    net: amount - fee,
    reporting_category: type,
    source,
    status: "pending",
    type,
  });
}

function describeFee(amount: number): Stripe.BalanceTransaction.FeeDetail {
  return {
    amount,
    application: null,
    currency: SETTLEMENT_CURRENCY,
    description: "Stripe processing fees",
    type: "stripe_fee",
  };
}
