import Stripe from "stripe";

/** The longest time for one request to Stripe, in milliseconds. */
const TIMEOUT_MS = 20_000;
const RETRIES = 2;

/** The address of Stripe's API and its key. */
export interface StripeAccess {
  STRIPE_SECRET_KEY: string;
  STRIPE_API_URL: string;
}

/** Creates the client of functions and scripts. It uses the API version of its types. */
export function createStripe({ STRIPE_SECRET_KEY, STRIPE_API_URL }: StripeAccess): Stripe {
  const { protocol, hostname, port } = new URL(STRIPE_API_URL);
  return new Stripe(STRIPE_SECRET_KEY, {
    httpClient: Stripe.createFetchHttpClient(),
    maxNetworkRetries: RETRIES,
    timeout: TIMEOUT_MS,
    telemetry: false,
    protocol: protocol === "http:" ? "http" : "https",
    host: hostname,
    ...(port && { port }),
  });
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
