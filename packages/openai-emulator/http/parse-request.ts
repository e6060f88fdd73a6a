import { z } from "zod";
import { ApiError } from "./api-error.ts";

/** Parses the JSON body of a request with `schema`; throws OpenAI's 400 if it does not match. */
export async function parseBody<Schema extends z.ZodType>(
  request: { text(): Promise<string> },
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await request.text();
  // An absent body counts as an empty object, as at OpenAI.
  return parseInput(text === "" ? {} : parseJson(text), schema);
}

/** Parses `input` with `schema`; throws OpenAI's 400 for the first problem. */
export function parseInput<Schema extends z.ZodType>(
  input: unknown,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw issue ? describeIssue(deepestIssue(issue)) : new ApiError(400, "Invalid request.");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "We could not parse the JSON body of your request.");
  }
}

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
