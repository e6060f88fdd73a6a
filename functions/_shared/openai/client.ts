import OpenAI from "openai";
import type { Environment } from "../http/environment.ts";

/** The time in milliseconds within which OpenAI must begin to respond. */
const TIMEOUT_MS = 60_000;

/**
 * Creates the client of the functions. The client never retries by itself: a turn must not run twice because a
 * connection broke, so each caller decides.
 */
export function createOpenAI({ OPENAI_API_KEY, OPENAI_BASE_URL }: Environment): OpenAI {
  return new OpenAI({
    apiKey: OPENAI_API_KEY,
    baseURL: OPENAI_BASE_URL,
    maxRetries: 0,
    timeout: TIMEOUT_MS,
    // Callers log errors in Parley's own format.
    logLevel: "off",
  });
}
