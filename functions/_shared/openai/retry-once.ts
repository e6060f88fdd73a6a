import { APIError } from "openai";

/** A longer pause is left to the client, which can try again. */
const LONGEST_PAUSE_SECONDS = 5;
const DEFAULT_PAUSE_SECONDS = 0.5;

/**
 * Repeats a call once after a response with the status 429 or 5xx. A broken connection is never retried: OpenAI may
 * have accepted the request, and a turn must not run twice.
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

/** Returns the pause in seconds that OpenAI asked for, if any. */
export function retryAfter(error: unknown): number | undefined {
  if (!(error instanceof APIError)) return undefined;
  const seconds = Number(error.headers?.get("retry-after") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** Resolves after this time. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function isRetryable(error: unknown): boolean {
  if (!(error instanceof APIError) || error.status === undefined) return false;
  return error.status >= 500 || (error.status === 429 && error.code !== "insufficient_quota");
}
