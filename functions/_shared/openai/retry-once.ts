import { APIError } from "openai";

/** A provider that asks for a longer pause than this is busy: the client waits, not the function. */
const LONGEST_PAUSE_SECONDS = 5;
const DEFAULT_PAUSE_SECONDS = 0.5;

/**
 * Calls again, once, after a 429 or 5xx that was received as a response. A connection that broke is never retried:
 * the provider may have taken the request, and a turn must not run twice.
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

/** The pause in seconds that the provider asked for, if it did. */
export function retryAfter(error: unknown): number | undefined {
  if (!(error instanceof APIError)) return undefined;
  const seconds = Number(error.headers?.get("retry-after") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** Resolves after so many milliseconds. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function isRetryable(error: unknown): boolean {
  if (!(error instanceof APIError) || error.status === undefined) return false;
  return error.status >= 500 || (error.status === 429 && error.code !== "insufficient_quota");
}
