import Stripe from "stripe";
import { createStripeFetch } from "./stripe-fetch.ts";

/** The longest time for one request to Stripe, in milliseconds. It includes waiting for the limit, and after a 429. */
const TIMEOUT_MS = 80_000;
const RETRIES = 2;
/** The address of Stripe itself. */
export const STRIPE_URL = "https://api.stripe.com";

/** The address of Stripe's API, its key, and the most requests a second. */
export interface StripeAccess {
  STRIPE_SECRET_KEY: string;
  STRIPE_API_URL: string;
  STRIPE_REQUESTS_PER_SECOND?: number;
}

/** Creates the client of functions and scripts. It uses the API version of its types. */
export function createStripe(access: StripeAccess): Stripe {
  const { protocol, hostname, port } = new URL(access.STRIPE_API_URL);
  return new Stripe(access.STRIPE_SECRET_KEY, {
    httpClient: Stripe.createFetchHttpClient(createStripeFetch(readRate(access))),
    maxNetworkRetries: RETRIES,
    timeout: TIMEOUT_MS,
    telemetry: false,
    protocol: protocol === "http:" ? "http" : "https",
    host: hostname,
    ...(port && { port }),
  });
}

/**
 * Returns the most requests a second. Without a setting, a fifth of what Stripe allows is left to other programs. Only
 * Stripe itself has a limit: 100 in live mode and 25 in test mode, https://docs.stripe.com/rate-limits
 */
export function readRate(access: StripeAccess): number | null {
  const { STRIPE_SECRET_KEY, STRIPE_API_URL, STRIPE_REQUESTS_PER_SECOND } = access;
  if (STRIPE_REQUESTS_PER_SECOND !== undefined) return STRIPE_REQUESTS_PER_SECOND;
  if (new URL(STRIPE_API_URL).origin !== STRIPE_URL) return null;
  return isLiveKey(STRIPE_SECRET_KEY) ? 80 : 20;
}

/** Returns true for a key of live mode: `sk_live_…`, or `rk_live_…` for a restricted key. */
export function isLiveKey(secretKey: string): boolean {
  return /^[a-z]+_live_/.test(secretKey);
}

/** Returns true if Stripe does not know the requested object. */
export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.statusCode === 404;
}

/** Returns the id of a reference, which Stripe sends as an id or, expanded, as an object. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === "string" ? reference : reference?.id ?? null;
}

/** Returns a time of Stripe, which is in Unix seconds, as an ISO string. */
export function toIso(seconds: number): string;
/** Returns a time of Stripe as an ISO string; null when there is none. */
export function toIso(seconds: number | null | undefined): string | null;
export function toIso(seconds: number | null | undefined): string | null {
  return seconds === null || seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}
