import type { ErrorEntry } from "./entry.ts";

/** Errors of any request: its form, its caller and its size. */
export const requestErrors = {
  invalid_request: {
    status: 400,
    meaning: "A field of the request is missing or not valid.",
    action: "Correct the field that details.issues names.",
  },
  invalid_json: {
    status: 400,
    meaning: "The request body is not valid JSON.",
    action: "Send a JSON object with the content type application/json.",
  },
  invalid_form: {
    status: 400,
    meaning: "The multipart form is incomplete or not valid.",
    action: "Send the whole form again, with one part named file.",
  },
  invalid_data: {
    status: 400,
    meaning: "The data is not a JSON object.",
    action: "Send an object, such as {}.",
  },
  data_too_large: {
    status: 413,
    meaning: "The data is larger than 4 KiB.",
    action: "Send less data.",
  },
  text_too_long: {
    status: 413,
    meaning: "A text is longer than allowed.",
    action: "Shorten it to the number of characters in details.limit.",
  },
  payload_too_large: {
    status: 413,
    meaning: "The request body is too large.",
    action: "Send a smaller body.",
  },
  request_timeout: {
    status: 408,
    meaning: "The request body took too long to arrive.",
    action: "Check the connection and send the request again.",
  },
  too_many_today: {
    status: 429,
    meaning: "You did this as often as one day allows.",
    action: "Try again after the time in details.reset_at.",
  },
  not_found: {
    status: 404,
    meaning: "This address does not exist.",
    action: "Check the path of the request.",
  },
  method_not_allowed: {
    status: 405,
    meaning: "This address does not support the request's method.",
    action: "Use a method that the Allow header names.",
  },
  unauthorized: {
    status: 401,
    meaning: "The request has no valid credentials.",
    action: "Sign in and send the access token.",
  },
  unknown_user: {
    status: 401,
    meaning: "This login no longer exists.",
    action: "Sign in again or create a new account.",
  },
  session_ended: {
    status: 401,
    meaning: "This sign-in has ended.",
    action: "Sign in again.",
  },
  account_blocked: {
    status: 403,
    meaning: "This account is suspended.",
    action: "Ask an administrator of this service to lift the suspension.",
  },
  rate_limited: {
    status: 429,
    meaning: "Too many requests were made in a short time.",
    action: "Wait a minute and try again.",
  },
  internal: {
    status: 500,
    meaning: "Something went wrong on our side.",
    action: "Try again, or contact support.",
  },
  try_again: {
    status: 503,
    meaning: "Another request changed the same data at the same moment.",
    action: "Send the request again.",
  },
  database_outdated: {
    status: 503,
    meaning: "The service is being updated.",
    action: "Try again in a few minutes.",
  },
} as const satisfies Record<string, ErrorEntry>;
