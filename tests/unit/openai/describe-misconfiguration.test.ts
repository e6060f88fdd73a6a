import { APIError } from "openai";
import { expect, test } from "vitest";
import { describeMisconfiguration } from "../../../functions/_shared/openai/describe-misconfiguration.ts";

function refuse(status: number, error: Record<string, unknown>): APIError {
  return APIError.generate(status, { error }, undefined, new Headers());
}

const MODEL =
  "An assistant uses the model gpt-9, which this key cannot use: change assistants.model.";

test.each([
  [
    401,
    { code: "invalid_api_key", message: "Incorrect API key provided: sk-secret." },
    "key_rejected",
    "Set OPENAI_API_KEY to a valid key.",
  ],
  [
    401,
    { code: "missing_scope" },
    "permission_missing",
    "Give the key in OPENAI_API_KEY all permissions of its OpenAI project.",
  ],
  [
    429,
    { code: "insufficient_quota" },
    "credit_exhausted",
    "Add credit to the OpenAI project, or raise its limit.",
  ],
  [
    400,
    { code: "billing_hard_limit_reached" },
    "credit_exhausted",
    "Add credit to the OpenAI project, or raise its limit.",
  ],
  [
    404,
    {
      code: "model_not_found",
      message: "The model `gpt-9` does not exist or you do not have access to it.",
    },
    "model_unavailable",
    MODEL,
  ],
  [
    403,
    { code: "model_not_found", message: "Project `proj_1` does not have access to model `gpt-9`" },
    "model_unavailable",
    MODEL,
  ],
  [
    400,
    { code: "model_not_found", message: "The requested model 'gpt-9' does not exist." },
    "model_unavailable",
    MODEL,
  ],
  [
    404,
    { code: "model_not_found", message: "The model `sk-secret` does not exist." },
    "model_unavailable",
    "An assistant uses a model that this key cannot use: change assistants.model.",
  ],
  [
    400,
    {
      code: "unsupported_value",
      param: "stream",
      message: "Your organization must be verified to stream this model.",
    },
    "organization_unverified",
    "Verify the organization in the settings of OpenAI, or change assistants.model.",
  ],
  [
    400,
    { code: "unsupported_parameter", param: "reasoning.effort", message: "secret" },
    "setting_unsupported",
    "The model of an assistant does not support reasoning.effort: change the settings of the assistant.",
  ],
  [
    400,
    { code: "unsupported_value", param: "a secret" },
    "setting_unsupported",
    "The model of an assistant does not support its settings: change the assistant.",
  ],
])("%i %j: %s", (status, error, cause, fix) => {
  const described = describeMisconfiguration(refuse(status, error));

  expect(described).toEqual({ cause, fix });
  expect(JSON.stringify(described)).not.toContain("secret");
});

test("the error of a failed response is described, too", () => {
  const error = { code: "data_residency_mismatch", message: "secret" };
  expect(describeMisconfiguration(error)?.cause).toBe("residency_mismatch");
});

test.each([
  [refuse(429, { code: "rate_limit_exceeded" })],
  [refuse(500, {})],
  [{ code: "server_error", message: "" }],
  [Object.assign(new Error("of a database"), { code: "invalid_api_key" })],
  [null],
  ["insufficient_quota"],
])("%j is not the operator's", (error) => {
  expect(describeMisconfiguration(error)).toBeNull();
});
