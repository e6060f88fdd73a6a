/** A value that JSON can hold. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

/** An object that JSON can hold. */
export interface JsonObject {
  [key: string]: Json;
}

/** `value` as it travels: decimals become texts, absent properties go. */
export function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value));
}

/** Whether `value` is an object with properties. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
