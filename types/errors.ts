// The one list of error codes. Functions take status and sentences from it, and tests compare SQL and the docs with it.
import { accountErrors } from "./errors/accounts.ts";
import { adminErrors } from "./errors/admin.ts";
import { billingErrors } from "./errors/billing.ts";
import type { ErrorEntry } from "./errors/entry.ts";
import { fileErrors } from "./errors/files.ts";
import { lookoutErrors } from "./errors/lookouts.ts";
import { organizationErrors } from "./errors/organizations.ts";
import { requestErrors } from "./errors/requests.ts";
import { turnErrors } from "./errors/turns.ts";

/** Every error code of Parley: its HTTP status, what happened, and what to do. */
export const errors = {
  ...requestErrors,
  ...turnErrors,
  ...fileErrors,
  ...billingErrors,
  ...organizationErrors,
  ...lookoutErrors,
  ...adminErrors,
  ...accountErrors,
} as const satisfies Record<string, ErrorEntry>;

/** A code of Parley's own list. */
export type ErrorCode = keyof typeof errors;

/** A code that can be an HTTP error. The other codes appear only in streams and stored rows. */
export type HttpErrorCode = {
  [Code in ErrorCode]: (typeof errors)[Code]["status"] extends number ? Code : never;
}[ErrorCode];

/** A code that a client receives. A team's own functions may add codes that are not in the list. */
export type ReceivedErrorCode = ErrorCode | (string & Record<never, never>);

/** Returns two sentences for a person: what happened, and what to do. */
export function describeErrorCode(code: ErrorCode): string {
  const { meaning, action } = errors[code];
  return `${meaning} ${action}`;
}

/** Returns true if a received code is in Parley's own list. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errors, code);
}
