import type { Responses } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { startEmulator, upload } from "../start-test-emulator.ts";

const MODEL = "gpt-5.4-mini";

type Params = Responses.ResponseCreateParamsNonStreaming;

describe("a response accepts", () => {
  it.each<[string, Partial<Params>]>([
    ["null as if omitted", { temperature: null, reasoning: null, include: null, metadata: null }],
    [
      "the parameters of a chat turn",
      {
        include: ["web_search_call.action.sources", "file_search_call.results"],
        reasoning: { effort: "low", summary: "auto" },
        max_output_tokens: 4_000,
        max_tool_calls: 5,
        prompt_cache_key: "session-1",
        safety_identifier: "f".repeat(64),
        context_management: [{ type: "compaction", compact_threshold: 200_000 }],
        tools: [{ type: "web_search" }],
        background: true,
        store: true,
        truncation: "auto",
        service_tier: "flex",
        metadata: { session_id: "1" },
      },
    ],
    [
      "compaction with the usual threshold",
      { context_management: [{ type: "compaction" }] },
    ],
    [
      "JSON of a schema",
      {
        text: {
          format: { type: "json_schema", name: "answer", schema: { type: "object" }, strict: true },
          verbosity: "low",
        },
      },
    ],
    [
      "tools of other types",
      {
        tools: [
          { type: "function", name: "add", parameters: { type: "object" }, strict: null },
          { type: "code_interpreter", container: { type: "auto", memory_limit: "4g" } },
          { type: "code_interpreter", container: "cntr_1" },
          { type: "image_generation", quality: "high", partial_images: 1 },
          {
            type: "mcp",
            server_label: "docs",
            server_url: "https://mcp.example",
            require_approval: { never: { tool_names: ["read"] } },
          },
          { type: "custom", name: "run", format: { type: "text" } },
          { type: "shell", environment: { type: "local" } },
          { type: "apply_patch" },
        ],
        tool_choice: { type: "function", name: "add" },
        parallel_tool_calls: false,
      },
    ],
  ])("%s", async (_, params) => {
    const { client } = await startEmulator();
    const request = client.responses.create({ model: MODEL, input: "Hello", ...params });
    await expect(request).resolves.toMatchObject({ object: "response" });
  });

  it("a long history of messages with images, and answers its last message", async () => {
    const { client } = await startEmulator();
    const file_id = await upload(client, "cat.png", "x", "vision");
    const history = Array.from({ length: 1_500 }, (_, index): Responses.ResponseInputItem[] => [
      {
        role: "user",
        content: [
          { type: "input_text", text: `Question ${index}` },
          { type: "input_image", file_id, detail: "auto" },
        ],
      },
      { role: "assistant", content: `Answer ${index}` },
    ]);
    const { output_text } = await client.responses.create({
      model: MODEL,
      input: [...history.flat(), { role: "user", content: "And now?" }],
    });
    expect(output_text).toContain('"And now?"');
    expect(output_text).toContain("turn 1501");
  });

  it("items of every kind that a model takes, and lists them", async () => {
    const { client } = await startEmulator();
    const input: Responses.ResponseInputItem[] = [
      { role: "developer", content: "Be brief." },
      {
        type: "message",
        role: "user",
        content: [{ type: "input_text", text: "Add 1 and 2." }],
        status: "completed",
      },
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "x" },
      { type: "function_call", call_id: "call_1", name: "add", arguments: "{}" },
      { type: "function_call_output", call_id: "call_1", output: "3" },
      {
        type: "mcp_approval_request",
        id: "mcpr_1",
        arguments: "{}",
        name: "read",
        server_label: "docs",
      },
      { type: "mcp_approval_response", approval_request_id: "mcpr_1", approve: true },
      {
        type: "web_search_call",
        id: "ws_1",
        status: "completed",
        action: { type: "search", query: "x" },
      },
      { type: "compaction", encrypted_content: "x" },
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "3", annotations: [] }],
      },
      { role: "user", content: "Thanks." },
    ];
    const { id } = await client.responses.create({ model: MODEL, input });
    const items = await Array.fromAsync(client.responses.inputItems.list(id, { order: "asc" }));
    expect(items.map(({ type }) => type)).toEqual(input.map(({ type }) => type ?? "message"));
    expect(items.every((item) => item.id)).toBe(true);
    expect(items[9]).toMatchObject({
      role: "assistant",
      content: [{ type: "output_text", text: "3", annotations: [], logprobs: [] }],
    });
  });

  it("the output of an earlier response as input", async () => {
    const { client } = await startEmulator();
    const question = { model: MODEL, reasoning: { effort: "low", summary: "auto" } } as const;
    const first = await client.responses.create({
      ...question,
      input: "Hello",
      tools: [{ type: "web_search" }],
    });
    const second = await client.responses.create({
      ...question,
      input: [
        { role: "user", content: "Hello" },
        ...first.output.flatMap(toInput),
        { role: "user", content: "Again" },
      ],
    });
    expect(second.output_text).toContain("turn 2");
  });
});

/** The items that the emulator produces are valid input as they are. */
function toInput(item: Responses.ResponseOutputItem): Responses.ResponseInputItem[] {
  if (item.type === "message" || item.type === "reasoning") return [item];
  return item.type === "web_search_call" ? [item] : [];
}
