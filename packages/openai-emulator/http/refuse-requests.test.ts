import { describe, expect, it } from "vitest";
import { createOpenAIEmulator } from "../create-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Hello" };

describe("a request is refused in OpenAI's shape", () => {
  it.each([
    ["no model", { input: "Hello" }, "model", "missing_required_parameter"],
    ["no input", { model: "gpt-5-mini" }, "input", "missing_required_parameter"],
    ["an unknown parameter", { ...QUESTION, stram: true }, "stram", "unknown_parameter"],
    [
      "a wrong type",
      { ...QUESTION, max_output_tokens: "lots" },
      "max_output_tokens",
      "invalid_type",
    ],
    [
      "too small a limit",
      { ...QUESTION, max_output_tokens: 8 },
      "max_output_tokens",
      "integer_below_min_value",
    ],
    [
      "a background without store",
      { ...QUESTION, background: true, store: false },
      "background",
      "invalid_value",
    ],
    [
      "an input part of an assistant",
      {
        ...QUESTION,
        input: [{ role: "assistant", content: [{ type: "input_text", text: "x" }] }],
      },
      "input[0].content[0].type",
      "invalid_value",
    ],
    [
      "a previous response",
      { ...QUESTION, previous_response_id: "resp_1" },
      "previous_response_id",
      "invalid_type",
    ],
  ])("for %s", async (_, body, param, code) => {
    const reply = await send("/v1/responses", JSON.stringify(body));
    expect(reply.status).toBe(400);
    expect(await reply.json()).toEqual({
      error: { message: expect.any(String), type: "invalid_request_error", param, code },
    });
    expect(reply.headers.get("x-request-id")).toMatch(/^req_/);
  });

  it("for invalid JSON", async () => {
    const reply = await send("/v1/responses", "{");
    expect([reply.status, await reply.json()]).toMatchObject([400, { error: { code: null } }]);
  });

  it("for an unknown address", async () => {
    const reply = await send("/v1/nothing", "{}");
    expect([reply.status, await reply.json()])
      .toMatchObject([404, { error: { message: "Invalid URL (POST /v1/nothing)" } }]);
  });

  it.each<Record<string, string>>([{}, { authorization: "Bearer " }])(
    "without a key: %o",
    async (headers) => {
      const reply = await send("/v1/responses", JSON.stringify(QUESTION), headers);
      expect([reply.status, await reply.json()])
        .toMatchObject([401, { error: { type: "invalid_request_error" } }]);
    },
  );
});

function send(
  path: string,
  body: string,
  headers: Record<string, string> = { authorization: "Bearer sk-test" },
): Promise<Response> {
  const url = `http://emulator.test${path}`;
  return createOpenAIEmulator().fetch(new Request(url, { method: "POST", body, headers }));
}
