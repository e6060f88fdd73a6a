import { retryConflict } from "./retry-conflict.ts";

/** PostgREST ends a statement after 8 seconds, so a longer request was lost on the way. */
const LIMIT_MS = 15_000;

/** Returns a `fetch` that aborts requests to the database after `limitMs`. Storage and Auth have no limit. */
export function createLimitedFetch(limitMs: number): typeof fetch {
  return (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (!pathname.startsWith("/rest/")) return fetch(input, init);
    const limit = AbortSignal.timeout(limitMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
    return fetch(input, { ...init, signal });
  };
}

/**
 * The `fetch` of all functions. A function that waits for the database forever would prevent the recovery of its turn.
 * A transaction that a deadlock rolled back is tried again once.
 */
export const limitedFetch = retryConflict(createLimitedFetch(LIMIT_MS));
