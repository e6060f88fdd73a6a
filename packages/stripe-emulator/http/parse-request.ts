import { createParser } from "@parley/emulator-kit/parse-input.ts";
import qs from "qs";
import type * as z from "zod";
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

const parser = createParser({
  invalidJson: () => new ApiError(400, "The body is not valid JSON."),
  invalidInput: describeIssue,
});

/** Parses the query and the form of a request with a schema; throws Stripe's 400 for the first problem. */
export const parseInput = parser.parseInput;

/** Parses the JSON body of a command with a schema; throws a 400 for the first problem. */
export const parseCommand = parser.parseBody;

function parseForm(form: string): Record<string, unknown> {
  return qs.parse(form, { depth: 10, arrayLimit: 1_000, ignoreQueryPrefix: true });
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
