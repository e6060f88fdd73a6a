import type OpenAI from "openai";
import type { Responses } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { collect, readUntilError, startEmulator } from "../start-test-emulator.ts";

const MODEL = "gpt-5-mini";
const tools = ["get_weather", "get_time"].map((name): Responses.FunctionTool => ({
  type: "function",
  name,
  strict: true,
  parameters: {
    type: "object",
    properties: { place: { type: "string" } },
    required: ["place"],
    additionalProperties: false,
  },
}));
const BOTH = 'Please get_weather and get time {"place":"Oslo"}';

/** Events: https://platform.openai.com/docs/api-reference/responses-streaming. */
describe("functions that the message names", () => {
  it("are called after reasoning, and the reply shows the outputs", async () => {
    const { client } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const stream = client.responses.stream({ model: MODEL, conversation, tools, input: BOTH });
    const types = (await collect(stream)).map(({ type }) => type);
    expect(types.filter((type) => type.includes("item") || type.includes("arguments"))).toEqual([
      ...["response.output_item.added", "response.output_item.done"],
      ...[1, 2].flatMap(() => [
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
      ]),
    ]);
    const { output } = await stream.finalResponse();
    const call = { type: "function_call", arguments: '{"place":"Oslo"}', status: "completed" };
    expect(output).toMatchObject([
      { type: "reasoning" },
      { ...call, name: "get_weather" },
      { ...call, name: "get_time" },
    ]);
    const reply = await client.responses.create({
      model: MODEL,
      conversation,
      tools,
      input: outputsFor(output, (name) => `result of ${name}`),
    });
    expect(reply.output_text).toContain('get_weather returned: "result of get_weather".');
    expect(reply.output_text).toContain('get_time returned: "result of get_time".');
    const items = await Array.fromAsync(
      client.conversations.items.list(conversation, { order: "asc" }),
    );
    expect(items.map(({ type }) => type)).toEqual([
      "message",
      ...["reasoning", "function_call", "function_call"],
      ...["function_call_output", "function_call_output"],
      "message",
    ]);
  });

  it.each([
    [{ parallel_tool_calls: false }, ["get_weather"]],
    // Counts built-in tools only: https://platform.openai.com/docs/api-reference/responses/create
    [{ max_tool_calls: 1 }, ["get_weather", "get_time"]],
    [{ tool_choice: "none" as const }, []],
    [{ tool_choice: { type: "function" as const, name: "get_time" } }, ["get_time"]],
    [{ input: "Hello", tool_choice: "required" as const }, ["get_weather"]],
    [{ input: "Hello" }, []],
    [{ input: "What is get_weatherman?" }, []],
  ])("%j calls %j", async (change, names) => {
    const { client } = await startEmulator();
    const { output } = await client.responses.create({
      model: MODEL,
      tools,
      input: BOTH,
      ...change,
    });
    expect(callsOf(output).map(({ name }) => name)).toEqual(names);
  });

  it("max_tool_calls leaves out further built-in tools", async () => {
    const { client, behave } = await startEmulator();
    await behave({ mcp_servers: { wiki: { tools: [{ name: "ask" }, { name: "read" }] } } });
    const { output } = await client.responses.create({
      model: MODEL,
      input: "ask and read",
      max_tool_calls: 1,
      tools: [{
        type: "mcp",
        server_label: "wiki",
        server_url: "https://example.com",
        require_approval: "never",
      }],
    });
    expect(output.filter(({ type }) => type === "mcp_call")).toMatchObject([{ name: "ask" }]);
  });
});

describe("outputs must answer the calls", () => {
  it.each(["conversation", "previous_response_id"] as const)("of a %s", async (kind) => {
    const { client } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const first = await client.responses.create({
      model: MODEL,
      tools,
      input: BOTH,
      ...(kind === "conversation" && { conversation }),
    });
    const next = kind === "conversation" ? { conversation } : { previous_response_id: first.id };
    const ask = (input: string | Responses.ResponseInput) =>
      client.responses.create({ model: MODEL, tools, input, ...next });
    const [weather, time] = outputsFor(first.output, () => "ok");
    if (!weather || !time) throw new Error("Two calls are expected.");
    const open = (id: string) => refusal(`No tool output found for function call ${id}.`);
    // https://github.com/openai/openai-support-agent-demo/issues/12
    await expect(ask("Never mind")).rejects.toMatchObject(open(weather.call_id));
    await expect(ask([weather])).rejects.toMatchObject(open(time.call_id));
    // https://github.com/microsoft/vscode/issues/320060
    await expect(ask([weather, time, { ...time, call_id: "call_x" }])).rejects.toMatchObject(
      refusal("No tool call found for function call output with call_id call_x."),
    );
    // https://github.com/NousResearch/hermes-agent/issues/102629
    const twice = refusal(`Duplicate function_call_output for call_id '${time.call_id}'.`);
    await expect(ask([weather, time, time])).rejects.toMatchObject(twice);
    await expect(ask([weather, time])).resolves.toMatchObject({ status: "completed" });
    if (kind === "conversation") await expect(ask([time])).rejects.toMatchObject(twice);
  });

  // https://github.com/openai/openai-node/issues/2571 and https://github.com/vybestack/llxprt-code/issues/61
  it.each([
    [undefined, /^No tool call found for function call output/],
    ["open_calls_stay" as const, /^$/],
  ])("after a cancelled response, with the scenario %j", async (scenario, withOutput) => {
    const { client, behave } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    await behave({ scenario, tokens_per_second: 2 });
    const stream = await client.responses
      .create({ model: MODEL, tools, input: BOTH, conversation, background: true, stream: true });
    let id = "";
    let call_id = "";
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type !== "response.output_item.added") continue;
      if (event.item.type !== "function_call") continue;
      call_id = event.item.call_id;
      break;
    }
    await behave({});
    const { output } = await client.responses.cancel(id);
    expect(callsOf(output)).toMatchObject([{ call_id, status: "incomplete" }]);
    const message = (input: string | Responses.ResponseInput) =>
      client.responses.create({ model: MODEL, conversation, input }).then(() => "", reason);
    const withoutOutput = scenario ? `No tool output found for function call ${call_id}.` : "";
    expect(await message("Hello again")).toBe(withoutOutput);
    expect(await message([{ type: "function_call_output", call_id, output: "late" }]))
      .toMatch(withOutput);
  });
});

