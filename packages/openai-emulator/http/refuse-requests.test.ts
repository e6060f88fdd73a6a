import { describe, expect, it } from "vitest";
import { createOpenAIEmulator } from "../create-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };
const EFFORTS = "'none', 'minimal', 'low', 'medium', 'high', 'xhigh', and 'max'";

/** Bodies of `POST /v1/responses`, each with the message, the parameter and the code of its refusal. */
const INVALID_RESPONSES: [Record<string, unknown>, string, string | null, string | null][] = [
  [{ model: undefined }, "Missing required parameter: 'model'.", "model", missingCode()],
  [{ input: undefined }, "Missing required parameter: 'input'.", "input", missingCode()],
  [{ stram: true }, "Unknown parameter: 'stram'.", "stram", "unknown_parameter"],
  [
    { input: [{ role: "user", content: "x", bogus: 1 }] },
    "Unknown parameter: 'input[0].bogus'.",
    "input[0].bogus",
    "unknown_parameter",
  ],
  [
    { reasoning: { efort: "low" } },
    "Unknown parameter: 'reasoning.efort'.",
    "reasoning.efort",
    "unknown_parameter",
  ],
  wrongType({ model: null }, "model", "a string", "an object"),
  wrongType({ input: null }, "input", "a string", "an object"),
  wrongType({ input: 5 }, "input", "one of a string or array of input items", "an integer"),
  wrongType({ input: [5] }, "input[0]", "an input item", "an integer"),
  wrongType({ input: [null] }, "input[0]", "an input item", "null"),
  wrongType({ stream: "yes" }, "stream", "a boolean", "a string"),
  wrongType({ tools: {} }, "tools", "an array of tools", "an object"),
  wrongType({ reasoning: "low" }, "reasoning", "an object", "a string"),
  wrongType({ conversation: 5 }, "conversation", "one of a string or an object", "an integer"),
  wrongType({ metadata: "x" }, "metadata", "a metadata object", "a string"),
  wrongType(
    { tool_choice: 7 },
    "tool_choice",
    "one of an object or 'none', 'auto', or 'required'",
    "an integer",
  ),
  wrongType({ max_output_tokens: "lots" }, "max_output_tokens", "an integer", "a string"),
  wrongType({ max_output_tokens: 20.5 }, "max_output_tokens", "an integer", "a decimal number"),
  wrongType({ top_p: [] }, "top_p", "a decimal", "an array"),
  wrongType({ metadata: { a: true } }, "metadata.a", "a string", "a boolean"),
  wrongType({ truncation: 1 }, "truncation", "one of 'auto' or 'disabled'", "an integer"),
  outOfRange({ max_output_tokens: 8 }, "max_output_tokens", "integer", ">= 16", 8),
  outOfRange({ max_tool_calls: 0 }, "max_tool_calls", "integer", ">= 1", 0),
  outOfRange({ top_logprobs: 21 }, "top_logprobs", "integer", "<= 20", 21),
  outOfRange({ top_p: 3 }, "top_p", "decimal", "<= 1", 3),
  outOfRange({ top_p: -0.1 }, "top_p", "decimal", ">= 0", -0.1),
  outOfRange({ temperature: 2.1 }, "temperature", "decimal", "<= 2", 2.1),
  outOfRange(
    { context_management: [{ type: "compaction", compact_threshold: 5 }] },
    "context_management[0].compact_threshold",
    "integer",
    ">= 1000",
    5,
  ),
  outOfRange(
    { tools: [{ type: "file_search", vector_store_ids: ["vs_1"], max_num_results: 51 }] },
    "tools[0].max_num_results",
    "integer",
    "<= 50",
    51,
  ),
  tooLong({ safety_identifier: "x".repeat(129) }, "safety_identifier", 128),
  tooLong({ prompt_cache_key: "x".repeat(65) }, "prompt_cache_key", 64),
  tooLong({ metadata: { a: "x".repeat(513) } }, "metadata.a", 512),
  [
    { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, "v"])) },
    "Invalid 'metadata': too many properties. Expected an object with at most 16 properties, " +
    "but got an object with 17 properties instead.",
    "metadata",
    "object_above_max_properties",
  ],
  unknownValue({ reasoning: { effort: "maximal" } }, "reasoning.effort", "maximal", EFFORTS),
  unknownValue(
    { reasoning: { summary: "long" } },
    "reasoning.summary",
    "long",
    "'concise', 'detailed', and 'auto'",
  ),
  unknownValue({ truncation: "often" }, "truncation", "often", "'auto' and 'disabled'"),
  unknownValue(
    { service_tier: "gold" },
    "service_tier",
    "gold",
    "'auto', 'default', 'flex', 'scale', 'priority', 'fast', and 'ultrafast'",
  ),
  unknownValue(
    { text: { format: { type: "xml" } } },
    "text.format.type",
    "xml",
    "'json_object', 'text', and 'json_schema'",
  ),
  unknownValue(
    { text: { verbosity: "huge" } },
    "text.verbosity",
    "huge",
    "'low', 'medium', and 'high'",
  ),
  unknownValue({ tool_choice: "some" }, "tool_choice", "some", "'none', 'auto', and 'required'"),
  unknownValue(
    { context_management: [{ type: "trim" }] },
    "context_management[0].type",
    "trim",
    "'compaction'",
  ),
  unknownValue(
    { prompt_cache_retention: "1h" },
    "prompt_cache_retention",
    "1h",
    "'in_memory' and '24h'",
  ),
  unknownValue(
    { input: [{ role: "tool", content: "x" }] },
    "input[0]",
    "tool",
    "'assistant', 'system', 'developer', and 'user'",
  ),
  unknownValue(
    { input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }] },
    "input[0].content[0]",
    "input_text",
    "'output_text' and 'refusal'",
  ),
  unknownValue(
    { input: [{ role: "user", content: [{ type: "output_text", text: "x" }] }] },
    "input[0].content[0]",
    "output_text",
    "'input_text', 'input_image', and 'input_file'",
  ),
  unknownValue(
    { input: [{ role: "user", content: [{ type: "input_video" }] }] },
    "input[0].content[0].type",
    "input_video",
    "'input_text', 'input_image', 'input_audio', 'output_text', 'refusal', 'input_file', " +
      "'computer_screenshot', 'summary_text', and 'encrypted_content'",
  ),
  unknownValue(
    { input: [{}] },
    "input[0]",
    "",
    "'assistant', 'system', 'developer', and 'user'",
  ),
  missing({ input: [{ role: "user" }] }, "input[0].content"),
  missing(
    { input: [{ role: "user", content: [{ type: "input_text" }] }] },
    "input[0].content[0].text",
  ),
  [
    { input: [{ role: "user", content: "x", phase: "final_answer" }] },
    "Unknown parameter: 'input[0].phase'.",
    "input[0].phase",
    "unknown_parameter",
  ],
  [{ model: "" }, "The requested model '' does not exist.", "model", "model_not_found"],
  missing({ input: [{ type: "reasoning", id: "rs_1" }] }, "input[0].summary"),
  missing(
    { input: [{ type: "mcp_approval_response", approval_request_id: "mcpr_1" }] },
    "input[0].approve",
  ),
  missing({ tools: [{}] }, "tools[0].type"),
  missing({ tools: [{ type: "code_interpreter" }] }, "tools[0].container"),
  missing({ tools: [{ type: "file_search" }] }, "tools[0].vector_store_ids"),
  missing({ tools: [{ type: "function", parameters: {} }] }, "tools[0].name"),
  missing({ text: { format: { type: "json_schema", schema: {} } } }, "text.format.name"),
  [
    { tools: [{ type: "file_search", vector_store_ids: [] }] },
    "Invalid 'tools[0].vector_store_ids': empty array. Expected an array with minimum length 1, " +
    "but got an empty array instead.",
    "tools[0].vector_store_ids",
    "empty_array",
  ],
  [
    { tools: [{ type: "function", name: "a b", parameters: {} }] },
    "Invalid 'tools[0].name': string does not match pattern. " +
    "Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'.",
    "tools[0].name",
    "invalid_value",
  ],
  [
    { tools: [{ type: "mcp", server_label: "docs" }] },
    "Missing mutually exclusive parameters: 'tools[0]'. " +
    "Ensure you are providing exactly one of: 'server_url', 'connector_id' or 'tunnel_id'.",
    "tools[0]",
    "missing_mutually_exclusive_parameters",
  ],
  [
    { input: [{ role: "user", content: [{ type: "input_image" }] }] },
    "Missing mutually exclusive parameters: 'input[0].content[0]'. " +
    "Ensure you are providing exactly one of: 'file_id' or 'image_url'.",
    "input[0].content[0]",
    "missing_mutually_exclusive_parameters",
  ],
];

