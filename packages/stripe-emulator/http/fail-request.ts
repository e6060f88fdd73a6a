import { ApiError, type ApiErrorDetails } from "./api-error.ts";
import type { Failure } from "@parley/emulator-kit/behaviour-store.ts";

/** A detail that must never reach a client; tests search for it. */
export const UPSTREAM_MARKER = "upstream detail acct-emulator";

/** Returns the error for a commanded failure, in Stripe's shape for its status. */
export function failRequest({ status, retry_after }: Failure): ApiError {
  const headers = retry_after === undefined ? undefined : { "retry-after": String(retry_after) };
  const message = `Commanded failure with status ${status} (${UPSTREAM_MARKER}).`;
  return new ApiError(status, message, { ...describeStatus(status), headers });
}

function describeStatus(status: number): ApiErrorDetails {
  if (status === 402) {
    return { type: "card_error", code: "card_declined", decline_code: "generic_decline" };
  }
  if (status === 429) return { code: "rate_limit" };
  return status >= 500 ? { type: "api_error" } : {};
}
