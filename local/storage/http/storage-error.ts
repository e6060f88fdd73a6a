import pg from "pg";

/**
 * The error codes of Supabase Storage with their responses. `status` is part of the body.
 * Source: https://supabase.com/docs/guides/storage/debugging/error-codes
 */
const ERRORS = {
  NoSuchBucket: { status: 404, error: "Bucket not found", message: "Bucket not found" },
  NoSuchKey: { status: 404, error: "not_found", message: "Object not found" },
  KeyAlreadyExists: { status: 409, error: "Duplicate", message: "The resource already exists" },
  BucketAlreadyExists: { status: 409, error: "Duplicate", message: "The resource already exists" },
  ResourceNotEmpty: {
    status: 409,
    error: "ResourceNotEmpty",
    message: "The bucket you tried to delete is not empty",
  },
  AccessDenied: {
    status: 403,
    error: "Unauthorized",
    message: "new row violates row-level security policy",
  },
  EntityTooLarge: {
    status: 413,
    error: "Payload too large",
    message: "The object exceeded the maximum allowed size",
  },
  InvalidMimeType: {
    status: 415,
    error: "invalid_mime_type",
    message: "mime type is not supported",
  },
  InvalidRange: { status: 416, error: "invalid_range", message: "invalid range provided" },
  InvalidKey: { status: 400, error: "InvalidKey", message: "Invalid key" },
  InvalidBucketName: { status: 400, error: "Invalid Input", message: "Bucket name invalid" },
  InvalidJWT: { status: 400, error: "InvalidJWT", message: "Invalid JWT" },
  InvalidSignature: { status: 400, error: "InvalidSignature", message: "Invalid signature" },
  InvalidRequest: { status: 400, error: "InvalidRequest", message: "Invalid request" },
  not_available_locally: {
    status: 501,
    error: "not_available_locally",
    message: "This is not available in the local stack.",
  },
  InternalError: { status: 500, error: "InternalError", message: "Internal server error" },
} as const satisfies Record<string, { status: number; error: string; message: string }>;

/** An error code of Supabase Storage. */
export type StorageErrorCode = keyof typeof ERRORS;

const BY_SQLSTATE: Record<string, StorageErrorCode> = {
  "23503": "NoSuchBucket",
  "23505": "KeyAlreadyExists",
  "42501": "AccessDenied",
};

/** A refusal that the client receives. */
export class StorageError extends Error {
  override readonly name = "StorageError";
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string = ERRORS[code].message) {
    super(message);
    this.code = code;
  }

  /** Builds the response. As on Supabase, every client error is HTTP 400, and the body holds the specific status. */
  toResponse(): Response {
    const { status, error } = ERRORS[this.code];
    const hint = this.code === "not_available_locally" ? "See docs/local-stack.md." : undefined;
    const body = {
      statusCode: String(status),
      error,
      message: this.message,
      code: this.code,
      hint,
    };
    return Response.json(body, { status: status >= 500 ? status : 400 });
  }
}

/** Converts an error to a refusal: known errors of Postgres to their codes, all others to `InternalError`. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  if (!(error instanceof pg.DatabaseError)) return new StorageError("InternalError");
  // SQLSTATEs of class 22 report a value that cannot be stored, such as text with a NUL.
  if (error.code?.startsWith("22")) return new StorageError("InvalidRequest");
  const code = BY_SQLSTATE[error.code ?? ""] ?? "InternalError";
  // Source: https://github.com/supabase/storage/blob/master/src/storage/database/knex.ts, DBError.fromDBError
  const isOwnMessage = code === "AccessDenied" && !error.message.includes("row-level security");
  return new StorageError(code, isOwnMessage ? error.message : undefined);
}
