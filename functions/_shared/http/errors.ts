import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorReply } from "../../../types/api.ts";
import { turnErrorMessages } from "../openai/public-errors.ts";

/** Every error that a function raises itself. Refusals of SQL bring code and status of their own. */
const errors = {
  invalid_request: [400, "The request is not valid."],
  invalid_json: [400, "The body is not JSON."],
  unauthorized: [401, "Sign in and send the access token."],
  invalid_signature: [400, "The signature is missing, wrong or too old."],
  wrong_mode: [400, "The event is of another mode than the key: live or test."],
  url_not_allowed: [400, "Users may be sent to the allowed origins only."],
  not_found: [404, "No such route."],
  price_not_found: [404, "No such price is for sale."],
  no_customer: [404, "There is no billing account yet."],
  method_not_allowed: [405, "This route does not take that method."],
  request_timeout: [408, "The body took too long to come."],
  payload_too_large: [413, "The body is too large."],
  upload_first: [400, "Upload the file first, then name it as parley:file/<id>."],
  invalid_form: [400, "The body is not a whole multipart form."],
  invalid_schedule: [400, "The schedule is not valid."],
  lookout_not_found: [404, "No such lookout."],
  lookout_changed: [409, "The lookout is being changed elsewhere. Please try again."],
  empty_file: [400, "The file is empty."],
  file_too_large: [413, "The file is larger than the plan allows."],
  unsupported_file_type: [415, "Files of this kind cannot be used."],
  object_not_found: [404, "There is no such object in your folder of chat-files."],
  upload_failed: [503, "The file could not be stored. Please upload it again."],
  internal: [500, "Something went wrong."],
  database_outdated: [503, "The service is being updated. Please try again in a few minutes."],
  stripe_unavailable: [503, "Billing is not available at the moment."],
  // A turn that OpenAI did not take.
  provider_error: [503, turnErrorMessages.provider_error],
  provider_busy: [503, turnErrorMessages.provider_busy],
  provider_misconfigured: [503, turnErrorMessages.provider_misconfigured],
  provider_timeout: [503, turnErrorMessages.provider_timeout],
  content_filtered: [503, turnErrorMessages.content_filtered],
} as const satisfies Record<string, readonly [ContentfulStatusCode, string]>;

/** The code of an error that a function raises itself. */
export type ErrorCode = keyof typeof errors;

interface ErrorOptions {
  message?: string;
  details?: Record<string, unknown>;
  hint?: string;
  /** Seconds after which it may be tried again. */
  retryAfter?: number;
  cause?: unknown;
}

/** An error with a stable code, a status, and nothing in it that a client may not see. */
export class AppError extends Error {
  readonly code: string;
  readonly status: ContentfulStatusCode;
  readonly details: Record<string, unknown> | null;
  readonly hint: string | null;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    const [status, message] = errors[code];
    super(options.message ?? message, { cause: options.cause });
    this.code = code;
    this.status = status;
    this.details = options.details ?? null;
    this.hint = options.hint ?? null;
    this.retryAfter = options.retryAfter;
  }

  /** The envelope that leaves the function. */
  toReply(): ErrorReply {
    return { code: this.code, message: this.message, details: this.details, hint: this.hint };
  }
}
