import { APIConnectionError, APIConnectionTimeoutError, APIError } from "openai";
import type { ResponseError } from "openai/resources/responses/responses";
import { expect, test } from "vitest";
import {
  type ErrorFacts,
  type FailureCode,
  failureCodes,
  findRule,
} from "../../../functions/_shared/openai/error-table.ts";
import { readFailure } from "../../../functions/_shared/openai/read-failure.ts";
import { turnErrorCode } from "../../../functions/_shared/openai/public-errors.ts";
import { errors } from "../../../types/errors.ts";

/** Every code of `ResponseError.code`. A code that the `openai` package adds and this list lacks does not compile. */
const responseErrors: Record<ResponseError["code"], FailureCode> = {
  server_error: "provider_error",
  rate_limit_exceeded: "provider_busy",
  invalid_prompt: "content_filtered",
  data_residency_mismatch: "provider_misconfigured",
  bio_policy: "content_filtered",
  misalignment_policy_violation: "content_filtered",
  vector_store_timeout: "provider_timeout",
  invalid_image: "image_refused",
  invalid_image_format: "image_refused",
  invalid_base64_image: "image_refused",
  invalid_image_url: "image_refused",
  image_too_large: "image_refused",
  image_too_small: "image_refused",
  image_parse_error: "image_refused",
  image_content_policy_violation: "content_filtered",
  invalid_image_mode: "image_refused",
  image_file_too_large: "image_refused",
  unsupported_image_media_type: "image_refused",
  empty_image_file: "image_refused",
  failed_to_download_image: "image_refused",
  image_file_not_found: "image_refused",
};

test.each(Object.entries(responseErrors))(
  "a response that failed with %s: %s",
  (code, expected) => {
    expect(turnErrorCode(code)).toBe(expected);
  },
);

const UNVERIFIED = "Your organization must be verified to stream this model. Please go to: …";
const TOO_MANY_TOKENS =
  "Request too large for gpt-4o in organization org-x on tokens per min (TPM): Limit 30000, …";

/** The entries of https://developers.openai.com/api/docs/guides/error-codes, and errors that people report. */
const refusals: [status: number, error: Omit<ErrorFacts, "status">, FailureCode, retry: boolean][] =
  [
    [
      400,
      {
        type: "invalid_request_error",
        param: "service_tier",
        message: "Invalid service_tier argument: …",
      },
      "provider_misconfigured",
      false,
    ],
    [
      401,
      { type: "invalid_request_error", code: "invalid_api_key" },
      "provider_misconfigured",
      false,
    ],
    [
      401,
      {
        type: "invalid_request_error",
        message: "You must be a member of an organization to use the API",
      },
      "provider_misconfigured",
      false,
    ],
    [
      401,
      { type: "invalid_request_error", code: "ip_not_authorized" },
      "provider_misconfigured",
      false,
    ],
    [
      401,
      { type: "invalid_request_error", code: "missing_scope" },
      "provider_misconfigured",
      false,
    ],
    [401, {}, "provider_misconfigured", false],
    [
      403,
      { type: "request_forbidden", code: "unsupported_country_region_territory" },
      "provider_misconfigured",
      false,
    ],
    [403, {}, "provider_misconfigured", false],
    [429, { type: "requests", code: "rate_limit_exceeded" }, "provider_busy", true],
    [429, { type: "tokens", code: "rate_limit_exceeded" }, "provider_busy", true],
    [429, { type: "tokens" }, "provider_busy", true],
    [429, { type: "rate_limit_error", code: "slow_down" }, "provider_busy", true],
    [429, {}, "provider_busy", true],
    [
      429,
      { type: "insufficient_quota", code: "insufficient_quota" },
      "provider_misconfigured",
      false,
    ],
    [
      429,
      { type: "insufficient_quota", code: "credit_balance_exhausted" },
      "provider_misconfigured",
      false,
    ],
    [
      429,
      { type: "insufficient_quota", code: "organization_spend_limit_exceeded" },
      "provider_misconfigured",
      false,
    ],
    [
      429,
      { type: "insufficient_quota", code: "organization_usage_limit_exceeded" },
      "provider_misconfigured",
      false,
    ],
    [
      429,
      { type: "insufficient_quota", code: "project_spend_limit_exceeded" },
      "provider_misconfigured",
      false,
    ],
    [
      429,
      { type: "insufficient_quota", code: "a_limit_of_tomorrow" },
      "provider_misconfigured",
      false,
    ],
    [429, { code: "billing_not_active" }, "provider_misconfigured", false],
    [
      429,
      { type: "tokens", code: "rate_limit_exceeded", message: `429 ${TOO_MANY_TOKENS}` },
      "context_too_long",
      false,
    ],
    [500, { type: "server_error" }, "provider_error", true],
    [500, {}, "provider_error", true],
    [502, {}, "provider_error", true],
    [503, {}, "provider_busy", true],
    [
      503,
      { type: "service_unavailable_error", code: "server_is_overloaded" },
      "provider_busy",
      true,
    ],
    [503, { code: "slow_down" }, "provider_busy", true],
    [504, {}, "provider_error", true],
    [
      400,
      { type: "image_generation_user_error", code: "billing_hard_limit_reached" },
      "provider_misconfigured",
      false,
    ],
    [401, { code: "account_deactivated" }, "provider_misconfigured", false],
    [
      404,
      { type: "invalid_request_error", code: "model_not_found" },
      "provider_misconfigured",
      false,
    ],
    [
      403,
      { type: "invalid_request_error", code: "model_not_found" },
      "provider_misconfigured",
      false,
    ],
    [
      400,
      { code: "unsupported_value", param: "stream", message: `400 ${UNVERIFIED}` },
      "provider_misconfigured",
      false,
    ],
    [
      400,
      { code: "unsupported_value", param: "reasoning.effort" },
      "provider_misconfigured",
      false,
    ],
    [400, { code: "unsupported_parameter", param: "temperature" }, "provider_misconfigured", false],
    [400, { code: "context_length_exceeded", param: "input" }, "context_too_long", false],
    [
      400,
      { code: "string_above_max_length", param: "input[0].content" },
      "context_too_long",
      false,
    ],
    [413, {}, "context_too_long", false],
    [
      400,
      { message: "400 Total image size is 50.56MB, which exceeds the allowed limit of 50MB." },
      "image_refused",
      false,
    ],
    [400, { code: "invalid_image_format" }, "image_refused", false],
    [400, { code: "invalid_image_file" }, "image_refused", false],
    [400, { code: "content_policy_violation" }, "content_filtered", false],
    [400, { code: "moderation_blocked" }, "content_filtered", false],
    [400, { code: "invalid_prompt" }, "content_filtered", false],
    [400, { code: "conversation_locked", param: "conversation" }, "provider_busy", false],
    [408, {}, "provider_timeout", true],
    [409, {}, "provider_busy", true],
  ];

