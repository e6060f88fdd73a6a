import pRetry from "p-retry";
import Stripe from "stripe";

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 1_000;

/** Repeats what met Stripe's rate limit, after growing pauses. Anything else is thrown at once. */
export function retryLimited<Value>(work: () => Promise<Value>): Promise<Value> {
  return pRetry(work, {
    retries: ATTEMPTS,
    minTimeout: FIRST_PAUSE_MS,
    randomize: true,
    shouldRetry: ({ error }) => error instanceof Stripe.errors.StripeRateLimitError,
  });
}
