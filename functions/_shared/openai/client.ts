import OpenAI from "openai";
import type { Environment } from "../http/environment.ts";

/** How long OpenAI may take to begin to answer, in milliseconds. */
const TIMEOUT_MS = 60_000;

/**
 * The client of the functions. Without retries of its own: a turn must never run twice because a connection broke, so
 * each caller decides.
 */
export function createOpenAI({ OPENAI_API_KEY, OPENAI_BASE_URL }: Environment): OpenAI {
  return new OpenAI({
    apiKey: OPENAI_API_KEY,
    baseURL: OPENAI_BASE_URL,
    maxRetries: 0,
    timeout: TIMEOUT_MS,
    // Whoever calls logs what went wrong, in the form of all lines.
    logLevel: "off",
  });
}
