import { APIConnectionTimeoutError, APIError } from "openai";
import { type TurnErrorCode, turnErrorCode } from "./public-errors.ts";

/** Returns the public code of an error with which OpenAI refused a turn. */
export function readFailure(error: unknown): Exclude<TurnErrorCode, "still_generating"> {
  if (error instanceof APIConnectionTimeoutError) return "provider_timeout";
  if (!(error instanceof APIError)) return "internal";
  // The key or the project is wrong, not the user's request.
  if (error.status === 401 || error.status === 403) return "provider_misconfigured";
  if (error.status === 429 && error.code !== "insufficient_quota") return "provider_busy";
  const code = turnErrorCode(error.code);
  return code === "still_generating" ? "provider_error" : code;
}
