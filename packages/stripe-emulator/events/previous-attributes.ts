import { isJsonObject, type JsonObject, toJson } from "../json.ts";

/**
 * What an update event says about the state before: the attributes that differ, with their old values. Of an object
 * only what differs inside it, of an array all of it, null for what was not there
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
