import { describe, expect, it } from "vitest";
import { failureCodes } from "../../../functions/_shared/openai/error-table.ts";
import {
  publicErrorText,
  type TurnErrorCode,
  turnErrorCode,
} from "../../../functions/_shared/openai/public-errors.ts";
import { errors } from "../../../types/errors.ts";

describe("a failed turn's error for the client", () => {
  it.each<[string | null | undefined, TurnErrorCode]>([
    [null, "provider_error"],
    [undefined, "provider_error"],
    ["", "provider_error"],
    ["server_error", "provider_error"],
    ["an unheard-of code", "provider_error"],
    ["toString", "provider_error"],
    ["rate_limit_exceeded", "provider_busy"],
    ["insufficient_quota", "provider_misconfigured"],
    ["invalid_api_key", "provider_misconfigured"],
    ["model_not_found", "provider_misconfigured"],
    ["vector_store_timeout", "provider_timeout"],
    ["content_filter", "content_filtered"],
    ["image_content_policy_violation", "content_filtered"],
  ])("OpenAI's code %j becomes %s", (code, expected) => {
    expect(turnErrorCode(code)).toBe(expected);
  });

  it.each([...failureCodes, "still_generating"] as const)(
    "Parley's own code %s stays unchanged",
    (code) => {
      const { meaning, action } = errors[code];
      expect(JSON.parse(publicErrorText(code))).toEqual({ code, message: `${meaning} ${action}` });
    },
  );

  it("repeats nothing that OpenAI wrote", () => {
    expect(publicErrorText("sk-secret leaked")).not.toContain("sk-secret");
  });
});
