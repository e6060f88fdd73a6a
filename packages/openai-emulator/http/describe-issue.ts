import * as z from "zod";
import { ApiError } from "./api-error.ts";

type Issue = z.core.$ZodIssue;

/** The parameters that the API calls decimals; all other numbers are integers. */
const DECIMALS = new Set(["temperature", "top_p", "score_threshold"]);

/** What the API expects of parameters that it does not describe by their type. */
const EXPECTATIONS: Record<string, string> = {
  input: "one of a string or array of input items",
  tools: "an array of tools",
  tool_choice: "one of an object or 'none', 'auto', or 'required'",
  metadata: "a metadata object",
  context_management: "an array of objects",
};

/** The parts of messages that the API knows, also those that no request may contain. */
const PART_TYPES = [
  "input_text",
  "input_image",
  "input_audio",
  "output_text",
  "refusal",
  "input_file",
  "computer_screenshot",
  "summary_text",
  "encrypted_content",
];

/**
 * Returns OpenAI's 400 for a problem with a request, in the words of the answers that
 * https://github.com/kangminlee-maker/local-OAuth-CLI-API-adapter has recorded (`test/openai-responses-*`).
 * The functions below name further reports.
 */
export function describeIssue(reported: Issue): ApiError {
  const issue = closestIssue(reported);
  const path = z.core.toDotPath(issue.path);
  if (issue.code === "unrecognized_keys") return unknownParameter(issue.path, issue.keys[0] ?? "");
  if (issue.code === "invalid_union" && issue.discriminator) return unknownKind(issue);
  if (issue.input === undefined) return missingParameter(path);
  switch (issue.code) {
    case "invalid_type":
      return invalidType(path, describeExpected(issue), issue.input);
    case "invalid_value":
      return invalidValue(path, issue.values, issue.input);
    case "too_big":
    case "too_small":
      return outOfBounds(path, issue);
    case "invalid_format":
      return invalidFormat(path, issue);
    case "invalid_union":
      return invalidType(path, `one of ${describeAlternatives(issue)}`, issue.input);
    case "invalid_key":
      return invalidKey(path, issue);
    case "custom":
      return customError(path, issue);
    default:
      return refuse(`Invalid '${path}': ${issue.message}`, path, "invalid_value");
  }
}

/** Returns the issue inside the alternative of a union that came closest to matching. */
function closestIssue(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  const [inner] = issue.errors.flatMap(([first]) => first ?? [])
    .toSorted((a, b) => closeness(b) - closeness(a));
  if (!inner || (inner.path.length === 0 && inner.code === "invalid_type")) return issue;
  return closestIssue({ ...inner, path: [...issue.path, ...inner.path] });
}

function closeness(issue: Issue): number {
  return 2 * issue.path.length + (issue.code === "invalid_type" ? 0 : 1);
}

/** See https://github.com/openai/openai-python/issues/3008. */
function unknownParameter(path: readonly PropertyKey[], key: string): ApiError {
  const name = z.core.toDotPath([...path, key]);
  return refuse(`Unknown parameter: '${name}'.`, name, "unknown_parameter");
}

/** See https://github.com/QuantumNous/new-api/issues/1305. */
function missingParameter(path: string): ApiError {
  return refuse(`Missing required parameter: '${path}'.`, path, "missing_required_parameter");
}

/**
 * Returns the error for an object whose discriminator is unknown or absent. For items, and for parts in a
 * message of the wrong role, the API names the object, and an absent value is `''`. Otherwise it names the
 * discriminator (https://github.com/openai/codex/issues/7085).
 */
function unknownKind({ path, input, options = [] }: z.core.$ZodIssueInvalidUnion & {
  options?: readonly unknown[];
}): ApiError {
  const value = isRecord(input) ? input[String(path.at(-1))] : undefined;
  const values = options.filter((option) => option !== undefined);
  const [name, parent] = [z.core.toDotPath(path), z.core.toDotPath(path.slice(0, -1))];
  const text = typeof value === "string" ? value : "";
  if (/^(input|items)\[\d+\]$/.test(parent)) {
    return invalidValue(parent, path.at(-1) === "type" ? values.toSorted() : values, text);
  }
  if (value === undefined) return missingParameter(name);
  if (!/^(input|items)\[\d+\]\.content\[\d+\]$/.test(parent)) {
    return invalidValue(name, values, value);
  }
  return PART_TYPES.includes(text)
    ? invalidValue(parent, values, text)
    : invalidValue(name, PART_TYPES, text);
}

/** See https://github.com/openai/codex/issues/7085. */
function invalidValue(path: string, values: readonly unknown[], input: unknown): ApiError {
  const listed = values.map((value) => `'${String(value)}'`);
  if (typeof input !== "string") return invalidType(path, `one of ${join(listed, "or")}`, input);
  const message = `Invalid value: '${input}'. Supported values are: ${join(listed, "and")}.`;
  return refuse(message, path, "invalid_value");
}

