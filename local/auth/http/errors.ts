import { DatabaseError } from "pg";
import type { Log } from "../../stack/log.ts";

/** The error codes of Supabase Auth with their default statuses. */
const STATUS = {
  bad_json: 400,
  validation_failed: 400,
  invalid_credentials: 400,
  email_not_confirmed: 400,
  refresh_token_not_found: 400,
  refresh_token_already_used: 400,
  bad_code_verifier: 400,
  phone_provider_disabled: 400,
  /** The refusal of a hook, which has no code of its own. */
  unknown: 400,
  no_authorization: 401,
  bad_jwt: 403,
  not_admin: 403,
  otp_expired: 403,
  session_not_found: 403,
  user_banned: 403,
  user_not_found: 404,
  flow_state_not_found: 404,
  not_found: 404,
  method_not_allowed: 405,
  anonymous_provider_disabled: 422,
  email_exists: 422,
  phone_exists: 422,
  user_already_exists: 422,
  weak_password: 422,
  same_password: 422,
  otp_disabled: 422,
  unexpected_failure: 500,
} as const satisfies Record<string, number>;

/** An error code of Supabase Auth. Source: https://supabase.com/docs/guides/auth/debugging/error-codes */
export type AuthErrorCode = keyof typeof STATUS;

/** A refusal of the Auth API. */
export class AuthError extends Error {
  readonly code: AuthErrorCode;
  readonly status: number;
  /** Further members of the response. */
  readonly extra: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    code: AuthErrorCode,
    message: string,
    { status = STATUS[code], extra = {}, headers = {} }: {
      status?: number;
      extra?: Record<string, unknown>;
      headers?: Record<string, string>;
    } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.extra = extra;
    this.headers = headers;
  }
}

/** The message for an address that another user has. */
export const EMAIL_TAKEN = "A user with this email address has already been registered";

/** Returns true when `error` reports a duplicate of a unique key. */
export function isUniqueViolation(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && error.code === "23505";
}

/** Converts an error to a refusal without the database's message. Logs unexpected errors. */
export function toAuthError(error: unknown, log: Log): AuthError {
  if (error instanceof AuthError) return error;
  if (isUniqueViolation(error)) return alreadyTaken(error.constraint);
  // SQLSTATEs of class 22 report a value that cannot be stored, such as text with a NUL.
  if (error instanceof DatabaseError && error.code?.startsWith("22")) {
    return new AuthError("validation_failed", "A value cannot be stored");
  }
  log("auth", `unexpected: ${error instanceof Error ? error.message : "unknown error"}`);
  return new AuthError("unexpected_failure", "Unexpected failure, please check server logs");
}

/**
 * Builds the response to an error that a trigger raised with an SQLSTATE such as PT413: its three digits are the
 * status. Returns null for any other error. Source:
 * https://github.com/supabase/auth/blob/master/internal/utilities/postgres.go
 */
export function raisedResponse(error: unknown): Response | null {
  if (!(error instanceof DatabaseError)) return null;
  const [, status] = error.code?.match(/^PT([45]\d{2})$/) ?? [];
  if (!status) return null;
  const { code, message, hint, detail } = error;
  return Response.json({ code, message, hint, detail }, { status: Number(status) });
}

function alreadyTaken(constraint = ""): AuthError {
  if (constraint.includes("phone")) {
    return new AuthError("phone_exists", "Phone number already registered by another user");
  }
  if (constraint.includes("email")) return new AuthError("email_exists", EMAIL_TAKEN);
  return new AuthError("user_already_exists", "A user with this id already exists");
}

const VERSION_HEADER = "x-supabase-api-version";
const CODES_VERSION = "2024-01-01";

/**
 * Builds the response of a refusal: `{ code, error_code, msg }`, or `{ code, message }` for a client that asks for
 * version 2024-01-01 of the API. Source: https://github.com/supabase/auth/blob/master/internal/api/errors.go
 */
export function errorResponse(error: AuthError, request: Request): Response {
  const { code, status, message, extra } = error;
  const headers = new Headers({ ...error.headers, "x-sb-error-code": code });
  const asked = request.headers.get(VERSION_HEADER) ?? "";
  if (!/^2\d{3}-\d{2}-\d{2}$/.test(asked) || asked < CODES_VERSION) {
    return Response.json({ code: status, error_code: code, msg: message, ...extra }, {
      status,
      headers,
    });
  }
  headers.set(VERSION_HEADER, CODES_VERSION);
  return Response.json({ code, message, ...extra }, { status, headers });
}
