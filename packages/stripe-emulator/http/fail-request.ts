import { describeFailure } from "@parley/emulator-kit/behaviour-store.ts";
import type { StripeFailure } from "../control/behaviour.ts";
import { ApiError, type ApiErrorDetails } from "./api-error.ts";

/** A detail that must never reach a client; tests search for it. */
export const UPSTREAM_MARKER = "upstream detail acct-emulator";

/** Returns the error for a commanded failure, in Stripe's shape for its status. */
export function failRequest(failure: StripeFailure): ApiError {
  const { message, headers } = describeFailure(failure, UPSTREAM_MARKER);
  const { message: said = message, ...details } = failure.error ?? describeStatus(failure.status);
  return new ApiError(failure.status, said, { ...details, headers });
}

function describeStatus(status: number): ApiErrorDetails & { message?: string } {
  if (status === 402) {
    return { type: "card_error", code: "card_declined", decline_code: "generic_decline" };
  }
  if (status === 429) return { code: "rate_limit" };
  return status >= 500 ? { type: "api_error" } : {};
}
