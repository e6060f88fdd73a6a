import { APIError } from "openai";
import { describe, expect, it } from "vitest";
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

describe("error_event", () => {
  it.each(
    [
      ["start", [], ""],
      ["created", ["response.created"], ""],
      ["text", expect.arrayContaining(["response.output_text.delta"]), "one"],
      ["end", expect.not.arrayContaining(["response.failed"]), REPLY],
    ] as const,
  )("after %s is thrown by the SDK; the response has failed", async (after, types, text) => {
    const { client, behave, objects } = await startEmulator();
    const { id: conversation } = await client.conversations.create({});
    await behave({ scenario: "error_event", after, reply: REPLY });
    const { events, error } = await readUntilError(
      await client.responses.create({ ...BACKGROUND, conversation }),
    );
    expect(events.map(({ type }) => type)).toEqual(types);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ status: undefined, code: "server_error", type: "server_error" });
    expect(error).toHaveProperty("message", expect.stringContaining(UPSTREAM_MARKER));
    const id = (await objects()).responses[0]?.id ?? "";
    expect(await client.responses.retrieve(id))
      .toMatchObject({ status: "failed", output_text: text, error: { code: "server_error" } });
    expect(await readTexts(client, conversation)).toEqual([]);
  });

  it.each([
    ["nested", /event: error\ndata: \{"type":"error","error":\{"type":.*"sequence_number":1\}/],
    ["flat", /event: error\ndata: \{"type":"error","code":"server_error",.*"sequence_number":1\}/],
    ["unnamed", /\n\ndata: \{"type":"error","code":"server_error",.*"sequence_number":1\}/],
  ])("has the form %s", async (variant, frame) => {
    const { behave, post } = await startEmulator();
    await behave({ scenario: "error_event", variant, after: "created" });
    expect(await (await post("/responses", { ...QUESTION, stream: true })).text()).toMatch(frame);
  });

  it("is an ordinary event for the SDK if its frame has no name", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "error_event", variant: "unnamed", after: "created" });
    const events = await collect(await client.responses.create(BACKGROUND));
    expect(events.map(({ type }) => type)).toEqual(["response.created", "error"]);
  });

  it("comes after `n` texts; the response completes all the same on request", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ scenario: "error_event", n: 3, completes: true, times: 1, reply: REPLY });
    const { events } = await readUntilError(await client.responses.create(BACKGROUND));
    expect(joinDeltas(events)).toBe("one two three");
    const id = (await objects()).responses[0]?.id ?? "";
    const starting_after = events.at(-1)?.sequence_number;
    const rest = await collect(
      await client.responses.retrieve(id, { stream: true, starting_after }),
    );
    expect(joinDeltas(rest)).toBe(" four");
    expect(rest.at(-1)).toMatchObject({ type: "response.completed" });
  });

  it("comes again on the next attachment", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ scenario: "error_event", completes: true, reply: REPLY });
    const first = await readUntilError(await client.responses.create(BACKGROUND));
    const id = (await objects()).responses[0]?.id ?? "";
    const starting_after = first.events.at(-1)?.sequence_number;
    const second = await readUntilError(
      await client.responses.retrieve(id, { stream: true, starting_after }),
    );
    expect(joinDeltas(second.events)).toBe(" two");
    expect(second.error).toBeInstanceOf(APIError);
  });
});

describe("silence", () => {
  it.each([["start", 0, ""], ["created", 1, ""], ["text", 6, "one"]] as const)(
    "after %s sends nothing more; the response runs until it is cancelled",
    async (after, count, text) => {
      const { client, behave, objects } = await startEmulator();
      await behave({ scenario: "silence", after, reply: REPLY });
      const { events, isOver } = listen(await client.responses.create(BACKGROUND));
      await expect.poll(() => events.length).toBe(count);
      const id = (await objects()).responses[0]?.id ?? "";
      expect(await client.responses.retrieve(id))
        .toMatchObject({ status: "in_progress", output_text: text });
      expect(await client.responses.cancel(id)).toMatchObject({ status: "cancelled" });
      expect(events).toHaveLength(count);
      expect(isOver()).toBe(false);
    },
  );

  it("does not keep the response from completing, on request", async () => {
    const { client, behave, objects } = await startEmulator();
    await behave({ scenario: "silence", completes: true, reply: REPLY });
    const { events, isOver } = listen(await client.responses.create(BACKGROUND));
    await expect.poll(async () => (await objects()).responses[0]?.status).toBe("completed");
    await expect.poll(() => joinDeltas(events)).toBe("one");
    expect(isOver()).toBe(false);
  });
});

describe("late_attach_400", () => {
  it("refuses to stream a stored response again, and nothing else", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "late_attach_400" });
    const stream = client.responses.stream(BACKGROUND);
    const { id } = await stream.finalResponse();
    await expect(client.responses.retrieve(id, { stream: true })).rejects.toMatchObject({
      status: 400,
      error: { message: expect.stringContaining("more than 5 minutes old") },
    });
    expect(await client.responses.retrieve(id)).toMatchObject({ status: "completed" });
    await expect(client.responses.retrieve("resp_x", { stream: true })).rejects
      .toMatchObject({ status: 404 });
  });
});

describe("never_terminal", () => {
  it("ends each stream without a terminal event; the response runs until it is cancelled", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "never_terminal", reply: REPLY });
    const events = await collect(await client.responses.create(BACKGROUND));
    expect(events.at(-1)?.type).toBe("response.output_item.done");
    const id = idOf(events);
    const again = await collect(await client.responses.retrieve(id, { stream: true }));
    expect(again).toEqual(events);
    expect(await client.responses.retrieve(id)).toMatchObject({
      status: "in_progress",
      output_text: REPLY,
    });
    expect(await client.responses.cancel(id)).toMatchObject({ status: "cancelled" });
  });

  it("stops at a point, on request", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "never_terminal", after: "text", n: 2, reply: REPLY });
    const events = await collect(await client.responses.create(BACKGROUND));
    expect(joinDeltas(events)).toBe("one two");
    expect(await client.responses.retrieve(idOf(events)))
      .toMatchObject({ status: "in_progress", output_text: "one two" });
  });
});

