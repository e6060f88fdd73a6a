import Stripe from "stripe";

/** How long Stripe may take to answer one request, in milliseconds. */
const TIMEOUT_MS = 20_000;
const RETRIES = 2;

/** Where Stripe is, and with which key. */
export interface StripeAccess {
  STRIPE_SECRET_KEY: string;
  STRIPE_API_URL: string;
}

/** The client of functions and scripts, in the API version that its types are of. */
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

/** Whether a key is of live mode: `sk_live_…`, or `rk_live_…` of a restricted one. */
export function isLiveKey(secretKey: string): boolean {
  return /^[a-z]+_live_/.test(secretKey);
}

/** Stripe does not know the object. */
export function isMissing(error: unknown): boolean {
  return error instanceof Stripe.errors.StripeError && error.statusCode === 404;
}

/** The id of what Stripe sends as an id or, expanded, as an object. */
export function idOf(reference: string | { id: string } | null | undefined): string | null {
  return typeof reference === "string" ? reference : reference?.id ?? null;
}

/** The moment of a time of Stripe, which is in seconds. */
export function toIso(seconds: number): string;
/** The moment of a time of Stripe; null stays null. */
export function toIso(seconds: number | null | undefined): string | null;
export function toIso(seconds: number | null | undefined): string | null {
  return seconds === null || seconds === undefined ? null : new Date(seconds * 1000).toISOString();
}
