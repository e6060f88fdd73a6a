import * as z from "zod";
import { ApiError } from "../http/api-error.ts";
import type { CreateResponse } from "./request-schemas.ts";

type Path = readonly string[];

const Schema = z.looseObject({
  type: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
  additionalProperties: z.unknown().optional(),
  items: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  $defs: z.record(z.string(), z.unknown()).optional(),
});

/** Refuses functions whose schema OpenAI does not take, and a `tool_choice` that is not among the tools. */
export function checkTools({ tools, tool_choice }: CreateResponse): void {
  for (const [index, tool] of (tools ?? []).entries()) {
    if (tool.type !== "function" || tool.parameters === null) continue;
    const problem = findProblem(tool.parameters, tool.strict === true);
    if (!problem) continue;
    // See https://github.com/lastmile-ai/openai-agents-mcp/issues/2.
    throw new ApiError(400, `Invalid schema for function '${tool.name}': ${problem}`, {
      param: `tools[${index}].parameters`,
      code: "invalid_function_parameters",
    });
  }
  if (typeof tool_choice !== "object" || tool_choice === null) return;
  const wanted = tool_choice.type === "allowed_tools" ? tool_choice.tools : [tool_choice];
  for (const choice of wanted) {
    if ((tools ?? []).some((tool) => isChosen(choice, tool))) continue;
    // The name of a function, or the type of another tool: https://github.com/vercel/ai/issues/18997.
    const { name, server_label, type } = Object(choice);
    const message = `Tool choice '${name ?? server_label ?? type}' not found in 'tools' parameter.`;
    throw new ApiError(400, message, { param: "tool_choice" });
  }
}

function isChosen(choice: object, tool: object): boolean {
  const keys = "type" in choice && choice.type === "mcp"
    ? ["type", "server_label"]
    : ["type", "name"];
  const [wanted, offered] = [new Map(Object.entries(choice)), new Map(Object.entries(tool))];
  return keys.every((key) => !wanted.has(key) || wanted.get(key) === offered.get(key));
}

function findProblem(parameters: Record<string, unknown>, strict: boolean): string | null {
  const { type } = parameters;
  // See https://github.com/browserbase/stagehand/issues/1159.
  if (type !== "object") {
    const got = typeof type === "string" ? type : "None";
    return `schema must be a JSON Schema of 'type: "object"', got 'type: "${got}"'.`;
  }
  return findInside(parameters, [], strict);
}

function findInside(value: unknown, path: Path, strict: boolean): string | null {
  const { data: schema } = Schema.safeParse(value);
  if (!schema) return null;
  const context = `In context=${describe(path)}, `;
  if (schema.type === "array" && schema.items === undefined) {
    // See https://github.com/sigoden/aichat/pull/1049.
    return `${context}array schema missing items.`;
  }
  if (schema.type === "object" && strict) {
    const problem = findStrict(schema);
    if (problem) return context + problem;
  }
  const inside: [unknown, Path][] = [
    ...Object.entries(schema.properties ?? {}).map(([key, inner]): [unknown, Path] => [
      inner,
      [...path, "properties", key],
    ]),
    [schema.items, [...path, "items"]],
    ...(schema.anyOf ?? []).map((inner, i): [unknown, Path] => [inner, [...path, "anyOf", `${i}`]]),
    ...Object.entries(schema.$defs ?? {}).map(([key, inner]): [unknown, Path] => [
      inner,
      [...path, "$defs", key],
    ]),
  ];
  for (const [inner, place] of inside) {
    const problem = findInside(inner, place, strict);
    if (problem) return problem;
  }
  return null;
}

/** What `strict` asks of an object (https://developers.openai.com/api/docs/guides/function-calling#strict-mode). */
function findStrict({ additionalProperties, properties = {}, required = [] }: z.infer<
  typeof Schema
>): string | null {
  if (additionalProperties !== false) {
    return "'additionalProperties' is required to be supplied and to be false.";
  }
  const keys = Object.keys(properties);
  const needed =
    "'required' is required to be supplied and to be an array including every key in properties.";
  const missing = keys.find((key) => !required.includes(key));
  if (missing !== undefined) return `${needed} Missing '${missing}'.`;
  const extra = required.find((key) => !keys.includes(key));
  return extra === undefined ? null : `${needed} Extra required key '${extra}' supplied.`;
}

/** Writes a path as Python writes a tuple. */
function describe(path: Path): string {
  return `(${path.map((part) => /^\d+$/.test(part) ? part : `'${part}'`).join(", ")})`;
}
