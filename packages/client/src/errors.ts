import isNetworkError from "is-network-error";
import type { ReceivedErrorCode } from "../../../types/errors.ts";

/** Codes that the package itself adds: an abort, a request without an answer, and anything it does not know. */
export type ClientErrorCode = "aborted" | "network_error" | "unknown_error";

/** What `ParleyError` holds. */
export interface ErrorFacts {
  /** A stable name in snake_case: a code of Parley, of Supabase Auth, or one of `ClientErrorCode`. */
  code: ReceivedErrorCode | ClientErrorCode;
  /** A sentence for a person: what happened, and what to do. */
  message: string;
  /** The HTTP status. Null if there was no answer, or if a reply failed in its stream. */
  status: number | null;
  /** Seconds after which a repetition may succeed, if the server says so. */
  retryAfter?: number | undefined;
  /** Facts about the error, such as `reset_at` of a quota. */
  details: Record<string, unknown> | null;
}

/**
 * Every failure of this package, in one shape.
 *
 * @example
 * try {
 *   await parley.sessions.rename(session.id, "Rain");
 * } catch (error) {
 *   const { code, message } = parley.errors.read(error);
 *   console.log(code, message);
 * }
 */
export class ParleyError extends Error implements ErrorFacts {
  override readonly name = "ParleyError";
  readonly code: ErrorFacts["code"];
  readonly status: number | null;
  readonly retryAfter: number | undefined;
  readonly details: Record<string, unknown> | null;

  constructor({ code, message, status, retryAfter, details }: ErrorFacts, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.details = details;
  }
}

type Fields = Record<string, unknown>;

/** A code of Parley or of Supabase Auth. PostgREST and Storage have SQLSTATEs and names with capitals. */
const CODE = /^[a-z][a-z\d]*(_[a-z\d]+)*$/;
/** The codes of answers that have no code of their own, by status. */
const BY_STATUS: Record<number, string> = {
  400: "invalid_request",
  401: "unauthorized",
  403: "not_allowed",
  404: "not_found",
  408: "request_timeout",
  413: "payload_too_large",
  429: "rate_limited",
};
/** SQLSTATEs and codes of PostgREST that mean a status, and are not raised by Parley. */
const SQLSTATES: Record<string, number> = {
  "42501": 403,
  PGRST116: 404,
  PGRST301: 401,
  PGRST303: 401,
};

/** Returns true for a deadlock or a failed serialization, after which the same call may succeed. */
export function isDeadlock(code: unknown): boolean {
  return code === "40P01" || code === "40001";
}

/**
 * Reads any failure: of this package, of a function, PostgREST, Storage, Auth or `fetch`, and the text of an error in a
 * stream. Never throws.
 *
 * @example
 * const { data, error } = await supabase.from("chat_sessions").select();
 * if (error) console.log(readError(error).code);
 */
export function readError(error: unknown): ParleyError {
  return error instanceof ParleyError ? error : new ParleyError(readFacts(error), error);
}

/**
 * Reads a refusal of a function from its response, such as `error.context` of `supabase.functions.invoke`.
 *
 * @example
 * const { error } = await supabase.functions.invoke("billing/portal", { body: {} });
 * if (error) console.log((await readResponse(error.context)).code);
 */
export async function readResponse(response: Response): Promise<ParleyError> {
  const facts = readFacts(await response.text().catch(() => ""), response.status);
  const seconds = Number(response.headers.get("retry-after") ?? NaN);
  return new ParleyError({ ...facts, ...(seconds >= 0 && { retryAfter: seconds }) }, response);
}

/**
 * Tells whether a failure has this code.
 *
 * @example
 * if (isError(error, "quota_exceeded")) console.log("Upgrade to go on.");
 */
export function isError(error: unknown, code: ErrorFacts["code"]): boolean {
  return readError(error).code === code;
}

function readFacts(error: unknown, status: number | null = null): ErrorFacts {
  if (typeof error === "string") return readText(error, status);
  if (!isFields(error)) return facts("unknown_error", "Something unexpected happened.", status);
  const { name, message, context, originalError } = error;
  if (isAbort(error)) return ABORTED;
  if (isNetworkError(error) || name === "AuthRetryableFetchError") return OFFLINE;
  // supabase-js wraps failures of fetch, and refusals of functions and of Storage.
  if (name === "FunctionsFetchError") return isAbort(context) ? ABORTED : OFFLINE;
  const inner = isFields(context) ? context : originalError;
  if (isFields(inner)) return readFacts(inner, readStatus(inner));
  if (typeof message === "string" && error.code === undefined && message.startsWith("{")) {
    return readText(message, status);
  }
  return readCoded(error, status ?? readStatus(error));
}

function readText(text: string, status: number | null): ErrorFacts {
  try {
    const value: unknown = JSON.parse(text);
    if (isFields(value)) return readCoded(value, status);
  } catch {
    // A proxy answers with a page instead of JSON.
  }
  return facts(
    codeOf(status),
    text.length < 300 && status === null ? text : sentence(status),
    status,
  );
}

/** Reads an object with a code: a reply of a function, or an error of PostgREST, Storage or Auth. */
function readCoded({ code, message, hint, details }: Fields, status: number | null): ErrorFacts {
  const text = typeof message === "string" ? message : sentence(status);
  if (isDeadlock(code)) return TRY_AGAIN;
  if (code === "" && /^(Abort|Timeout)Error/.test(text)) return ABORTED;
  if (code === "" && /^(Type|Fetch)Error/.test(text)) return OFFLINE;
  if (typeof code === "string" && /^PT\d{3}$/.test(code)) {
    return {
      ...facts(text, typeof hint === "string" ? hint : text, Number(code.slice(2))),
      details: readDetails(details),
    };
  }
  const own = typeof code === "string" && CODE.test(code) ? code : undefined;
  const known = status ?? SQLSTATES[String(code)] ?? null;
  return { ...facts(own ?? codeOf(known), text, known), details: readDetails(details) };
}

function readDetails(details: unknown): ErrorFacts["details"] {
  if (typeof details !== "string") return isFields(details) ? details : null;
  try {
    return readDetails(JSON.parse(details));
  } catch {
    return null;
  }
}

function readStatus({ status, statusCode }: Fields): number | null {
  const found = Number(status ?? statusCode ?? NaN);
  return found >= 100 ? found : null;
}

function codeOf(status: number | null): string {
  if (status === null) return "unknown_error";
  return BY_STATUS[status] ?? (status >= 500 ? "internal" : "invalid_request");
}

function sentence(status: number | null): string {
  return status === null ? "Something unexpected happened." : `The server answered ${status}.`;
}

function facts(code: string, message: string, status: number | null): ErrorFacts {
  return { code, message, status, details: null };
}

function isAbort(error: unknown): boolean {
  return isFields(error) && (error.name === "AbortError" || error.name === "TimeoutError");
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

const ABORTED = facts("aborted", "The request was cancelled.", null);
const OFFLINE = facts(
  "network_error",
  "The server cannot be reached. Check the connection and try again.",
  null,
);
const TRY_AGAIN = facts(
  "try_again",
  "Another request changed the same data at the same moment. Send the request again.",
  503,
);