describe("a response is refused in OpenAI's words", () => {
  it.each(INVALID_RESPONSES)("for %j", async (change, message, param, code) => {
    const reply = await send("/v1/responses", JSON.stringify({ ...QUESTION, ...change }));
    const error = { message, type: "invalid_request_error", param, code };
    expect([reply.status, await reply.json()]).toEqual([400, { error }]);
    expect(reply.headers.get("x-request-id")).toMatch(/^req_/);
  });

  it.each([
    [{ include: ["everything"] }, "include[0]", "everything", 8],
    [{ tools: [{ type: "file_serch" }] }, "tools[0].type", "file_serch", 18],
    [{ tool_choice: { type: "web" } }, "tool_choice.type", "web", 15],
    [{ input: [{ type: "thought" }] }, "input[0]", "thought", 31],
  ])("for %j, with all values", async (change, param, value, count) => {
    const reply = await send("/v1/responses", JSON.stringify({ ...QUESTION, ...change }));
    const { error } = await reply.json();
    expect([reply.status, error.param, error.code]).toEqual([400, param, "invalid_value"]);
    expect(error.message).toMatch(`Invalid value: '${value}'. Supported values are: `);
    expect(error.message.match(/'[^']+'/g)).toHaveLength(count + 1);
  });
});

describe("other requests are refused", () => {
  const text = { type: "message", role: "user", content: "x" };
  const overlap = { max_chunk_size_tokens: 100, chunk_overlap_tokens: 51 };

  it.each([
    ["/v1/conversations", { items: Array.from({ length: 21 }, () => text) }, "items"],
    ["/v1/conversations", { items: [{ type: "thought" }] }, "items[0]"],
    ["/v1/conversations", { metadata: { ["k".repeat(65)]: "v" } }, `metadata.${"k".repeat(65)}`],
    ["/v1/conversations", { name: "x" }, "name"],
    ["/v1/vector_stores", { name: 1 }, "name"],
    ["/v1/vector_stores", { expires_after: { anchor: "now", days: 1 } }, "expires_after.anchor"],
    ["/v1/vector_stores", { expires_after: { anchor: "last_active_at" } }, "expires_after.days"],
    [
      "/v1/vector_stores",
      { chunking_strategy: { type: "static", static: overlap } },
      "chunking_strategy.static.chunk_overlap_tokens",
    ],
    ["/v1/vector_stores/vs_1/files", {}, "file_id"],
    ["/v1/vector_stores/vs_1/search", { query: "x", max_num_results: 51 }, "max_num_results"],
    [
      "/v1/vector_stores/vs_1/search",
      { query: "x", ranking_options: { ranker: "best" } },
      "ranking_options.ranker",
    ],
    [
      "/v1/vector_stores/vs_1/search",
      { query: "x", ranking_options: { rank: 1 } },
      "ranking_options.rank",
    ],
  ])("%s with %j", async (path, body, param) => {
    const reply = await send(path, JSON.stringify(body));
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { param } }]);
  });

  it("invalid JSON", async () => {
    const reply = await send("/v1/responses", "{");
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { code: null } }]);
  });

  it("an unknown address", async () => {
    const reply = await send("/v1/nothing", "{}");
    expect([reply.status, await reply.json()])
      .toMatchObject([404, { error: { message: "Invalid URL (POST /v1/nothing)" } }]);
  });

  it.each<Record<string, string>>([{}, { authorization: "Bearer " }])(
    "a request without a key: %o",
    async (headers) => {
      const reply = await send("/v1/responses", JSON.stringify(QUESTION), headers);
      expect([reply.status, await reply.json()])
        .toMatchObject([401, { error: { type: "invalid_request_error" } }]);
    },
  );
});

