import pThrottle from "p-throttle";
import { pause } from "../http/pause.ts";

/** The longest time for one attempt at a request, in milliseconds. Waiting for the limit is not part of it. */
const ATTEMPT_MS = 20_000;
/** The pause after the first 429, in milliseconds. Each further pause is twice as long, up to the longest. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;
/** With the pauses between them, attempts take up to 30 seconds. */
const ATTEMPTS = 7;

/** The limits of this process by their rate, so that all clients of Stripe share one. */
const limits = new Map<number, typeof fetch>();

/**
 * Returns the `fetch` of Stripe's client: it starts at most `perSecond` requests in any second (null: no limit), and
 * sends a request again that Stripe refuses with 429. The client itself does so only after a lock timeout:
 * https://github.com/stripe/stripe-node/issues/1885
 */
export function createStripeFetch(perSecond: number | null): typeof fetch {
  const limited = limit(perSecond);
  return async (input, init) => {
    for (let attempt = 1;; attempt++) {
      const response = await limited(input, init);
      if (!isLimited(response) || attempt === ATTEMPTS) return response;
      await response.body?.cancel();
      await pause(pauseAfter(response, attempt));
      init?.signal?.throwIfAborted();
    }
  };
}

function limit(perSecond: number | null): typeof fetch {
  if (perSecond === null) return send;
  const known = limits.get(perSecond);
  if (known) return known;
  // Spread over the second: requests that start at once may arrive late, together with those of the next second.
  const together = Math.max(1, Math.floor(perSecond / 10));
  const interval = 1_000 * together / perSecond;
  const made: typeof fetch = pThrottle({ limit: together, interval, strict: true })(send);
  limits.set(perSecond, made);
  return made;
}

function send(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  const limit = AbortSignal.timeout(ATTEMPT_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, limit]) : limit;
  return fetch(input, { ...init, signal });
}

/** Returns true if a later attempt may succeed. Stripe says so by a header if it knows. */
function isLimited({ status, headers }: Response): boolean {
  return status === 429 && headers.get("stripe-should-retry") !== "false";
}

/** Returns the pause in milliseconds that Stripe asks for, or else one that grows and differs between callers. */
function pauseAfter({ headers }: Response, attempt: number): number {
  const asked = Number(headers.get("retry-after") ?? NaN) * 1_000;
  if (asked > 0) return Math.min(asked, LONGEST_PAUSE_MS);
  const longest = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
  return longest * (0.5 + Math.random() / 2);
}
