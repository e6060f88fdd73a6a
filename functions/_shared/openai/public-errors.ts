/** What a client may be told about a failed turn; each is a stable code and a sentence of ours. */
export const turnErrorMessages = {
  provider_error: "The model could not answer. Please try again.",
  provider_busy: "The model is busy. Please try again in a moment.",
  provider_misconfigured: "The assistant is not set up correctly. Please contact support.",
  provider_timeout: "The model took too long to answer. Please try again.",
  content_filtered: "The request or the answer was blocked by the content filter.",
  still_generating: "The answer is still being generated. Reload to continue.",
  internal: "Something went wrong. Please try again.",
} as const satisfies Record<string, string>;

/** The stable code of a failed turn. */
export type TurnErrorCode = keyof typeof turnErrorMessages;

/**
 * Error codes of OpenAI that mean more to a client than "the provider failed".
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

/** The public code for a code of OpenAI; ours stay themselves, unknown ones are `provider_error`. */
export function turnErrorCode(code: string | null | undefined): TurnErrorCode {
  if (code == null) return "provider_error";
  if (isTurnErrorCode(code)) return code;
  return OPENAI_CODES.get(code) ?? "provider_error";
}

/**
 * The `errorText` of an `error` chunk, which `useChat` shows as `error.message`: the JSON of
 * `{ code, message }`. Nothing that OpenAI wrote gets into it.
 */
export function publicErrorText(code: string | null | undefined): string {
  const known = turnErrorCode(code);
  return JSON.stringify({ code: known, message: turnErrorMessages[known] });
}

function isTurnErrorCode(code: string): code is TurnErrorCode {
  return Object.hasOwn(turnErrorMessages, code);
}
