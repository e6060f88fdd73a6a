import { APIError } from "openai";
import { pause } from "../http/pause.ts";
import { findRule } from "./error-table.ts";

/** A longer pause is left to the client, which can try again. */
const LONGEST_PAUSE_SECONDS = 5;
const DEFAULT_PAUSE_SECONDS = 0.5;

/**
 * Repeats a call once after a refusal that may pass in a moment, such as a 429 or 5xx. A broken connection is never
 * retried: OpenAI may have accepted the request, and a turn must not run twice.
 */
export async function retryOnce<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const seconds = retryAfter(error) ?? DEFAULT_PAUSE_SECONDS;
    if (!isRetryable(error) || seconds > LONGEST_PAUSE_SECONDS) throw error;
    await pause(seconds * 1000);
    return await call();
  }
}

/**
 * Returns the pause in seconds that OpenAI asked for, if any: `retry-after-ms`, or `retry-after` as seconds or as a
 * date in the future. The client of the `openai` package reads them in the same order.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function retryAfter(error: unknown): number | undefined {
  if (!(error instanceof APIError)) return undefined;
  const headers: Headers | undefined = error.headers;
  const milliseconds = readNumber(headers?.get("retry-after-ms"));
  if (milliseconds !== undefined) return milliseconds / 1000;
  const value = headers?.get("retry-after");
  return readNumber(value) ?? readDate(value);
}

function isRetryable(error: unknown): boolean {
  if (!(error instanceof APIError) || error.status === undefined) return false;
  // OpenAI's own word goes first, as in the client of the `openai` package.
  const told = error.headers?.get("x-should-retry");
  if (told === "true" || told === "false") return told === "true";
  return findRule(error).retry;
}

function readNumber(value: string | null | undefined): number | undefined {
  return value && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
}

/** Returns the seconds until an HTTP date. A date that has passed says nothing about the pause. */
function readDate(value: string | null | undefined): number | undefined {
  // All three forms of a date begin with the name of a day, and all are in GMT, though one does not say so.
  if (!value || !/^[A-Z][a-z]{2}/.test(value)) return undefined;
  const at = Date.parse(value.endsWith("GMT") ? value : `${value} GMT`);
  return at >= Date.now() ? (at - Date.now()) / 1000 : undefined;
}
