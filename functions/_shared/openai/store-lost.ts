import { APIError } from "openai";

/** Returns true if OpenAI refused a request because a vector store has expired or was deleted. */
export function isStoreLost(error: unknown): boolean {
  const isRefusal = error instanceof APIError && (error.status === 400 || error.status === 404);
  return isRefusal && saysStoreLost(error.message);
}

/**
 * Returns true for OpenAI's message about an expired or deleted vector store. OpenAI has no code for it.
 * Source: https://github.com/smskin/laravel-openai, `VectorStoreExceptionTrait`.
 */
export function saysStoreLost(message: string): boolean {
  return /vector.?store/i.test(message) && /expired|not found|no vector.?store/i.test(message);
}

/** Returns true if OpenAI does not have the requested object. */
export function isGone(error: unknown): boolean {
  return error instanceof APIError && error.status === 404;
}
