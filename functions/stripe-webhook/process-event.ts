import type Stripe from "stripe";
import type { WebhookReply } from "../../types/api.ts";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import { readTargets } from "./event-targets.ts";
import { fetchTargets } from "./fetch-target.ts";
import { AppError } from "../_shared/http/errors.ts";
import { describeError, type Log } from "../_shared/http/log.ts";

/** What a webhook needs of the world. */
export interface WebhookPorts {
  stripe: Stripe;
  db: BillingDatabase;
  log: Log;
}

/**
 * Takes an event as a hint: what it names is fetched from Stripe and written in one transaction, so that order, age and
 * repetition of events cannot matter. Throws `internal`, with nothing half written, when it is to be sent again.
 */
export async function processEvent(
  { stripe, db, log }: WebhookPorts,
  event: Stripe.Event,
): Promise<WebhookReply["status"]> {
  const targets = readTargets(event.type, event.data.object);
  const { status, ticket } = await db.claimEvent(event, targets !== null);
  if (ticket === null || targets === null) return status === "ignored" ? "ignored" : "processed";
  try {
    await db.apply(event.id, ticket, await fetchTargets(stripe, targets));
  } catch (error) {
    await db.failEvent(event.id, nameError(error)).catch((cause: unknown) =>
      log.error("failure_not_recorded", { event_id: event.id, ...describeError(cause) })
    );
    // Whatever it was, and whosever fault: Stripe is to send the event again.
    throw new AppError("internal", { cause: error });
  }
  return "processed";
}

/** A code for the ledger: messages of Stripe can quote what people typed. */
function nameError(error: unknown): string {
  const { error: name, error_code } = describeError(error);
  return error_code ? `${name}: ${error_code}` : String(name);
}
