import { APIError } from "openai";

/** True when OpenAI refuses because a vector store has expired or is not there any more. */
export function isStoreLost(error: unknown): boolean {
  const isRefusal = error instanceof APIError && (error.status === 400 || error.status === 404);
  return isRefusal && saysStoreLost(error.message);
}

/**
 * True for what OpenAI says of a vector store that has expired or is not there any more; it has no code for it.
 * Source: https://github.com/smskin/laravel-openai, `VectorStoreExceptionTrait`.
 */
export function saysStoreLost(message: string): boolean {
  return /vector.?store/i.test(message) && /expired|not found|no vector.?store/i.test(message);
}

/** True when OpenAI does not know what was asked for. */
export function isGone(error: unknown): boolean {
  return error instanceof APIError && error.status === 404;
}
