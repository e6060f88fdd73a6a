import { noSuch } from "./api-error.ts";
import type { DeletedObject, Kind, ObjectKinds, StripeObject } from "../kinds.ts";
import type { EmulatorState } from "../state.ts";

/** A reference to another object: its id, or the object itself if it has been expanded. */
export type Reference = string | { id: string } | null | undefined;

/** Returns the id in a reference; null if it refers to nothing. */
export function idOf(reference: Reference): string | null {
  return typeof reference === "string" ? reference : reference?.id ?? null;
}

/**
 * Returns the object with that id. Throws Stripe's 404 if it does not exist, or a 400 if parameter `param`
 * named it.
 */
export function findObject<K extends Kind>(
  state: EmulatorState,
  kind: K,
  id: string,
  param?: string,
): ObjectKinds[K] {
  const object = state.objects[kind].get(id);
  if (!object) throw noSuch(kind, id, param);
  return object;
}

/** Returns the object that `reference` refers to; null if there is none. */
export function lookUp<K extends Kind>(
  state: EmulatorState,
  kind: K,
  reference: Reference,
): ObjectKinds[K] | null {
  return state.objects[kind].get(idOf(reference) ?? "") ?? null;
}

/** Returns the object or the stub with that id, of any kind; null if there is none. */
export function findAny(state: EmulatorState, id: string): StripeObject | DeletedObject | null {
  for (const table of Object.values(state.objects)) {
    const object = table.get(id);
    if (object) return object;
  }
  return state.deleted.get(id) ?? null;
}
