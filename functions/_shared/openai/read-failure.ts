import { APIConnectionTimeoutError, APIError } from "openai";
import { type FailureCode, findRule } from "./error-table.ts";

/** Returns the public code of an error with which OpenAI refused a turn. */
export function readFailure(error: unknown): FailureCode {
  if (error instanceof APIConnectionTimeoutError) return "provider_timeout";
  return error instanceof APIError ? findRule(error).code : "internal";
}