/** See https://github.com/coze-dev/coze-studio/issues/2317. */
function invalidType(path: string, expected: string, input: unknown): ApiError {
  const item = /^(input|items)\[\d+\]$/.test(path) ? "an input item" : undefined;
  // For a required parameter, null is a failed string.
  const [wanted, kind] = input === null && (path === "model" || path === "input")
    ? ["a string", "an object"]
    : [item ?? EXPECTATIONS[path] ?? expected, kindOf(input)];
  const message = `Invalid type for '${path}': expected ${wanted}, but got ${kind} instead.`;
  return refuse(message, path, "invalid_type");
}

/** See https://github.com/vectorize-io/hindsight/issues/58 and https://github.com/BerriAI/litellm/issues/24797. */
function outOfBounds(
  path: string,
  issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall,
): ApiError {
  const big = issue.code === "too_big";
  const limit = issue.code === "too_big" ? issue.maximum : issue.minimum;
  const { input } = issue;
  if (typeof input === "string") return wrongLength(path, "string", big, Number(limit), input);
  if (Array.isArray(input)) return wrongLength(path, "array", big, Number(limit), input);
  const kind = numberKind(issue);
  const [side, sign] = big ? ["above maximum", "<="] : ["below minimum", ">="];
  const message = `Invalid '${path}': ${kind} ${side} value. ` +
    `Expected a value ${sign} ${limit}, but got ${String(input)} instead.`;
  return refuse(message, path, `${kind}_${big ? "above_max" : "below_min"}_value`);
}

/** See https://github.com/querymt/querymt/issues/976. */
function wrongLength(
  path: string,
  kind: "string" | "array",
  big: boolean,
  limit: number,
  { length }: { length: number },
): ApiError {
  const named = kind === "string" ? "a string" : "an array";
  const expected = `Expected ${named} with ${big ? "maximum" : "minimum"} length ${limit}`;
  if (length === 0) {
    const message =
      `Invalid '${path}': empty ${kind}. ${expected}, but got an empty ${kind} instead.`;
    return refuse(message, path, `empty_${kind}`);
  }
  const message = `Invalid '${path}': ${kind} too ${big ? "long" : "short"}. ` +
    `${expected}, but got ${named} with length ${length} instead.`;
  return refuse(message, path, `${kind}_${big ? "above_max" : "below_min"}_length`);
}

function invalidKey(
  path: string,
  { path: keys, issues: [inner] }: z.core.$ZodIssueInvalidKey,
): ApiError {
  const limit = inner?.code === "too_big" ? Number(inner.maximum) : 0;
  return wrongLength(path, "string", true, limit, String(keys.at(-1)));
}

function invalidFormat(path: string, issue: z.core.$ZodIssueInvalidStringFormat): ApiError {
  const pattern = issue.pattern?.replace(/^\/|\/$/g, "") ?? issue.format;
  const message = `Invalid '${path}': string does not match pattern. ` +
    `Expected a string that matches the pattern '${pattern}'.`;
  return refuse(message, path, "invalid_value");
}

function customError(path: string, { message, params }: z.core.$ZodIssueCustom): ApiError {
  const code = typeof params?.["code"] === "string" ? params["code"] : "invalid_value";
  const describe = params?.["describe"];
  const text = typeof describe === "function"
    ? String(describe(path))
    : `Invalid '${path}': ${message}`;
  return refuse(text, path, code);
}

function describeAlternatives(issue: z.core.$ZodIssueInvalidUnion): string {
  const kinds = issue.errors.flatMap(([first]) =>
    first?.code === "invalid_type" ? describeExpected(first) : []
  );
  return join([...new Set(kinds)], "or");
}

function refuse(message: string, param: string, code: string): ApiError {
  return new ApiError(400, message, { param, code });
}

/** Returns the value's type in the API's words. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number") return Number.isInteger(value) ? "an integer" : "a decimal number";
  return withArticle(typeof value);
}

/** Returns the type that a parameter must have, in the API's words. */
function describeExpected(issue: z.core.$ZodIssueInvalidType): string {
  const { expected } = issue;
  if (expected === "number" || expected === "int") return withArticle(numberKind(issue));
  return withArticle(expected === "record" ? "object" : expected);
}

function numberKind({ path }: Pick<Issue, "path">): "decimal" | "integer" {
  return DECIMALS.has(String(path.at(-1))) ? "decimal" : "integer";
}

function withArticle(name: string): string {
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}

/** Joins a list as in English; a list of two has no comma. */
function join(entries: readonly string[], word: "and" | "or"): string {
  return new Intl.ListFormat("en", { type: word === "and" ? "conjunction" : "disjunction" })
    .format(entries);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
