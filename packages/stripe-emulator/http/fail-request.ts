import { describeFailure } from "@parley/emulator-kit/behaviour-store.ts";
import type { StripeFailure } from "../control/behaviour.ts";
import { ApiError, type ApiErrorDetails } from "./api-error.ts";

/** A detail that must never reach a client; tests search for it. */
export const UPSTREAM_MARKER = "upstream detail acct-emulator";

/** Returns the error for a commanded failure, in Stripe's shape for its status. */
export function failRequest(failure: StripeFailure): ApiError {
  const { message, headers } = describeFailure(failure, UPSTREAM_MARKER);
  const { message: said = message, ...details } = failure.error ?? describeStatus(failure);
  const own = "headers" in details ? details.headers : {};
  return new ApiError(failure.status, said, { ...details, headers: { ...own, ...headers } });
}

/**
 * Returns the error for a request above the rate limit.
 * Source: https://docs.stripe.com/rate-limits and https://docs.stripe.com/error-codes#rate-limit
 */
export function limitRequest(): ApiError {
  return new ApiError(
    429,
    "Request rate limit exceeded. Learn more about rate limits here https://docs.stripe.com/rate-limits.",
    { code: "rate_limit", headers: { "stripe-rate-limited-reason": "global-rate" } },
  );
}

function describeStatus({ status, code }: StripeFailure): ApiErrorDetails & { message?: string } {
  if (status === 402) {
    return { type: "card_error", code: "card_declined", decline_code: "generic_decline" };
  }
  if (status === 429) return describeLimit(code);
  return status >= 500 ? { type: "api_error" } : {};
}

/**
 * Returns the details of a 429. Stripe advises to repeat a request after a lock timeout only, because repeating one
 * above the rate limit makes more requests: https://github.com/stripe/stripe-dotnet/issues/1886
 */
function describeLimit(code: StripeFailure["code"] = "rate_limit"): ApiErrorDetails {
  return code === "lock_timeout" ? { code, headers: { "stripe-should-retry": "true" } } : { code };
}
