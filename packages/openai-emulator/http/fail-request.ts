import { describeFailure, type Failure } from "@parley/emulator-kit/behaviour-store.ts";
import { ApiError, type ApiErrorDetails } from "./api-error.ts";

/** A detail that must never reach a client; tests search for it. */
export const UPSTREAM_MARKER = "upstream detail org-emulator";

/** Returns the error for a commanded failure, in OpenAI's shape for its status. */
export function failRequest(failure: Failure): ApiError {
  const { message, headers } = describeFailure(failure, UPSTREAM_MARKER);
  return new ApiError(failure.status, message, { ...describeStatus(failure.status), headers });
}

function describeStatus(status: number): ApiErrorDetails {
  if (status === 401) return { code: "invalid_api_key" };
  if (status === 429) return { type: "requests", code: "rate_limit_exceeded" };
  return status >= 500 ? { type: "server_error", code: "server_error" } : {};
}

/** Returns the 400 for files that do not exist. */
export function missingFiles(ids: readonly string[]): ApiError {
  return new ApiError(400, `Files ${listIds(ids)} were not found.`, { param: "input" });
}

/** Returns ids like a Python list, as OpenAI writes them in messages. */
export function listIds(ids: readonly string[]): string {
  return `[${ids.map((id) => `'${id}'`).join(", ")}]`;
}