describe("ends_early", () => {
  it.each(
    [
      ["text", "response.output_text.delta", "one"],
      [undefined, "response.output_item.done", REPLY],
    ] as const,
  )("ends the stream after %s; the response completes", async (after, type, text) => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "ends_early", after, reply: REPLY });
    const events = await collect(await client.responses.create(BACKGROUND));
    expect(events.at(-1)?.type).toBe(type);
    expect(joinDeltas(events)).toBe(text);
    await expect.poll(() => client.responses.retrieve(idOf(events)))
      .toMatchObject({ status: "completed", output_text: REPLY });
  });
});

describe("duplicate_events", () => {
  it("sends each event twice with the same number", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "duplicate_events", reply: REPLY });
    const events = await collect(await client.responses.create(BACKGROUND));
    const half = events.filter((_, index) => index % 2 === 0);
    expect(events).toEqual(half.flatMap((event) => [event, event]));
    expect(half.map(({ sequence_number }) => sequence_number)).toEqual([...half.keys()]);
  });
});

describe("split_utf8", () => {
  it("cuts lines and characters; a careful reader loses nothing", async () => {
    const { client, behave, post } = await startEmulator();
    const text = "Grüße 👋🏽 世界";
    await behave({ scenario: "split_utf8", reply: text });
    const { body } = await post("/responses", { ...QUESTION, stream: true });
    const pieces = await Array.fromAsync(body ?? []);
    const carelessly = pieces.map((piece) => new TextDecoder().decode(piece));
    expect(carelessly.filter((piece) => piece.includes("\uFFFD"))).not.toEqual([]);
    expect(carelessly.filter((piece) => !piece.endsWith("\n"))).not.toEqual([]);
    const events = await collect(await client.responses.create(BACKGROUND));
    expect(joinDeltas(events)).toBe(text);
  });
});

describe("cancelled_empty", () => {
  it("leaves a cancelled response without output", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "cancelled_empty", reply: REPLY, tokens_per_second: 0.01 });
    const stream = await client.responses.create(BACKGROUND);
    let id = "";
    for await (const event of stream) {
      if (event.type === "response.created") id = event.response.id;
      if (event.type === "response.output_text.delta") break;
    }
    expect(await client.responses.cancel(id)).toMatchObject({ status: "cancelled", output: [] });
  });
});

describe("slow_title", () => {
  it("delays titles only", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "slow_title", seconds: 0.5 });
    const begun = performance.now();
    const title = client.responses.create({ ...QUESTION, metadata: { purpose: "title" } })
      .then(() => performance.now() - begun);
    await client.responses.create(QUESTION);
    expect(performance.now() - begun).toBeLessThan(await title);
    expect(await title).toBeGreaterThanOrEqual(495);
  });
});

describe("context_exceeded", () => {
  const LONG = { ...BACKGROUND, input: "word ".repeat(100) };
  const CODE = "context_length_exceeded";

  it("refuses an input above the limit, counting the conversation, and accepts a shorter one", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "context_exceeded", max_input_tokens: 40, reply: "x".repeat(200) });
    await expect(client.responses.create(LONG)).rejects
      .toMatchObject({ status: 400, code: CODE, param: "input" });
    const { id: conversation } = await client.conversations.create({});
    const first = await client.responses.create({ ...QUESTION, conversation });
    expect(first.status).toBe("completed");
    await expect(client.responses.create({ ...QUESTION, conversation })).rejects
      .toMatchObject({ status: 400, code: CODE });
    await expect(client.responses.create({ ...QUESTION, conversation, truncation: "auto" }))
      .resolves.toMatchObject({ status: "completed" });
  });

  it("fails the response without an error event", async () => {
    const { client, behave } = await startEmulator();
    await behave({ scenario: "context_exceeded", variant: "failed", max_input_tokens: 40 });
    const events = await collect(await client.responses.create(LONG));
    expect(events.at(-1)).toMatchObject({
      type: "response.failed",
      response: { status: "failed", output: [], error: { code: CODE } },
    });
    const short = await collect(await client.responses.create(BACKGROUND));
    expect(short.at(-1)?.type).toBe("response.completed");
  });

  it("sends an error event before response.failed", async () => {
    const { client, behave, objects, post } = await startEmulator();
    await behave({ scenario: "context_exceeded", variant: "error_event", max_input_tokens: 40 });
    const { error } = await readUntilError(await client.responses.create(LONG));
    expect(error).toMatchObject({ code: CODE, type: "invalid_request_error", param: null });
    expect((await objects()).responses[0]?.status).toBe("failed");
    const text = await (await post("/responses", LONG)).text();
    expect(text.match(/^event: .*$/gm)).toEqual([
      "event: response.created",
      "event: response.queued",
      "event: error",
      "event: response.failed",
    ]);
  });
});

/** Reads a stream in the background. */
function listen<Event>(stream: AsyncIterable<Event>) {
  const events: Event[] = [];
  let over = false;
  const read = async () => {
    for await (const event of stream) events.push(event);
  };
  void read().catch(() => {}).finally(() => over = true);
  return { events, isOver: () => over };
}

function idOf(events: Awaited<ReturnType<typeof collect>>): string {
  const [created] = events;
  return created?.type === "response.created" ? created.response.id : "";
}
