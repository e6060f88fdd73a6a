import type Stripe from "stripe";
import { orderEvents } from "./events/event-order.ts";
import { findObject } from "./http/find-objects.ts";
import type { DeletedObject, EventTypeOf, Kind, ObjectKinds } from "./kinds.ts";
import { previousAttributes } from "./events/previous-attributes.ts";
import { recordEvent } from "./events/record-event.ts";
import type { EmulatorState } from "./state.ts";
import { buildEvent, type EventDraft } from "./events/wire-event.ts";

/** The request that caused an event; without an id it happened by itself. */
export type EventOrigin = Stripe.Event.Request;

/** The origin of what no API request caused. */
export const AUTOMATIC: EventOrigin = { id: null, idempotency_key: null };

/** Changes that belong together; their events are sent when all of them are made. */
export interface Work {
  readonly state: EmulatorState;
  readonly drafts: EventDraft[];
}

/** Does `task` and then sends the events of its changes, also when it throws: a declined payment is a change. */
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

/** Adds an object and tells of it. */
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

/** Changes an object and tells of it; a change to what it already was is none. */
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

/** Tells of something that happened to an object without changing it. */
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

/** Removes an object, leaves its stub and tells of it. */
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
