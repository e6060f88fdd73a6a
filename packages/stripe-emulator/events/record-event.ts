import type { EventRecord } from "./delivery.ts";
import type { EmulatorState } from "../state.ts";
import type { WireEvent } from "./wire-event.ts";

/** The maximum of stored events; the oldest are removed first. */
const CAPACITY = 20_000;

/** Stores an event and passes it on for delivery. */
export function recordEvent({ events, delivery }: EmulatorState, event: WireEvent): void {
  const record: EventRecord = { event, state: "held", attempts: 0, last_status: null };
  events.set(event.id, record);
  const [oldest] = events.keys();
  if (events.size > CAPACITY && oldest) events.delete(oldest);
  delivery.take(record);
}
