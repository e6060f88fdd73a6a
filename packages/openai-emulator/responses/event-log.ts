import type { EventDraft, WireEvent } from "../wire-types.ts";

/** The events of one response, numbered from 0, for any number of readers. */
export interface EventLog {
  append(draft: EventDraft): void;
  /** Closes the log to new events; readers end after the last one. */
  close(): void;
  /** Yields the events with a `sequence_number` above `after`, then new events until the log closes. */
  follow(after: number): AsyncGenerator<WireEvent, void>;
}

/** Creates an open log without events. */
export function createEventLog(): EventLog {
  const events: WireEvent[] = [];
  let closed = false;
  let change = Promise.withResolvers<void>();
  const announce = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  return {
    append(draft) {
      events.push({ ...draft, sequence_number: events.length });
      announce();
    },
    close() {
      closed = true;
      announce();
    },
    async *follow(after) {
      for (let next = after + 1;; next++) {
        while (next >= events.length && !closed) await change.promise;
        const event = events[next];
        if (!event) return;
        yield event;
      }
    },
  };
}
