import { isJsonObject, type JsonObject, toJson } from "../json.ts";

/**
 * Returns the `previous_attributes` of an update event: the attributes that differ, with their old values. It
 * contains only the differing parts of an object, but all of an array, and null for attributes that are new
 * (https://docs.stripe.com/api/events/object).
 */
export function previousAttributes(before: object, after: object): JsonObject {
  return differences(toJson(before), toJson(after));
}

function differences(before: JsonObject, after: JsonObject): JsonObject {
  const changed: JsonObject = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]];
    if (JSON.stringify(old) === JSON.stringify(now)) continue;
    changed[key] = isJsonObject(old) && isJsonObject(now) ? differences(old, now) : old ?? null;
  }
  return changed;
}
