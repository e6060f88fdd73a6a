/** PostgREST gives up on a statement after 8 seconds; what takes longer than this has been lost on the way. */
const LIMIT_MS = 15_000;

/** A `fetch` that waits so long for the database, and for Storage and Auth as long as they take. */
export function createLimitedFetch(limitMs: number): typeof fetch {
  return (input, init) => {
    const { pathname } = new URL(input instanceof Request ? input.url : input);
    if (!pathname.startsWith("/rest/")) return fetch(input, init);
    const limit = AbortSignal.timeout(limitMs);
    const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
    return fetch(input, { ...init, signal });
  };
}

/** The one of all functions: whoever waits for the database for ever keeps a turn from being recovered. */
export const limitedFetch = createLimitedFetch(LIMIT_MS);
