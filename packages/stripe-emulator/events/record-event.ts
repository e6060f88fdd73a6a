import type { EventRecord } from "./delivery.ts";
import type { EmulatorState } from "../state.ts";
import type { WireEvent } from "./wire-event.ts";

/** Events kept; the oldest go first. */
const CAPACITY = 20_000;

/** Notes an event and hands it over for delivery. */
export function recordEvent({ events, delivery }: EmulatorState, event: WireEvent): void {
  const record: EventRecord = { event, state: "held", attempts: 0, last_status: null };
  events.set(event.id, record);
  const [oldest] = events.keys();
  if (events.size > CAPACITY && oldest) events.delete(oldest);
  delivery.take(record);
}
