import Stripe from "stripe";
import { AppError } from "../_shared/http/errors.ts";
import { type ErrorFacts, findRule } from "../_shared/stripe/error-table.ts";
import { reportMisconfiguration } from "../_shared/stripe/report-misconfiguration.ts";
import type { BillingPorts } from "./billing-ports.ts";

/** Turns errors of Stripe into errors that say what the user can do. Stripe's own messages stay on the server. */
export async function explainErrors<Value>(
  ports: Pick<BillingPorts, "db" | "log">,
  work: Promise<Value>,
): Promise<Value> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof Stripe.errors.StripeError)) throw cause;
    await reportMisconfiguration(ports, cause);
    throw explain(cause);
  }
}

function explain(cause: ErrorFacts): AppError {
  switch (findRule(cause).owner) {
    case "payer":
      return new AppError("payment_refused", { cause });
    case "currency":
      return new AppError("currency_conflict", { details: { portal: true }, cause });
    case "customer":
      return new AppError("no_customer", { cause });
    case "unsold":
      return new AppError("price_not_found", { cause });
    case "gone":
      return new AppError(codeOfMissing(cause), { cause });
    case "operator":
      return new AppError("billing_misconfigured", { cause });
    default:
      return new AppError("stripe_unavailable", { cause });
  }
}

/** Returns the code for an object that the stored data has and Stripe does not. */
function codeOfMissing({ param = "", message = "" }: ErrorFacts) {
  if (/price/.test(param)) return "price_not_found";
  return /subscription/.test(param) || /no such subscription/i.test(message)
    ? "no_subscription"
    : "stripe_unavailable";
}
