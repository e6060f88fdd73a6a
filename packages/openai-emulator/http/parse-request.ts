import { createParser } from "@parley/emulator-kit/parse-input.ts";
import { z } from "zod";
import { ApiError } from "./api-error.ts";

/** Parse requests with a schema; throw OpenAI's 400 for the first problem. As at OpenAI, a body may be absent. */
export const { parseBody, parseInput } = createParser({
  invalidJson: () => new ApiError(400, "We could not parse the JSON body of your request."),
  invalidInput: (issue) => describeIssue(deepestIssue(issue)),
});

/** Returns the issue inside the alternative of a union that came closest to matching. */
function deepestIssue(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== "invalid_union") return issue;
  const [inner] = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length);
  if (!inner || inner.path.length === 0) return issue;
  return deepestIssue({ ...inner, path: [...issue.path, ...inner.path] });
}

function describeIssue(issue: z.core.$ZodIssue): ApiError {
  const path = z.core.toDotPath(issue.path);
  if (issue.code === "unrecognized_keys") return unknownParameter(issue.keys[0] ?? path);
  if (issue.input === undefined) {
    const message = `Missing required parameter: '${path}'.`;
    return new ApiError(400, message, { param: path, code: "missing_required_parameter" });
  }
  const message = `Invalid '${path}': ${issue.message}`;
  return new ApiError(400, message, { param: path, code: issueCode(issue) });
}

function unknownParameter(name: string): ApiError {
  const message = `Unknown parameter: '${name}'.`;
  return new ApiError(400, message, { param: name, code: "unknown_parameter" });
}

function issueCode(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_big" && issue.origin === "array") return "array_above_max_length";
  if (issue.code === "too_small" && issue.origin === "number") return "integer_below_min_value";
  return issue.code === "invalid_type" ? "invalid_type" : "invalid_value";
}
