import type { Json } from "../../../types/database.ts";
import { toStoredText } from "../../../types/stored-text.ts";

/** Returns a value as jsonb can store it: what JSON keeps of it, and its texts without NUL and lone surrogates. */
export function toStoredJson(value: object): Json {
  return JSON.parse(
    JSON.stringify(value),
    (_key, part) => typeof part === "string" ? toStoredText(part) : part,
  );
}
