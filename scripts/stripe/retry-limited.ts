import pRetry from "p-retry";
import Stripe from "stripe";

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 1_000;

/** Runs work again after growing pauses when Stripe's rate limit refuses it. Rejects at once on any other error. */
export function retryLimited<Value>(work: () => Promise<Value>): Promise<Value> {
  return pRetry(work, {
    retries: ATTEMPTS,
    minTimeout: FIRST_PAUSE_MS,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof Stripe.errors.StripeRateLimitError,
  });
}
