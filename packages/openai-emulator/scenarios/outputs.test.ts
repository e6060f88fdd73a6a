import type { Responses } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { collect, startEmulator } from "../start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "How is the weather in Oslo?" };
const TITLE = { ...QUESTION, metadata: { purpose: "title" } };
const WEATHER: Responses.FunctionTool = {
  type: "function",
  name: "get_weather",
  strict: false,
  parameters: {
    type: "object",
    properties: {
      place: { type: "string", maxLength: 10 },
      unit: { enum: ["celsius", "fahrenheit"] },
      days: { type: "integer", minimum: 2 },
      hours: { type: "array", items: { type: "number" } },
      note: { type: "string" },
    },
    required: ["place", "unit", "days", "hours"],
  },
};
const CLOCK: Responses.FunctionTool = {
  type: "function",
  name: "get_time",
  strict: false,
  parameters: null,
};
const WIKI: Responses.Tool.Mcp = {
  type: "mcp",
  server_label: "wiki",
  server_url: "https://example.com/mcp",
  allowed_tools: ["ask"],
};

describe("filtered", () => {
  it("ends replies as incomplete with part of the text, and titles as ever", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "filtered", reply: "one two three four" });
    expect(await client.responses.create(QUESTION)).toMatchObject({
      status: "incomplete",
      incomplete_details: { reason: "content_filter" },
      output_text: "one two",
      usage: { output_tokens: 2 },
    });
    expect(await client.responses.create(TITLE)).toMatchObject({ status: "completed" });
  });
});

describe("reasoning_only and empty_output", () => {
  it.each([
    ["completed", null],
    ["incomplete", { reason: "max_output_tokens" }],
  ])("a response is %s with reasoning and no message", async (variant, incomplete_details) => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "reasoning_only", variant });
    expect(await client.responses.create(QUESTION)).toMatchObject({
      status: variant,
      incomplete_details,
      output: [{ type: "reasoning", summary: [] }],
      usage: { output_tokens: 64, output_tokens_details: { reasoning_tokens: 64 } },
    });
  });

  it("a response completes without any output", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "empty_output" });
    const events = await collect(await client.responses.create({ ...QUESTION, stream: true }));
    expect(events.map(({ type }) => type))
      .toEqual(["response.created", "response.in_progress", "response.completed"]);
    expect(events.at(-1)).toMatchObject({ response: { output: [], usage: { output_tokens: 0 } } });
  });
});

describe("reasoning_summary", () => {
  it("begins with summaries if the request wants them, else with reasoning only", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "reasoning_summary", n: 3 });
    const { output } = await client.responses.create({
      ...QUESTION,
      reasoning: { summary: "auto" },
    });
    const part = { type: "summary_text", text: expect.stringMatching(/^\*\*Step \d\*\*\n\n/) };
    expect(output).toMatchObject([
      { type: "reasoning", summary: [part, part, part] },
      { type: "message" },
    ]);
    expect((await client.responses.create(QUESTION)).output)
      .toMatchObject([{ type: "reasoning", summary: [] }, { type: "message" }]);
  });
});

describe("function_call", () => {
  it("calls the first function with arguments of its schema, and streams them", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "function_call" });
    const stream = client.responses.stream({ ...QUESTION, tools: [CLOCK, WEATHER].toReversed() });
    const events = await collect(stream);
    const [reasoning, call] = (await stream.finalResponse()).output;
    expect(reasoning).toMatchObject({ type: "reasoning" });
    expect(call).toMatchObject({
      type: "function_call",
      name: "get_weather",
      status: "completed",
      call_id: expect.stringMatching(/^call_/),
    });
    const json = events.map((event) =>
      event.type === "response.function_call_arguments.delta" ? event.delta : ""
    ).join("");
    expect(JSON.parse(json))
      .toEqual({ place: "How is the", unit: "celsius", days: 2, hours: [1] });
    expect(call).toHaveProperty("arguments", json);
    expect(events.map(({ type }) => type)).not.toContain("response.output_text.delta");
  });

  it("passes the commanded arguments on, and replies with text without a function", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "function_call", arguments: "{broken", times: 1 });
    const withTool = { ...QUESTION, tools: [CLOCK] };
    expect((await client.responses.create(QUESTION)).output_text).not.toBe("");
    expect((await client.responses.create(withTool)).output)
      .toMatchObject([{ type: "reasoning" }, { name: "get_time", arguments: "{broken" }]);
    expect((await client.responses.create(withTool)).output).toMatchObject([{ type: "message" }]);
  });
});

