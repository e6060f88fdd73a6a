import { describe, expect, it } from "vitest";
import { createOpenAIEmulator } from "../create-emulator.ts";
import { startEmulator, upload } from "../start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };
const UNSUPPORTED = "unsupported_parameter";

describe("parameters that contradict each other are refused", () => {
  it.each([
    [
      { stream_options: { include_obfuscation: false } },
      "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
      "stream_options",
      null,
    ],
    [
      { background: true, store: false },
      "Invalid 'background': background mode requires 'store' to be true",
      "background",
      "invalid_value",
    ],
    [
      { previous_response_id: "resp_1", conversation: "conv_1" },
      "Mutually exclusive parameters: ''. " +
      "Ensure you are only providing one of: 'pre..._id' or 'conversation'.",
      null,
      "mutually_exclusive_parameters",
    ],
    [
      { previous_response_id: "resp_1" },
      "Previous response with id 'resp_1' not found.",
      "previous_response_id",
      "previous_response_not_found",
    ],
    [
      { input: [] },
      `One of "input" or "previous_response_id" or 'prompt' or 'conversation' must be provided.`,
      null,
      "missing_required_parameter",
    ],
  ])("%j", async (change, message, param, code) => {
    expect(await ask(change)).toEqual([400, refusal(message, param, code)]);
  });
});

it("a prompt is unknown, because the emulator has none", async () => {
  expect(await ask({ prompt: { id: "pmpt_1" } }))
    .toEqual([404, refusal("Prompt with id 'pmpt_1' not found.", null, null)]);
});

it("the state comes before the model, and a problem with the schema before both", async () => {
  const change = { conversation: "conv_1", temperature: 0.5 };
  expect(await ask(change)).toMatchObject([
    404,
    refusal("Conversation with id 'conv_1' not found.", null, null),
  ]);
  expect(await ask({ ...change, truncation: "often" })).toMatchObject([400, {
    error: { param: "truncation" },
  }]);
});

describe("a model refuses what it does not take", () => {
  const temperature = refusal(
    "Unsupported parameter: 'temperature' is not supported with this model.",
    "temperature",
    null,
  );
  const topP = refusal(
    "Unsupported parameter: 'top_p' is not supported with this model.",
    "top_p",
    null,
  );
  const effort = refusal(
    "Unsupported parameter: 'reasoning.effort' is not supported with this model.",
    "reasoning.effort",
    UNSUPPORTED,
  );
  const logprobs = "logprobs are not supported with reasoning models.";

  it.each([
    ["gpt-5-mini", { temperature: 0.5 }, temperature],
    ["gpt-5-mini-2025-08-07", { temperature: 0.5 }, temperature],
    ["gpt-5.4-mini", { temperature: 0.5, reasoning: { effort: "low" } }, temperature],
    ["gpt-5.5", { temperature: 0.5 }, temperature],
    ["gpt-6-astra", { temperature: 0 }, temperature],
    ["o3", { temperature: 0 }, temperature],
    ["o4-mini", { top_p: 1 }, topP],
    [
      "gpt-5",
      { include: ["message.output_text.logprobs"] },
      refusal(logprobs, "include", UNSUPPORTED),
    ],
    ["gpt-5", { top_logprobs: 2 }, refusal(logprobs, "top_logprobs", UNSUPPORTED)],
    ["gpt-4o", { reasoning: { effort: "low" } }, effort],
    ["gpt-4.1-mini", { reasoning: { effort: "none" } }, effort],
    ["gpt-5-chat-latest", { reasoning: { effort: "low" } }, effort],
    [
      "gpt-4o-mini",
      { reasoning: { summary: "auto" } },
      refusal(
        "Unsupported parameter: 'reasoning.summary' is not supported with this model.",
        "reasoning.summary",
        UNSUPPORTED,
      ),
    ],
    [
      "gpt-5.1",
      { reasoning: { effort: "minimal" } },
      effortRefusal("minimal", "gpt-5.1", "'none', 'low', 'medium', and 'high'"),
    ],
    [
      "gpt-5-nano",
      { reasoning: { effort: "none" } },
      effortRefusal("none", "gpt-5-nano", "'minimal', 'low', 'medium', and 'high'"),
    ],
    [
      "gpt-5.4",
      { reasoning: { effort: "max" } },
      effortRefusal("max", "gpt-5.4", "'none', 'low', 'medium', 'high', and 'xhigh'"),
    ],
    [
      "gpt-6-astra",
      { reasoning: { effort: "none" } },
      effortRefusal("none", "gpt-6-astra", "'low', 'medium', 'high', 'xhigh', and 'max'"),
    ],
    ["gpt-5-pro", { reasoning: { effort: "low" } }, effortRefusal("low", "gpt-5-pro", "'high'")],
    [
      "o3-mini",
      { reasoning: { effort: "xhigh" } },
      effortRefusal("xhigh", "o3-mini", "'low', 'medium', and 'high'"),
    ],
  ])("%s with %j", async (model, change, error) => {
    expect(await ask({ model, ...change })).toEqual([400, error]);
  });

  it.each([
    ["gpt-4o", { temperature: 0.5, top_p: 0.9 }],
    ["gpt-4.1", { temperature: 2, include: ["message.output_text.logprobs"], top_logprobs: 2 }],
    ["gpt-5-mini", { temperature: 1, reasoning: { effort: "minimal", summary: "auto" } }],
    ["gpt-5.4-mini", { temperature: 0.5 }],
    ["gpt-5.6-sol", { temperature: 0.5, reasoning: { effort: "none" } }],
    ["gpt-5.6-sol", { reasoning: { effort: "max" } }],
    ["gpt-6-luna", { reasoning: { effort: "none" } }],
    ["o4-mini", { reasoning: { effort: "high", summary: "detailed" } }],
    ["a-model-of-a-test", { temperature: 0.5, reasoning: { effort: "max" } }],
  ])("but %s takes %j", async (model, change) => {
    expect(await ask({ model, ...change })).toMatchObject([200, { status: "completed" }]);
  });
});

