import type Stripe from "stripe";
import type { WebhookReply } from "../../types/api.ts";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import { readPayer, readTargets } from "./event-targets.ts";
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
 * Stores an event. Where a schedule applies what waits, the event is then `accepted`. Otherwise fetches the objects
 * that it names from Stripe and stores them in one transaction. Order, age and repetition of events therefore do not
 * matter. Throws `internal` when Stripe must send the event again; then nothing was applied.
 */
export async function processEvent(
  ports: WebhookPorts,
  event: Stripe.Event,
): Promise<WebhookReply["status"]> {
  const { stripe, db } = ports;
  const { object } = event.data;
  const targets = readTargets(event.type, object);
  const payer = readPayer(event.type, object, event.id);
  const { status, is_waiting, ticket } = await db.claimEvent(event, targets && { payer, targets });
  if (is_waiting) return "accepted";
  if (ticket === null || targets === null) return status === "ignored" ? "ignored" : "processed";
  try {
    await db.apply(
      event.id,
      ticket,
      await fetchTargets(stripe, targets, db.findKnownProducts),
    );
  } catch (error) {
    await recordFailure(ports, event.id, error);
    // A status of 500 makes Stripe send the event again, whatever the cause was.
    throw new AppError("internal", { cause: error });
  }
  return "processed";
}

/** Records why an attempt at an event failed. */
export async function recordFailure(
  { db, log }: Pick<WebhookPorts, "db" | "log">,
  eventId: string,
  error: unknown,
): Promise<void> {
  log.error("event_failed", { event_id: eventId, ...describeError(error) });
  await db.failEvent(eventId, nameError(error)).catch((cause: unknown) =>
    log.error("failure_not_recorded", { event_id: eventId, ...describeError(cause) })
  );
}

/** Returns the name and code of an error for its stored event. Messages of Stripe can quote what people typed. */
function nameError(error: unknown): string {
  const { error: name, error_code } = describeError(error);
  return error_code ? `${name}: ${error_code}` : String(name);
}
