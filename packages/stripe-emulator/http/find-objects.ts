import { noSuch } from "./api-error.ts";
import type { DeletedObject, Kind, ObjectKinds, StripeObject } from "../kinds.ts";
import type { EmulatorState } from "../state.ts";

/** A reference to another object: its id, or the object itself where it has been expanded. */
export type Reference = string | { id: string } | null | undefined;

/** The id that a reference holds; null when it refers to nothing. */
export function idOf(reference: Reference): string | null {
  return typeof reference === "string" ? reference : reference?.id ?? null;
}

/** The object with that id; throws Stripe's 404, or its 400 about `param` when a parameter named it. */
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

/** The object that `reference` refers to; null when there is none. */
export function lookUp<K extends Kind>(
  state: EmulatorState,
  kind: K,
  reference: Reference,
): ObjectKinds[K] | null {
  return state.objects[kind].get(idOf(reference) ?? "") ?? null;
}

/** The object or stub with that id, of whatever kind; null when there is none. */
export function findAny(state: EmulatorState, id: string): StripeObject | DeletedObject | null {
  for (const table of Object.values(state.objects)) {
    const object = table.get(id);
    if (object) return object;
  }
  return state.deleted.get(id) ?? null;
}
