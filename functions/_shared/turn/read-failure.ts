import { APIConnectionTimeoutError, APIError } from "openai";
import { type TurnErrorCode, turnErrorCode } from "./public-errors.ts";

/** What a client may know of an error that was thrown while a reply was generated. */
export function readFailure(error: unknown): TurnErrorCode {
  if (error instanceof APIConnectionTimeoutError) return "provider_timeout";
  if (!(error instanceof APIError)) return "internal";
  // The key or the project is wrong, not the user's request.
  if (error.status === 401 || error.status === 403) return "provider_misconfigured";
  if (error.status === 429 && error.code !== "insufficient_quota") return "provider_busy";
  return turnErrorCode(error.code);
}