describe("calls are kept", () => {
  it("by a background response that is retrieved", async () => {
    const { client } = await startEmulator();
    const { id } = await client.responses
      .create({ model: MODEL, tools, input: BOTH, background: true });
    await expect.poll(async () => (await client.responses.retrieve(id)).status).toBe("completed");
    expect(callsOf((await client.responses.retrieve(id)).output)).toHaveLength(2);
  });
});

/** Arguments that a client must survive: https://platform.openai.com/docs/guides/function-calling. */
describe("tool_steps", () => {
  it("commands a loop of several steps, with text before calls", async () => {
    const { client, behave } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    const step = (name: string) => ({ text: `Next: ${name}`, calls: [{ name, arguments: "{}" }] });
    await behave({ scenario: "tool_steps", steps: [step("get_weather"), step("get_time")] });
    const ask = (input: string | Responses.ResponseInput) =>
      client.responses.create({ model: MODEL, tools, conversation, input });
    for (let turn = 0; turn < 2; turn++) {
      const first = await ask("Go");
      expect(first.output).toMatchObject([
        { type: "reasoning" },
        { type: "message" },
        { name: "get_weather" },
      ]);
      const second = await ask(outputsFor(first.output, () => "1"));
      expect(callsOf(second.output)).toMatchObject([{ name: "get_time" }]);
      const third = await ask(outputsFor(second.output, () => "2"));
      expect(third.output_text).toContain('get_time returned: "2".');
    }
  });

  it.each([
    ["text that is not JSON", [{ name: "get_weather", arguments: '{"place":' }]],
    ["a violated schema", [{ name: "get_weather", arguments: '{"place":1}' }]],
    ["an unknown function", [{ name: "drop_table", arguments: "{}" }]],
    ["the same call twice", ["a", "b"].map(() => ({ name: "get_time", arguments: "{}" }))],
    ["no arguments", [{ name: "get_time", arguments: "" }]],
    ["128 calls", Array.from({ length: 128 }, () => ({ name: "get_time", arguments: "{}" }))],
    ["hostile keys", [{ name: "get_time", arguments: '{"__proto__":{"admin":true}}' }]],
  ])("sends %s", async (_, calls) => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "tool_steps", steps: [{ calls }] });
    const { output } = await client.responses.create({ model: MODEL, tools, input: "Go" });
    expect(callsOf(output)).toMatchObject(calls);
    expect(new Set(callsOf(output).map(({ call_id }) => call_id)).size).toBe(calls.length);
  });
});

describe("arguments can end early", () => {
  it("when the stream is cut between their deltas", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "error_event", after: "arguments", n: 1 });
    const stream = await client.responses
      .create({ model: MODEL, tools, input: BOTH, stream: true });
    const { events, error } = await readUntilError(stream);
    expect(error).toMatchObject({ code: "server_error" });
    expect(events.at(-1)).toMatchObject({ type: "response.function_call_arguments.delta" });
  });

  it.each(["incomplete", "failed"] as const)("when the response is %s", async (end) => {
    const { client, behave } = await startEmulator();
    await behave({ end });
    const { output, status } = await client.responses.create({ model: MODEL, tools, input: BOTH });
    expect(status).toBe(end);
    expect(callsOf(output)).toMatchObject([
      { arguments: '{"place":"Oslo"}', status: "completed" },
      { arguments: '{"place"', status: "incomplete" },
    ]);
  });
});

function callsOf(output: readonly Responses.ResponseOutputItem[]) {
  return output.filter((item) => item.type === "function_call");
}

function outputsFor(
  output: readonly Responses.ResponseOutputItem[],
  result: (name: string) => string,
) {
  return callsOf(output).map(({ name, call_id }) => ({
    type: "function_call_output" as const,
    call_id,
    output: result(name),
  }));
}

function refusal(message: string) {
  const type = "invalid_request_error";
  const text = expect.stringContaining(message);
  return { status: 400, error: { message: text, type, param: "input", code: null } };
}

function reason(thrown: InstanceType<typeof OpenAI.APIError>): string {
  return Object(thrown.error)["message"];
}