describe("parallel_function_calls", () => {
  it("calls several functions in one response", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "parallel_function_calls", n: 3 });
    const { output } = await client.responses.create({ ...QUESTION, tools: [WEATHER, CLOCK] });
    const calls = output.filter((item) => item.type === "function_call");
    expect(calls.map(({ name }) => name))
      .toEqual(["get_weather", "get_time", "get_weather"]);
    const ids = calls.map(({ call_id }) => call_id);
    expect(new Set(ids).size).toBe(3);
  });
});

describe("mcp_call and mcp_approval", () => {
  it("call a tool of the server and reply", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "mcp_call" });
    const { id: conversation } = await client.conversations.create({});
    const stream = client.responses.stream({ ...QUESTION, conversation, tools: [WIKI] });
    const types = (await collect(stream)).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith("response.mcp"))).toEqual(
      expect.arrayContaining([
        "response.mcp_list_tools.completed",
        "response.mcp_call_arguments.done",
        "response.mcp_call.completed",
      ]),
    );
    expect((await stream.finalResponse()).output).toMatchObject([
      { type: "mcp_list_tools", server_label: "wiki", tools: [{ name: "ask" }] },
      {
        type: "mcp_call",
        name: "ask",
        status: "completed",
        output: expect.any(String),
        arguments: JSON.stringify({ query: QUESTION.input }),
      },
      { type: "message" },
    ]);
    const items = await Array.fromAsync(client.conversations.items.list(conversation));
    expect(items.map(({ type }) => type))
      .toEqual(["message", "mcp_call", "mcp_list_tools", "message"]);
  });

  it("ask for approval instead of a reply", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "mcp_approval" });
    const { status, output } = await client.responses.create({ ...QUESTION, tools: [WIKI] });
    expect(status).toBe("completed");
    expect(output).toMatchObject([
      { type: "mcp_list_tools" },
      { type: "mcp_approval_request", server_label: "wiki", name: "ask" },
    ]);
    expect((await client.responses.create(QUESTION)).output).toMatchObject([{ type: "message" }]);
  });
});

describe("image", () => {
  it("generates a PNG, with as many partial images as requested", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "image" });
    const stream = client.responses.stream({
      ...QUESTION,
      tools: [{ type: "image_generation", partial_images: 2 }],
    });
    const events = await collect(stream);
    const partial = "response.image_generation_call.partial_image";
    expect(events.filter(({ type }) => type === partial)).toHaveLength(2);
    const [image, message] = (await stream.finalResponse()).output;
    expect(image).toMatchObject({ type: "image_generation_call", status: "completed" });
    expect(message).toMatchObject({ type: "message" });
    const png = Buffer.from(
      image?.type === "image_generation_call" ? image.result ?? "" : "",
      "base64",
    );
    expect(png.subarray(0, 8)).toEqual(Buffer.from("\x89PNG\r\n\x1a\n", "latin1"));
    expect(png.subarray(-8, -4).toString()).toBe("IEND");
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([8, 8]);
    expect((await client.responses.create(QUESTION)).output).toMatchObject([{ type: "message" }]);
  });
});

describe("code_file", () => {
  it("runs code and cites a file, which can be downloaded", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "code_file" });
    const { output, output_text } = await client.responses.create({
      ...QUESTION,
      tools: [{ type: "code_interpreter", container: { type: "auto" } }],
    });
    const [run, message] = output;
    expect(run).toMatchObject({
      type: "code_interpreter_call",
      status: "completed",
      code: expect.stringContaining("report.csv"),
    });
    const part = message?.type === "message" ? message.content[0] : undefined;
    const citation = part?.type === "output_text" ? part.annotations[0] : undefined;
    if (citation?.type !== "container_file_citation") throw new Error("nothing is cited");
    expect(output_text.slice(citation.start_index, citation.end_index))
      .toBe("sandbox:/mnt/data/report.csv");
    const { container_id, file_id } = citation;
    const file = await client.containers.files.content.retrieve(file_id, { container_id });
    const content = await file.text();
    expect(content).toBe("name,value\nalpha,1\nbeta,2\n");
    expect(await client.containers.files.retrieve(file_id, { container_id }))
      .toMatchObject({ path: "/mnt/data/report.csv", bytes: content.length, source: "assistant" });
    await expect(client.containers.files.retrieve(file_id, { container_id: "cntr_x" })).rejects
      .toMatchObject({ status: 404 });
  });
});
