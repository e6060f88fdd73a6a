import { HttpError } from "@parley/emulator-kit/http-error.ts";
import { type Kind, KINDS } from "../kinds.ts";

/** The properties of Stripe's error object, without the message. */
export interface ApiErrorDetails {
  type?: "api_error" | "card_error" | "idempotency_error" | "invalid_request_error";
  code?: string;
  decline_code?: string;
  param?: string;
  /** The PaymentIntent that failed. */
  payment_intent?: { id: string };
  headers?: Record<string, string>;
}

/** An error that the client gets as Stripe's `{ error: { type, code, message, param, doc_url } }`. */
export class ApiError extends HttpError<ApiErrorDetails> {
  /** Returns the HTTP response for this error (https://docs.stripe.com/api/errors). */
  override toResponse(): Response {
    const { type = "invalid_request_error", headers, ...rest } = this.details;
    const doc_url = rest.code &&
      `https://stripe.com/docs/error-codes/${rest.code.replaceAll("_", "-")}`;
    const error = { ...rest, doc_url, message: this.message, type };
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
  const message = "An unknown error occurred. Sorry about that!";
  return new ApiError(500, message, { type: "api_error" }).toResponse();
}

/** Returns Stripe's error for an unknown id: a 404 for an id in the path, a 400 for one in a parameter. */
export function noSuch(kind: Kind, id: string, param = "id"): ApiError {
  const message = `No such ${KINDS[kind].noun}: '${id}'`;
  return new ApiError(param === "id" ? 404 : 400, message, { code: "resource_missing", param });
}

/** Returns a 400 about `param`. */
export function invalid(message: string, param?: string, code?: string): ApiError {
  return new ApiError(400, message, { param, code });
}
