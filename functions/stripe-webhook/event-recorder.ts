import type { BillingDatabase, Claim, DeliveredEvent } from "../_shared/stripe/billing-database.ts";

/** The most events of one call to the database. */
const TOGETHER = 100;

/** Records delivered events. Those that arrive during a call to the database are recorded together by the next one. */
export interface EventRecorder {
  /** Resolves when the event is stored. Throws what its call to the database throws. */
  record(db: BillingDatabase, delivered: DeliveredEvent): Promise<Claim>;
}

interface Arrival extends PromiseWithResolvers<Claim> {
  delivered: DeliveredEvent;
}

/** Creates the recorder of a process. An event that arrives alone waits for nothing. */
export function createEventRecorder(): EventRecorder {
  const arrivals: Arrival[] = [];
  let isRunning = false;

  const run = async (db: BillingDatabase) => {
    isRunning = true;
    while (arrivals.length > 0) {
      await recordTogether(db, arrivals.splice(0, TOGETHER));
    }
    isRunning = false;
  };
  return {
    record(db, delivered) {
      const arrival = { delivered, ...Promise.withResolvers<Claim>() };
      arrivals.push(arrival);
      if (!isRunning) void run(db);
      return arrival.promise;
    },
  };
}

/**
 * Settles each arrival. If the call fails, each event is recorded alone: none fails because of another, and one call
 * cannot record two deliveries of the same event.
 */
async function recordTogether(db: BillingDatabase, arrivals: Arrival[]): Promise<void> {
  try {
    const claims = await db.recordEvents(arrivals.map(({ delivered }) => delivered));
    for (const { delivered: { event }, resolve, reject } of arrivals) {
      const claim = claims[event.id];
      if (claim) resolve(claim);
      else reject(new Error("the database returned no claim for an event"));
    }
  } catch (error) {
    if (arrivals.length === 1) arrivals[0]?.reject(error);
    else await Promise.all(arrivals.map((arrival) => recordTogether(db, [arrival])));
  }
}
