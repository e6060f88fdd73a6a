import type Stripe from "stripe";
import { orderEvents } from "./events/event-order.ts";
import { findObject } from "./http/find-objects.ts";
import type { DeletedObject, EventTypeOf, Kind, ObjectKinds } from "./kinds.ts";
import { previousAttributes } from "./events/previous-attributes.ts";
import { recordEvent } from "./events/record-event.ts";
import type { EmulatorState } from "./state.ts";
import { buildEvent, type EventDraft } from "./events/wire-event.ts";

/** The request that caused an event; the id is null for automatic events. */
export type EventOrigin = Stripe.Event.Request;

/** The cause of events that no API request caused. */
export const AUTOMATIC: EventOrigin = { id: null, idempotency_key: null };

/** Changes that belong together; their events are sent after all of them. */
export interface Work {
  readonly state: EmulatorState;
  readonly drafts: EventDraft[];
}

/**
 * Runs `task`, then sends the events of its changes. It sends them even if `task` throws, because a declined
 * payment also changes objects.
 */
export function doWork<Result>(
  state: EmulatorState,
  origin: EventOrigin,
  task: (work: Work) => Result,
): Result {
  const work: Work = { state, drafts: [] };
  try {
    return task(work);
  } finally {
    for (const draft of orderEvents(work.drafts)) {
      recordEvent(state, buildEvent(draft, origin));
    }
    state.changed();
  }
}

/** Adds an object and its event. */
export function insert<K extends Kind>(
  work: Work,
  kind: K,
  object: ObjectKinds[K],
  event?: EventTypeOf<K>,
): ObjectKinds[K] {
  work.state.objects[kind].set(object.id, object);
  if (event) work.drafts.push({ type: event, object });
  return object;
}

/** Changes an object and adds the event. Does nothing if no property differs. */
export function update<K extends Kind>(
  work: Work,
  kind: K,
  id: string,
  patch: Partial<ObjectKinds[K]>,
  event?: EventTypeOf<K>,
): ObjectKinds[K] {
  const before = findObject(work.state, kind, id);
  const after = { ...before, ...patch };
  const changes = previousAttributes(before, after);
  if (Object.keys(changes).length === 0) return before;
  work.state.objects[kind].set(id, after);
  if (event) work.drafts.push({ type: event, object: after, previousAttributes: changes });
  return after;
}

/** Adds an event for an object that has not changed. */
export function announce<K extends Kind>(
  work: Work,
  kind: K,
  id: string,
  event: EventTypeOf<K>,
): ObjectKinds[K] {
  const object = findObject(work.state, kind, id);
  work.drafts.push({ type: event, object });
  return object;
}

/** Removes an object, stores its stub and adds the event. */
export function remove<K extends DeletedObject["object"]>(
  work: Work,
  kind: K,
  id: string,
  event: EventTypeOf<K>,
): DeletedObject {
  announce(work, kind, id, event);
  work.state.objects[kind].delete(id);
  const stub: DeletedObject = { id, object: kind, deleted: true };
  work.state.deleted.set(id, stub);
  return stub;
}
