import { describeFailure, type Failure } from "@parley/emulator-kit/behaviour-store.ts";
import { ApiError, type ApiErrorDetails } from "./api-error.ts";

/** A detail that must never reach a client; tests search for it. */
export const UPSTREAM_MARKER = "upstream detail acct-emulator";

/** Returns the error for a commanded failure, in Stripe's shape for its status. */
export function failRequest(failure: Failure): ApiError {
  const { message, headers } = describeFailure(failure, UPSTREAM_MARKER);
  return new ApiError(failure.status, message, { ...describeStatus(failure.status), headers });
}

function describeStatus(status: number): ApiErrorDetails {
  if (status === 402) {
    return { type: "card_error", code: "card_declined", decline_code: "generic_decline" };
  }
  if (status === 429) return { code: "rate_limit" };
  return status >= 500 ? { type: "api_error" } : {};
}
