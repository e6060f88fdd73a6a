import { HttpError } from "@parley/emulator-kit/http-error.ts";

/** The properties of OpenAI's error object, without the message. */
export interface ApiErrorDetails {
  type?: string;
  param?: string | null;
  code?: string | null;
  headers?: Record<string, string>;
}

/** An error that the client gets as OpenAI's `{ error: { message, type, param, code } }`. */
export class ApiError extends HttpError<ApiErrorDetails> {
  /** Returns the HTTP response for this error. */
  override toResponse(): Response {
    const { type = "invalid_request_error", param = null, code = null, headers } = this.details;
    const error = { message: this.message, type, param, code };
    return Response.json({ error }, { status: this.status, headers });
  }
}

/**
 * Returns the HTTP response for anything thrown. An error other than `ApiError` is logged and becomes a 500
 * without details.
 */
export function toErrorResponse(error: unknown): Response {
  if (error instanceof ApiError) return error.toResponse();
  console.error(error);
  const message = "The server had an error while processing your request. Sorry about that!";
  return new ApiError(500, message, { type: "server_error" }).toResponse();
}

/** Returns the 404 in OpenAI's words for `kind`. */
export function notFound(kind: "Conversation" | "Item" | "Response", id: string): ApiError {
  return new ApiError(404, `${kind} with id '${id}' not found.`);
}

/** Returns OpenAI's 404 for a file that a vector store does not have. */
export function missingStoreFile(id: string, storeId: string): ApiError {
  return new ApiError(404, `No file found with id '${id}' in vector store '${storeId}'.`);
}
