import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorReply } from "../../../types/api.ts";
import { describeErrorCode, errors, type HttpErrorCode } from "../../../types/errors.ts";

interface ErrorOptions {
  message?: string;
  details?: Record<string, unknown>;
  hint?: string;
  /** Seconds after which the client may try again. */
  retryAfter?: number;
  cause?: unknown;
}

/** An error for clients: a stable code, a status, and nothing that a client must not see. */
export class AppError extends Error {
  readonly code: string;
  readonly status: ContentfulStatusCode;
  readonly details: Record<string, unknown> | null;
  readonly hint: string | null;
  readonly retryAfter: number | undefined;

  constructor(code: HttpErrorCode, options: ErrorOptions = {}) {
    super(options.message ?? describeErrorCode(code), { cause: options.cause });
    this.code = code;
    this.status = errors[code].status;
    this.details = options.details ?? null;
    this.hint = options.hint ?? null;
    this.retryAfter = options.retryAfter;
  }

  /** Returns the error as a reply. */
  toReply(): ErrorReply {
    return { code: this.code, message: this.message, details: this.details, hint: this.hint };
  }
}
