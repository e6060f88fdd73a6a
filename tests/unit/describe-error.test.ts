import { APIError } from "openai";
import { expect, test } from "vitest";
import { AppError } from "../../functions/_shared/http/errors.ts";
import { describeError } from "../../functions/_shared/http/log.ts";

test("the log of an error contains nothing of its message", () => {
  const message = [
    "400 bad input",
    "My secret diary",
    "    at home I hide it",
    "    at file:///home/me/diary.txt:1:1",
  ].join("\n");
  const described = JSON.stringify(describeError(new Error(message)));

  expect(described).not.toMatch(/bad input|diary|home/);
  expect(described).toContain("describe-error.test.ts");
});

test("an AppError is logged as its cause, with code and status", () => {
  const refused = new APIError(
    429,
    { message: "org-secret", code: "slow_down" },
    "org-secret",
    new Headers(),
  );
  const described = describeError(new AppError("provider_busy", { cause: refused }));

  expect(described).toMatchObject({
    error: "APIError",
    error_code: "slow_down",
    error_status: 429,
    raised_as: "Error",
  });
  expect(JSON.stringify(described)).not.toContain("org-secret");
});

test("a database error is logged by its code", () => {
  const error = {
    code: "22P05",
    message: "unsupported Unicode escape sequence",
    details: "My diary",
  };

  expect(describeError(error)).toEqual({ error: "object", error_code: "22P05" });
  expect(describeError(null)).toEqual({ error: "object" });
});
