import type { Responses } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { collect, joinDeltas, startEmulator } from "../start-test-emulator.ts";

const QUESTION = { model: "gpt-5-mini", input: "Good morning to you" };

describe("a streamed response", () => {
  it("sends its events in OpenAI's order, numbered from 0", async () => {
    const { client } = await startEmulator();
    const events = await collect(await client.responses.create({ ...QUESTION, stream: true }));
    const types = events.map(({ type }) => type);
    expect(types.filter((type, index) => type !== types[index - 1])).toEqual([
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ]);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([...events.keys()]);
  });

  it("starts queued when it runs in the background", async () => {
    const { client } = await startEmulator();
    const events = await collect(
      await client.responses.create({ ...QUESTION, background: true, stream: true }),
    );
    expect(events.slice(0, 3).map(statusOf)).toEqual([
      ["response.created", "queued"],
      ["response.queued", "queued"],
      ["response.in_progress", "in_progress"],
    ]);
  });

  it("accumulates in the SDK's helper to the response that is retrieved later", async () => {
    const { client } = await startEmulator();
    const stream = client.responses.stream({
      ...QUESTION,
      reasoning: { summary: "auto" },
      tools: [{ type: "web_search" }],
    });
    const final = await stream.finalResponse();
    const retrieved = await client.responses.retrieve(final.id);
    expect(final).toMatchObject(retrieved);
    expect(final.output.map(({ type }) => type)).toEqual([
      "reasoning",
      "web_search_call",
      "message",
    ]);
  });

  it("sends one delta a word, which add up to the reply", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: "one  two\nthree " });
    const events = await collect(await client.responses.create({ ...QUESTION, stream: true }));
    const deltas = events.filter(({ type }) => type === "response.output_text.delta");
    expect(deltas).toHaveLength(4);
    expect(joinDeltas(events)).toBe("one  two\nthree ");
    expect(deltas[0]).toMatchObject({ logprobs: [] });
    expect(deltas[0]).not.toHaveProperty("obfuscation");
  });

  it("pads its deltas on request", async () => {
    const { client } = await startEmulator();
    const events = await collect(
      await client.responses.create({
        ...QUESTION,
        stream: true,
        stream_options: { include_obfuscation: true },
      }),
    );
    const delta = events.find(({ type }) => type === "response.output_text.delta");
    expect(delta).toHaveProperty("obfuscation", expect.stringMatching(/^x+$/));
  });

  it("is plain server-sent events without [DONE]", async () => {
    const { url } = await startEmulator();
    const reply = await fetch(`${url}/responses`, {
      method: "POST",
      headers: { authorization: "Bearer sk-test", "content-type": "application/json" },
      body: JSON.stringify({ ...QUESTION, stream: true }),
    });
    const text = await reply.text();
    expect(reply.headers.get("content-type")).toContain("text/event-stream");
    expect(reply.headers.get("x-request-id")).toMatch(/^req_/);
    expect(text).toMatch(/^event: response\.created\ndata: \{"type":"response\.created".*\}\n\n/);
    expect(text).toMatch(/event: response\.completed\ndata: \{.*\}\n\n$/);
    expect(text).not.toContain('output_text":"');
  });

  it("counts tokens the same way every time", async () => {
    const { client, behave } = await startEmulator();
    await behave({ reply: "12345678" });
    const { usage } = await client.responses.create({
      ...QUESTION,
      input: "1234",
      instructions: "12345",
    });
    expect(usage).toEqual({
      input_tokens: 3,
      input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
      output_tokens: 2,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 5,
    });
  });
});

function statusOf(event: Responses.ResponseStreamEvent) {
  return [event.type, "response" in event ? event.response.status : undefined];
}
