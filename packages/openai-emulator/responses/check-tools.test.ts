import type { Responses } from "openai/resources/responses/responses";
import { expect, it } from "vitest";
import { startEmulator } from "../start-test-emulator.ts";

const REQUIRED =
  "'required' is required to be supplied and to be an array including every key in properties.";
const CLOSED = "'additionalProperties' is required to be supplied and to be false.";
const closed = { type: "object", additionalProperties: false };
const text = { type: "string" };

/** Sources: https://github.com/lastmile-ai/openai-agents-mcp/issues/2 and those in `check-tools.ts`. */
it.each([
  [true, { type: "object", properties: {} }, `In context=(), ${CLOSED}`],
  [
    true,
    {
      ...closed,
      properties: { a: { type: "array", items: { type: "object" } } },
      required: ["a"],
    },
    `In context=('properties', 'a', 'items'), ${CLOSED}`,
  ],
  [
    true,
    { ...closed, properties: { a: text, b: text }, required: ["a"] },
    `In context=(), ${REQUIRED} Missing 'b'.`,
  ],
  [
    true,
    { ...closed, properties: {}, required: ["c"] },
    `In context=(), ${REQUIRED} Extra required key 'c' supplied.`,
  ],
  [false, {}, `schema must be a JSON Schema of 'type: "object"', got 'type: "None"'.`],
  [
    false,
    { type: "string" },
    `schema must be a JSON Schema of 'type: "object"', got 'type: "string"'.`,
  ],
  [
    false,
    { type: "object", properties: { a: { type: "array" } } },
    "In context=('properties', 'a'), array schema missing items.",
  ],
])("strict %j with %j is refused", async (strict, parameters, problem) => {
  const error = {
    message: `Invalid schema for function 'add': ${problem}`,
    type: "invalid_request_error",
    param: "tools[0].parameters",
    code: "invalid_function_parameters",
  };
  await expect(create({ tools: [{ type: "function", name: "add", strict, parameters }] })).rejects
    .toMatchObject({ status: 400, error });
});

it.each([
  [true, { ...closed, properties: { a: text }, required: ["a"] }],
  [false, { type: "object", properties: { a: text } }],
  [null, null],
])("strict %j with %j is accepted", async (strict, parameters) => {
  await expect(create({ tools: [{ type: "function", name: "add", strict, parameters }] })).resolves
    .toMatchObject({ tools: [{ strict }] });
});

it.each([
  [{ type: "function", name: "subtract" }, "subtract"],
  [{ type: "file_search" }, "file_search"],
  [{ type: "mcp", server_label: "wiki" }, "wiki"],
  [
    { type: "allowed_tools", mode: "auto", tools: [{ type: "function", name: "subtract" }] },
    "subtract",
  ],
] as [Responses.ResponseCreateParams["tool_choice"], string][])(
  "tool_choice %j is refused",
  async (tool_choice, name) => {
    const tools = [{ type: "function" as const, name: "add", strict: false, parameters: null }];
    const message = `Tool choice '${name}' not found in 'tools' parameter.`;
    await expect(create({ tools, tool_choice })).rejects
      .toMatchObject({ status: 400, error: { message, param: "tool_choice", code: null } });
  },
);

async function create(
  params: Pick<Responses.ResponseCreateParamsNonStreaming, "tools" | "tool_choice">,
) {
  const { client } = await startEmulator();
  return await client.responses.create({ model: "gpt-5-mini", input: "Hello", ...params });
}
