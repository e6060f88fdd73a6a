import type { Json } from "../../../types/database.ts";
import { toStoredText } from "../../../types/stored-text.ts";

/** Returns a value as JSON that jsonb can store: texts have no NUL, and lone surrogates are replaced. */
export function toStoredJson(value: unknown): Json {
  return JSON.parse(
    JSON.stringify(value ?? null),
    (_key, part) => typeof part === "string" ? toStoredText(part) : part,
  );
}
