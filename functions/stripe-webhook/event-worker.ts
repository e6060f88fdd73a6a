import { runInBackground } from "../_shared/http/background.ts";
import { describeError } from "../_shared/http/log.ts";
import { pause } from "../_shared/http/pause.ts";
import type { BillingDatabase } from "../_shared/stripe/billing-database.ts";
import { applyWaitingEvents } from "./apply-events.ts";
import type { WebhookPorts } from "./process-event.ts";

/** As long as the database collects the events of a payer before they are due, in milliseconds. */
const COLLECTING_MS = 500;

/** Applies waiting events in the background. A process has one, whatever number of events comes at once. */
export interface EventWorker {
  /** Says that an event waits. Keeps the function alive until no event waits, or the worker has used up its time. */
  wake(db: BillingDatabase): void;
}

/** Creates the worker of a process. If it dies, the schedule `stripe-events` does its work. */
export function createEventWorker(ports: Omit<WebhookPorts, "db">): EventWorker {
  let isAwaited = false;
  let running: Promise<void> | null = null;

  const run = async (db: BillingDatabase) => {
    try {
      while (isAwaited) {
        isAwaited = false;
        await pause(COLLECTING_MS);
        await applyWaitingEvents({ ...ports, db });
      }
    } catch (error) {
      ports.log.error("events_not_applied", describeError(error));
    } finally {
      running = null;
    }
  };
  return {
    wake(db) {
      isAwaited = true;
      running ??= run(db);
      runInBackground(running);
    },
  };
}
