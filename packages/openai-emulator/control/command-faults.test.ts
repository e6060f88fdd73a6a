import { APIError } from "openai";
import { assert, describe, expect, it } from "vitest";
import { UPSTREAM_MARKER } from "../http/fail-request.ts";
import {
  collect,
  joinDeltas,
  readTexts,
  readUntilError,
  startEmulator,
} from "../start-test-emulator.ts";

const REPLY = "one two three four";
const QUESTION = { model: "gpt-5-mini", input: "Hello" };
const BACKGROUND = { ...QUESTION, background: true, stream: true } as const;

describe("fail", () => {
  it("refuses the path the given number of times, with a retry delay", async () => {
    const { client, behave } = await startEmulator();
    await behave({ fail: { path: "/v1/responses", status: 429, retry_after: 7, times: 2 } });
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await client.responses.create(QUESTION).catch((thrown: unknown) => thrown);
      assert(error instanceof APIError);
      expect(error).toMatchObject({ status: 429, code: "rate_limit_exceeded" });
      expect(error.message).toContain(UPSTREAM_MARKER);
      expect(error.headers?.get("retry-after")).toBe("7");
    }
    await expect(client.responses.create(QUESTION)).resolves.toMatchObject({ status: "completed" });
  });

  it("applies to that path only, until it is reset", async () => {
    const { client, behave, control } = await startEmulator();
    await behave({ fail: { path: "/v1/conversations", status: 503 } });
    await expect(client.conversations.create({})).rejects.toMatchObject({ status: 503 });
    await expect(client.conversations.create({})).rejects.toMatchObject({ status: 503 });
    await expect(client.responses.create(QUESTION)).resolves.toMatchObject({ status: "completed" });
    await control("DELETE", "/behaviour");
    await expect(client.conversations.create({})).resolves.toMatchObject({
      object: "conversation",
    });
  });
});

describe("disconnect_after_events", () => {
  it("breaks the connection after so many events; a background response continues", async () => {
    const { client, behave, control, objects } = await startEmulator();
    await behave({ disconnect_after_events: 5, reply: REPLY });
    const { events, error } = await readUntilError(await client.responses.create(BACKGROUND));
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([0, 1, 2, 3, 4]);
    expect(error).toBeInstanceOf(Error);
    await control("DELETE", "/behaviour");
    const id = (await objects()).responses[0]?.id ?? "";
    const rest = await collect(
      await client.responses.retrieve(id, { stream: true, starting_after: 4 }),
    );
    expect(rest[0]?.sequence_number).toBe(5);
    expect(joinDeltas([...events, ...rest])).toBe(REPLY);
  });

  it("counts the events of each connection separately", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ disconnect_after_events: 2 });
    await readUntilError(await client.responses.create(BACKGROUND));
    const id = (await objects()).responses[0]?.id ?? "";
    const again = await client.responses.retrieve(id, { stream: true, starting_after: 1 });
    const { events } = await readUntilError(again);
    expect(events.map(({ sequence_number }) => sequence_number)).toEqual([2, 3]);
  });

  it("breaks the connection before the first event", async () => {
    const { client, behave } = await startEmulator();
    await behave({ disconnect_after_events: 0 });
    const reading = client.responses.create(BACKGROUND).then(collect);
    await expect(reading).rejects.toThrow();
  });

  it("cancels a response that is not in the background", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ disconnect_after_events: 2, ttft_ms: 60_000 });
    const { events } = await readUntilError(
      await client.responses.create({ ...QUESTION, stream: true }),
    );
    expect(events).toHaveLength(2);
    await expect.poll(async () => (await objects()).responses[0]?.status).toBe("cancelled");
  });
});

describe("malformed_after_events", () => {
  it("sends a frame of invalid JSON after so many events", async () => {
    const { client, behave } = await startEmulator();
    await behave({ malformed_after_events: 3 });
    const { events, error } = await readUntilError(await client.responses.create(BACKGROUND));
    expect(events).toHaveLength(3);
    expect(error).toBeInstanceOf(SyntaxError);
  });
});

describe("end", () => {
  it("failed: partial text, then response.failed; the conversation is unchanged", async () => {
    const { client, behave } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    await behave({ end: "failed", reply: REPLY });
    const events = await collect(
      await client.responses.create({ ...BACKGROUND, conversation }),
    );
    expect(joinDeltas(events)).toBe("one two");
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: {
        status: "failed",
        error: { code: "server_error", message: expect.stringContaining(UPSTREAM_MARKER) },
        usage: null,
      },
    });
    expect(await readTexts(client, conversation)).toEqual([]);
  });

  it("incomplete: partial text, then response.incomplete with usage", async () => {
    const { client, behave } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    await behave({ end: "incomplete", reply: REPLY });
    const stream = client.responses.stream({ ...QUESTION, conversation });
    const events = await collect(stream);
    expect(events.at(-1)).toMatchObject({
      type: "response.incomplete",
      response: {
        status: "incomplete",
        incomplete_details: { reason: "max_output_tokens" },
        output: [{ status: "incomplete", content: [{ text: "one two" }] }],
        usage: { output_tokens: 2 },
      },
    });
    expect(await readTexts(client, conversation)).toEqual([]);
  });
});

describe("ttft_ms and tokens_per_second", () => {
  it("delay the first token and space the others", async () => {
    const { client, behave } = await startEmulator();
    await behave({ ttft_ms: 60, tokens_per_second: 50, reply: REPLY });
    const begun = performance.now();
    const times: number[] = [];
    for await (const event of await client.responses.create({ ...QUESTION, stream: true })) {
      if (event.type === "response.output_text.delta") times.push(performance.now() - begun);
    }
    // Each token has its due time from the start, so a busy machine can only delay it.
    expect(times[0]).toBeGreaterThanOrEqual(55);
    expect(times[3]).toBeGreaterThanOrEqual(115);
  });
});
