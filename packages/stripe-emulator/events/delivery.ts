import { postEvent, type WebhookEndpoint } from "./post-event.ts";
import { toOlderVersion } from "./to-older-version.ts";
import type { WireEvent } from "./wire-event.ts";

/** The waits before the second and each later attempt, in milliseconds. */
const RETRY_DELAYS_MS = [250, 1_000, 4_000];

/** An event and the state of its delivery. `last_status` is null if the webhook has not responded. */
export interface EventRecord {
  event: WireEvent;
  /** `held` until a command delivers it; `unsent` if there is no webhook. */
  state: "held" | "pending" | "delivered" | "failed" | "unsent";
  attempts: number;
  last_status: number | null;
}

/** `auto` sends new events at once; `hold` sends them only on command. */
export type DeliveryMode = "auto" | "hold";

/** Options of a delivery; without an endpoint, no event is sent. */
export interface DeliveryOptions {
  endpoint?: WebhookEndpoint;
  retryDelaysMs?: readonly number[];
  /** Called when the state of an event changes. */
  changed(): void;
}

/** Options of a commanded delivery: the number of copies to send at once, and the shape of an older API version. */
export interface DeliveryCommand {
  times: number;
  olderVersion: boolean;
}

/** Sends events to the webhook. */
export interface Delivery {
  mode: DeliveryMode;
  /** Queues an event. First attempts run one after the other; a failed attempt is repeated a few times. */
  take(record: EventRecord): void;
  /** Sends an event now, in any state; resolves when the webhook has responded. */
  deliver(record: EventRecord, command: DeliveryCommand): Promise<void>;
  /** Stops all sending. */
  close(): void;
}

/** Creates a delivery in mode `auto`. */
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
