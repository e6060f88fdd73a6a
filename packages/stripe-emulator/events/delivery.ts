import { postEvent, type WebhookEndpoint } from "./post-event.ts";
import { toOlderVersion } from "./to-older-version.ts";
import type { WireEvent } from "./wire-event.ts";

/** The waits before the second attempt and the ones after it, in milliseconds. */
const RETRY_DELAYS_MS = [250, 1_000, 4_000];

/** An event and how far it got. `last_status` is null while nobody has answered. */
export interface EventRecord {
  event: WireEvent;
  /** `held` until it is commanded to go, `unsent` when there is no webhook to send it to. */
  state: "held" | "pending" | "delivered" | "failed" | "unsent";
  attempts: number;
  last_status: number | null;
}

/** Whether new events leave at once, or only when they are commanded to. */
export type DeliveryMode = "auto" | "hold";

/** Options of a delivery; without an endpoint nothing is sent. */
export interface DeliveryOptions {
  endpoint?: WebhookEndpoint;
  retryDelaysMs?: readonly number[];
  /** Called when an event got further. */
  changed(): void;
}

/** How a commanded delivery differs from the first one: so many copies at once, or an older API version's shape. */
export interface DeliveryCommand {
  times: number;
  olderVersion: boolean;
}

/** Brings events to the webhook. */
export interface Delivery {
  mode: DeliveryMode;
  /** Takes an event over: first attempts are made one after the other; a failed one is repeated a few times. */
  take(record: EventRecord): void;
  /** Sends an event now, whatever became of it before; resolves when it is answered. */
  deliver(record: EventRecord, command: DeliveryCommand): Promise<void>;
  /** Stops all sending. */
  close(): void;
}

/** A delivery in mode `auto`. */
export function createDelivery(options: DeliveryOptions): Delivery {
  const { endpoint, retryDelaysMs = RETRY_DELAYS_MS, changed } = options;
  const stopped = new AbortController();
  let queue = Promise.resolve();

  const attempt = async (record: EventRecord, payload: Payload = record.event) => {
    if (!endpoint || stopped.signal.aborted) return;
    const status = await postEvent(endpoint, payload, stopped.signal);
    if (stopped.signal.aborted) return;
    noteAnswer(record, status);
    changed();
  };
  const attemptAndRetry = async (record: EventRecord, retriesMade = 0) => {
    await attempt(record);
    const delay = retryDelaysMs[retriesMade];
    if (record.state !== "failed" || delay === undefined) return;
    record.state = "pending";
    const timer = setTimeout(() => enqueue(record, retriesMade + 1), delay);
    stopped.signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
  };
  const enqueue = (record: EventRecord, retriesMade?: number) => {
    queue = queue.then(() => attemptAndRetry(record, retriesMade));
  };

  return {
    mode: "auto",
    take(record) {
      record.state = endpoint ? this.mode === "auto" ? "pending" : "held" : "unsent";
      if (record.state === "pending") enqueue(record);
    },
    async deliver(record, { times, olderVersion }) {
      const payload = olderVersion ? toOlderVersion(record.event) : record.event;
      await Promise.all(Array.from({ length: times }, () => attempt(record, payload)));
    },
    close: () => stopped.abort(),
  };
}

type Payload = Parameters<typeof postEvent>[1];

function noteAnswer(record: EventRecord, status: number | null): void {
  record.attempts++;
  record.last_status = status;
  record.state = status !== null && status >= 200 && status < 300 ? "delivered" : "failed";
}