type Case = (typeof INVALID_RESPONSES)[number];
type Change = Record<string, unknown>;

function missingCode() {
  return "missing_required_parameter";
}

function missing(change: Change, param: string): Case {
  return [change, `Missing required parameter: '${param}'.`, param, missingCode()];
}

function wrongType(change: Change, param: string, expected: string, kind: string): Case {
  const message = `Invalid type for '${param}': expected ${expected}, but got ${kind} instead.`;
  return [change, message, param, "invalid_type"];
}

function unknownValue(change: Change, param: string, value: string, supported: string): Case {
  const message = `Invalid value: '${value}'. Supported values are: ${supported}.`;
  return [change, message, param, "invalid_value"];
}

function outOfRange(
  change: Change,
  param: string,
  kind: "decimal" | "integer",
  bound: string,
  value: number,
): Case {
  const [side, code] = bound.startsWith("<")
    ? ["above maximum", "above_max"]
    : ["below minimum", "below_min"];
  const message = `Invalid '${param}': ${kind} ${side} value. ` +
    `Expected a value ${bound}, but got ${value} instead.`;
  return [change, message, param, `${kind}_${code}_value`];
}

function tooLong(change: Change, param: string, limit: number): Case {
  const message = `Invalid '${param}': string too long. Expected a string with maximum length ` +
    `${limit}, but got a string with length ${limit + 1} instead.`;
  return [change, message, param, "string_above_max_length"];
}

function send(
  path: string,
  body: string,
  headers: Record<string, string> = { authorization: "Bearer sk-test" },
): Promise<Response> {
  const url = `http://emulator.test${path}`;
  return createOpenAIEmulator().fetch(new Request(url, { method: "POST", body, headers }));
}
