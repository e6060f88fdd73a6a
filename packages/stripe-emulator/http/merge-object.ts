import { isJsonObject, type Json, type JsonObject } from "../json.ts";

/**
 * Returns `before` with `change` applied. Objects are merged, the entries of arrays are matched by id, and
 * all other values are replaced.
 */
export function mergeObject(before: JsonObject, change: JsonObject): JsonObject {
  const merged = { ...before };
  for (const [key, value] of Object.entries(change)) merged[key] = mergeValue(before[key], value);
  return merged;
}

function mergeValue(before: Json | undefined, change: Json): Json {
  if (isJsonObject(before) && isJsonObject(change)) return mergeObject(before, change);
  if (Array.isArray(before) && Array.isArray(change)) {
    return change.map((entry) => mergeValue(before.find((old) => isSame(old, entry)), entry));
  }
  return change;
}

function isSame(a: Json, b: Json): boolean {
  return isJsonObject(a) && isJsonObject(b) && a.id !== undefined && a.id === b.id;
}
