type JsonObject = Record<string, unknown>;

/**
 * Merges message metadata as the AI SDK's client does. Objects are merged deeply, other values are replaced, and
 * `undefined` never overwrites a value.
 */
export function mergeMetadata(base: unknown, overrides: unknown): unknown {
  if (!isObject(base) || !isObject(overrides)) return overrides ?? base;
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    if (value === undefined) continue;
    const earlier = merged[key];
    merged[key] = isObject(earlier) && isObject(value) ? mergeMetadata(earlier, value) : value;
  }
  return merged;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
