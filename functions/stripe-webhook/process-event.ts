import type Stripe from "stripe";
import type { WebhookReply } from "../../types/api.ts";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import { isMissing } from "../_shared/stripe/client.ts";
import { readRule } from "../_shared/stripe/error-table.ts";
import { reportMisconfiguration } from "../_shared/stripe/report-misconfiguration.ts";
import type { Target } from "../_shared/stripe/target.ts";
import type { EventRecorder } from "./event-recorder.ts";
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
 * matter. An event about an object that Stripe no longer has is dropped. Throws `internal` when Stripe must send the
 * event again; then nothing was applied.
 */
export async function processEvent(
  ports: WebhookPorts & { recorder: EventRecorder },
  event: Stripe.Event,
): Promise<WebhookReply["status"]> {
  const { stripe, db, recorder } = ports;
  const { object } = event.data;
  const targets = readTargets(event.type, object);
  const payer = readPayer(event.type, object, event.id);
  const used = targets && { payer, targets };
  const { status, is_waiting, ticket } = await recorder.record(db, { event, used });
  if (is_waiting) return "accepted";
  if (ticket === null || targets === null) return status === "processing" ? "processed" : status;
  try {
    await db.apply(
      event.id,
      ticket,
      await fetchTargets(stripe, targets, db.findKnownProducts),
    );
  } catch (error) {
    if (await endFailed(ports, { id: event.id, targets }, error) === "dropped") return "dropped";
    // A status of 500 makes Stripe send the event again, whatever the cause was.
    throw new AppError("internal", { cause: error });
  }
  return "processed";
}

/** Ends an attempt that failed: drops an event that no other attempt can apply, or records why the attempt failed. */
export async function endFailed(
  { db, log }: Pick<WebhookPorts, "db" | "log">,
  { id, targets }: { id: string; targets: Target[] },
  error: unknown,
): Promise<"dropped" | "failed"> {
  if (isGone(error, targets)) {
    await db.dropEvent(id, nameError(error));
    return "dropped";
  }
  log.error("event_failed", { event_id: id, ...describeError(error) });
  await reportMisconfiguration({ db, log }, error);
  await db.failEvent(id, nameError(error)).catch((cause: unknown) =>
    log.error("failure_not_recorded", { event_id: id, ...describeError(cause) })
  );
  return "failed";
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
