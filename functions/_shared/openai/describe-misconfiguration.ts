import { APIError } from "openai";
import type { Log, LogFields } from "../http/log.ts";
import { type ErrorFacts, findRule } from "./error-table.ts";

/** Why OpenAI rejects the settings of this service. */
export interface Misconfiguration {
  /** The stable name of the cause, such as `key_rejected`. */
  cause: string;
  /** One sentence that says what to change. It never contains a text of OpenAI or a key. */
  fix: string;
}

/**
 * Returns what the operator must change to end an error of OpenAI, for the log line `provider_misconfigured`. Returns
 * null if the error is not the operator's. Takes a thrown error, or the `error` of a failed response.
 */
export function describeMisconfiguration(error: unknown): Misconfiguration | null {
  const facts = readFacts(error);
  if (!facts) return null;
  const rule = findRule(facts);
  return rule.owner === "operator" ? { cause: rule.cause, fix: rule.fix(facts) } : null;
}

/** Logs what the operator must change to end an error of OpenAI, if the error is the operator's. */
export function logMisconfiguration(log: Log, error: unknown, facts: LogFields = {}): void {
  const mistake = describeMisconfiguration(error);
  if (mistake) log.error("provider_misconfigured", { ...facts, ...mistake });
}

/** Returns a function that does the same for many errors of one run, and logs each cause once. */
export function createMisconfigurationLog(log: Log): (error: unknown) => void {
  const causes = new Set<string>();
  return (error) => {
    const mistake = describeMisconfiguration(error);
    if (!mistake || causes.has(mistake.cause)) return;
    causes.add(mistake.cause);
    log.error("provider_misconfigured", { ...mistake });
  };
}

function readFacts(error: unknown): ErrorFacts | null {
  if (error instanceof APIError) return error;
  if (typeof error !== "object" || error === null || error instanceof Error) return null;
  const text = (name: string) => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === "string" ? value : undefined;
  };
  return { code: text("code"), type: text("type"), param: text("param"), message: text("message") };
}
