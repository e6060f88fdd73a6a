import qs from "qs";
import { z } from "zod";
import { ApiError, invalid } from "./api-error.ts";

interface FormRequest {
  url: string;
  header(name: string): string | undefined;
  text(): Promise<string>;
}

/** Returns the query and the form of a request; `items[0][price]=x` becomes `{ items: [{ price: "x" }] }`. */
export async function readParams(request: FormRequest): Promise<Record<string, unknown>> {
  const isForm = request.header("content-type")?.startsWith("application/x-www-form-urlencoded");
  return {
    ...parseForm(new URL(request.url).search),
    ...isForm && parseForm(await request.text()),
  };
}

/**
 * Parses the JSON body of a command with `schema`; an absent body counts as `{}`. Throws a 400 if it does not
 * match.
 */
export async function parseCommand<Schema extends z.ZodType>(
  request: { text(): Promise<string> },
  schema: Schema,
): Promise<z.output<Schema>> {
  const text = await request.text();
  return parseInput(text === "" ? {} : parseJson(text), schema);
}

/** Parses `input` with `schema`; throws Stripe's 400 for the first problem. */
export function parseInput<Schema extends z.ZodType>(
  input: unknown,
  schema: Schema,
): z.output<Schema> {
  const result = schema.safeParse(input, { reportInput: true });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw issue ? describeIssue(issue) : new ApiError(400, "Invalid request.");
}

function parseForm(form: string): Record<string, unknown> {
  return qs.parse(form, { depth: 10, arrayLimit: 1_000, ignoreQueryPrefix: true });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError(400, "The body is not valid JSON.");
  }
}

function describeIssue(issue: z.core.$ZodIssue): ApiError {
  if (issue.code === "unrecognized_keys") {
    const param = toParam([...issue.path, issue.keys[0] ?? ""]);
    return invalid(`Received unknown parameter: ${param}`, param, "parameter_unknown");
  }
  const param = toParam(issue.path);
  if (issue.input === undefined) {
    return invalid(`Missing required param: ${param}.`, param, "parameter_missing");
  }
  if (issue.input === "") {
    return invalid(
      `You passed an empty string for '${param}'.`,
      param,
      "parameter_invalid_empty",
    );
  }
  return invalid(`Invalid ${param}: ${issue.message}`, param);
}

/** Returns a path as Stripe writes it: `items[0][price]`. */
function toParam([first = "", ...rest]: PropertyKey[]): string {
  return String(first) + rest.map((part) => `[${String(part)}]`).join("");
}