describe("the input must continue the conversation", () => {
  const call = { type: "function_call", call_id: "call_1", name: "add", arguments: "{}" };
  const output = { type: "function_call_output", call_id: "call_1", output: "3" };

  it.each([
    [[call], "No tool output found for function call call_1."],
    [[output], "No tool call found for function call output with call_id call_1."],
    [
      [call, output, { ...output, call_id: "call_2" }],
      "No tool call found for function call output with call_id call_2.",
    ],
    [
      [{ type: "custom_tool_call", call_id: "call_3", name: "run", input: "x" }],
      "No tool output found for custom tool call call_3.",
    ],
    [
      [{ type: "reasoning", id: "rs_1", summary: [] }, {
        type: "reasoning",
        id: "rs_1",
        summary: [],
      }],
      "Duplicate item found with id rs_1. Remove duplicate items from your input and try again.",
    ],
  ])("%j is refused", async (input, message) => {
    expect(await ask({ input })).toEqual([400, refusal(message, "input", null)]);
  });

  it("a call and its output are accepted, also when the conversation holds the call", async () => {
    expect(await ask({ input: [call, output] })).toMatchObject([200, {}]);
    const { url } = await startEmulator();
    const post = (path: string, body: unknown) =>
      fetch(`${url}${path}`, {
        method: "POST",
        headers: { authorization: "Bearer sk-test" },
        body: JSON.stringify(body),
      });
    const { id } = await (await post("/conversations", { items: [call] })).json();
    const open = await post("/responses", { ...QUESTION, conversation: id });
    expect([open.status, await open.json()])
      .toEqual([400, refusal("No tool output found for function call call_1.", "input", null)]);
    const closed = await post("/responses", { ...QUESTION, conversation: id, input: [output] });
    expect(closed.status).toBe(200);
  });

  it("a reference must name a stored item", async () => {
    const { client } = await startEmulator();
    const { id: conversation_id } = await client.conversations.create({
      items: [{ role: "user", content: "Hi" }],
    });
    const [item] = (await client.conversations.items.list(conversation_id)).data;
    const refer = (id: string) =>
      client.responses.create({
        ...QUESTION,
        input: [{ type: "item_reference", id }, { role: "user", content: "And now?" }],
      });
    await expect(refer(item?.id ?? "")).resolves.toMatchObject({ status: "completed" });
    await expect(refer("msg_unknown")).rejects.toMatchObject({
      status: 404,
      error: { message: "Item with id 'msg_unknown' not found.", param: "input" },
    });
  });

  it("files must exist, as images and as documents", async () => {
    const { client } = await startEmulator();
    const file_id = await upload(client, "cat.png", "x", "vision");
    const send = (image: string, document: string) =>
      client.responses.create({
        ...QUESTION,
        input: [{
          role: "user",
          content: [
            { type: "input_image", file_id: image, detail: "auto" },
            { type: "input_file", file_id: document },
          ],
        }],
      });
    await expect(send(file_id, file_id)).resolves.toMatchObject({ status: "completed" });
    await expect(send("file-1", file_id)).rejects.toMatchObject({ status: 400, param: "input" });
    await expect(send(file_id, "file-2")).rejects.toMatchObject({ status: 400, param: "input" });
  });
});

function effortRefusal(effort: string, model: string, supported: string) {
  const message = `Unsupported value: '${effort}' is not supported with the '${model}' model. ` +
    `Supported values are: ${supported}.`;
  return refusal(message, "reasoning.effort", "unsupported_value");
}

function refusal(message: string, param: string | null, code: string | null) {
  return { error: { message, type: "invalid_request_error", param, code } };
}

async function ask(change: object): Promise<[number, unknown]> {
  const request = new Request("http://emulator.test/v1/responses", {
    method: "POST",
    headers: { authorization: "Bearer sk-test" },
    body: JSON.stringify({ ...QUESTION, ...change }),
  });
  const reply = await createOpenAIEmulator().fetch(request);
  return [reply.status, await reply.json()];
}
