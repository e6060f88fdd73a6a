import type Stripe from "stripe";
import type { WebhookReply } from "../../types/api.ts";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import { isMissing } from "../_shared/stripe/client.ts";
import { readRule } from "../_shared/stripe/error-table.ts";
import { reportMisconfiguration } from "../_shared/stripe/report-misconfiguration.ts";
import { readTargets, type Target } from "./event-targets.ts";
import { fetchTargets } from "./fetch-target.ts";
import { AppError } from "../_shared/http/errors.ts";
import { describeError, type Log } from "../_shared/http/log.ts";

/** The services and database calls of the webhook. */
export interface WebhookPorts {
  stripe: Stripe;
  db: BillingDatabase;
  log: Log;
}

/**
 * Processes an event: fetches the objects that it names from Stripe and stores them in one transaction. Order, age and
 * repetition of events therefore do not matter. An event about an object that Stripe no longer has is dropped. Throws
 * `internal` when Stripe must send the event again; then nothing was stored.
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
    if (isGone(error, targets)) {
      await db.dropEvent(event.id, nameError(error));
      return "dropped";
    }
    await reportMisconfiguration({ db, log }, error);
    await db.failEvent(event.id, nameError(error)).catch((cause: unknown) =>
      log.error("failure_not_recorded", { event_id: event.id, ...describeError(cause) })
    );
    // A status of 500 makes Stripe send the event again, whatever the cause was.
    throw new AppError("internal", { cause: error });
  }
  return "processed";
}

/**
 * Returns true if Stripe no longer has the object of an event, so that no other attempt can succeed: the draft of an
 * invoice that was deleted, or a product, price or customer.
 */
function isGone(error: unknown, targets: Target[]): boolean {
  if (error instanceof AppError && error.code === "stripe_object_missing") {
    return targets.some(({ id }) => id === error.details?.id);
  }
  const owner = readRule(error)?.owner;
  return isMissing(error) && (owner === "gone" || owner === "customer");
}

/** Returns the name and code of an error for its stored event. Messages of Stripe can quote what people typed. */
function nameError(error: unknown): string {
  const { error: name, error_code } = describeError(error);
  return error_code ? `${name}: ${error_code}` : String(name);
}
