/** A JSON value. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

/** A JSON object. */
export interface JsonObject {
  [key: string]: Json;
}

/** Returns `value` as the API sends it: decimals become strings, and undefined properties are omitted. */
export function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

/** Returns whether `value` is an object with properties. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
