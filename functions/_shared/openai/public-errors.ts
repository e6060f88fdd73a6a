import { describeErrorCode } from "../../../types/errors.ts";
import { failureCodes, findRule } from "./error-table.ts";

/** The codes of failed turns that clients receive. */
const turnErrorCodes = [...failureCodes, "still_generating"] as const;

/** The stable code of a failed turn. */
export type TurnErrorCode = (typeof turnErrorCodes)[number];

/** Returns the public code for a code of OpenAI. A public code stays as it is; an unknown code is `provider_error`. */
export function turnErrorCode(code: string | null | undefined): TurnErrorCode {
  return turnErrorCodes.find((known) => known === code) ?? findRule({ code }).code;
}

/**
 * Returns the `errorText` of an `error` chunk, which `useChat` shows as `error.message`: `{ code, message }` as JSON.
 * It never contains a text of OpenAI.
 */
export function publicErrorText(code: string | null | undefined): string {
  const known = turnErrorCode(code);
  return JSON.stringify({ code: known, message: describeErrorCode(known) });
}