/** Errors that have no row of their own. */
const others: [status: number, error: Omit<ErrorFacts, "status">][] = [
  [400, { type: "invalid_request_error", code: "unknown_parameter" }],
  [400, { type: "invalid_request_error", code: "missing_required_parameter" }],
  [400, { type: "invalid_request_error", code: "invalid_value" }],
  [400, { type: "invalid_request_error", code: "previous_response_not_found" }],
  [400, { type: "invalid_request_error" }],
  [404, { type: "invalid_request_error", message: "404 Conversation with id 'conv_1' not found." }],
  [422, {}],
  [400, { type: "toString", code: "constructor" }],
];

test.each(refusals)("%i %j: %s, repeated: %s", (status, error, code, retry) => {
  expect(findRule({ ...error, status })).toMatchObject({ code, retry });
});

test.each(others)("%i %j falls into the last row", (status, error) => {
  expect(findRule({ ...error, status })).toEqual({
    code: "provider_error",
    owner: "provider",
    retry: false,
  });
});

test("a user's errors are a 4xx, and all others a 503", () => {
  const found = [
    ...Object.keys(responseErrors).map((code) => findRule({ code })),
    ...[...refusals, ...others].map(([status, error]) => findRule({ ...error, status })),
  ];
  for (const { code, owner } of found) {
    expect(errors[code].status, code).toBe(owner === "user" ? 400 : 503);
    expect(code === "provider_misconfigured", code).toBe(owner === "operator");
  }
  const reached = new Set(found.map(({ code }) => code));
  expect([...reached, "internal"].toSorted()).toEqual(failureCodes.toSorted());
});

function refuse(status: number, error: ErrorFacts): APIError {
  return APIError.generate(status, { error }, undefined, new Headers());
}

test.each<[unknown, FailureCode]>([
  [refuse(401, {}), "provider_misconfigured"],
  [refuse(404, { code: "model_not_found" }), "provider_misconfigured"],
  [refuse(400, { code: "context_length_exceeded" }), "context_too_long"],
  [refuse(429, { message: TOO_MANY_TOKENS, code: "rate_limit_exceeded" }), "context_too_long"],
  // The `openai` package throws an `error` event of the stream without a status.
  [
    new APIError(undefined, { code: "server_is_overloaded" }, undefined, new Headers()),
    "provider_busy",
  ],
  [
    new APIError(undefined, { type: "insufficient_quota" }, undefined, undefined),
    "provider_misconfigured",
  ],
  [new APIConnectionTimeoutError(), "provider_timeout"],
  [new APIConnectionError({ message: "reset" }), "provider_error"],
  [new Error("ours"), "internal"],
  [undefined, "internal"],
])("%s is reported as %s", (error, code) => {
  expect(readFailure(error)).toBe(code);
});
