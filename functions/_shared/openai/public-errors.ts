import { describeErrorCode } from "../../../types/errors.ts";

/** The codes of failed turns that clients receive. */
const turnErrorCodes = [
  "provider_error",
  "provider_busy",
  "provider_misconfigured",
  "provider_timeout",
  "content_filtered",
  "still_generating",
  "internal",
] as const;

/** The stable code of a failed turn. */
export type TurnErrorCode = (typeof turnErrorCodes)[number];

/**
 * Error codes of OpenAI that have a more precise public code than `provider_error`.
 * @see https://developers.openai.com/api/docs/guides/error-codes
 */
const OPENAI_CODES = new Map<string, TurnErrorCode>([
  ["rate_limit_exceeded", "provider_busy"],
  ["server_is_overloaded", "provider_busy"],
  ["slow_down", "provider_busy"],
  ["insufficient_quota", "provider_misconfigured"],
  ["billing_hard_limit_reached", "provider_misconfigured"],
  ["invalid_api_key", "provider_misconfigured"],
  ["model_not_found", "provider_misconfigured"],
  ["data_residency_mismatch", "provider_misconfigured"],
  ["vector_store_timeout", "provider_timeout"],
  ["content_filter", "content_filtered"],
  ["content_policy_violation", "content_filtered"],
  ["image_content_policy_violation", "content_filtered"],
  ["misalignment_policy_violation", "content_filtered"],
  ["bio_policy", "content_filtered"],
]);

/** Returns the public code for a code of OpenAI. A public code stays as it is; an unknown code is `provider_error`. */
export function turnErrorCode(code: string | null | undefined): TurnErrorCode {
  if (code == null) return "provider_error";
  if (isTurnErrorCode(code)) return code;
  return OPENAI_CODES.get(code) ?? "provider_error";
}

/**
 * Returns the `errorText` of an `error` chunk, which `useChat` shows as `error.message`: `{ code, message }` as JSON.
 * It never contains a text of OpenAI.
 */
export function publicErrorText(code: string | null | undefined): string {
  const known = turnErrorCode(code);
  return JSON.stringify({ code: known, message: describeErrorCode(known) });
}

function isTurnErrorCode(code: string): code is TurnErrorCode {
  return turnErrorCodes.some((known) => known === code);
}
