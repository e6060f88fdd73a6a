import { type UIMessage, type UIMessageChunk, validateUIMessages } from "ai";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createEventMapper } from "../../../functions/_shared/turn/events/map-events.ts";
import { publicErrorText } from "../../../functions/_shared/openai/public-errors.ts";
import { createPartsReducer } from "../../../functions/_shared/turn/events/reduce-parts.ts";
import {
  annotated,
  completed,
  created,
  type EventBody,
  failed,
  fileCitation,
  fileSearch,
  incomplete,
  itemAdded,
  itemDone,
  numbered,
  refusalPart,
  streamError,
  summaryPart,
  textPart,
  urlCitation,
} from "../../helpers/openai-events.ts";
import { draw, drawn } from "../../helpers/matrix.ts";
import { readWithClient } from "./read-with-client.ts";
import { findFile, scenarios } from "./scenarios/index.ts";

const MESSAGE_ID = "assistant-1";

function reduce(chunks: UIMessageChunk[]): UIMessage {
  const reducer = createPartsReducer("not yet known");
  chunks.forEach((chunk) => reducer.push(chunk));
  return {
    id: reducer.id,
    role: "assistant",
    metadata: reducer.metadata,
    parts: reducer.parts,
  };
}

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** Returns the chunks of a whole message, as a turn writes them. */
function messageChunks(bodies: EventBody[]): UIMessageChunk[] {
  const mapper = createEventMapper({ findFile });
  return [
    { type: "start", messageId: MESSAGE_ID, messageMetadata: { session_id: "s", usage: {} } },
    ...numbered(bodies).flatMap((event) => mapper.push(event)),
    ...mapper.close(),
    { type: "finish", messageMetadata: { usage: { output_tokens: 3 }, model: mapper.model } },
  ];
}

/**
 * Expects that reducer and client agree, and that the result is valid. No part is open, except the calls that Parley or
 * the app answers after the response.
 */
async function expectConformance(chunks: UIMessageChunk[]): Promise<void> {
  const { message, error, localCalls } = await readWithClient(chunks);
  const stored = json(reduce(chunks));
  expect(error).toBeUndefined();
  const asked = chunks.flatMap((chunk) =>
    chunk.type === "tool-input-available" && !chunk.providerExecuted ? [chunk.toolName] : []
  );
  expect(localCalls).toEqual(asked);
  expect(stored).toEqual(json(message));
  const open = JSON.stringify(stored).match(/"state":"(input-)?(streaming|available)"/g) ?? [];
  expect(open).toHaveLength(asked.length);
  const messages = await validateUIMessages({ messages: [stored] });
  expect(json(messages)).toEqual([stored]);
}

describe("the stored message equals the one on screen", () => {
  it.each(scenarios)("$name", async ({ events }) => {
    await expectConformance(messageChunks(events));
  });

  it("for any reply, cut anywhere, with data and metadata in between", {
    ...drawn,
    timeout: 120_000,
  }, async () => {
    const chunks = fc.tuple(replyEvents(), fc.nat(), fc.array(fc.tuple(fc.nat(), extraChunk())))
      .map(([events, length, extras]) => {
        const chunks = messageChunks(events.slice(0, 1 + length % events.length));
        for (const [place, chunk] of extras) chunks.splice(1 + place % chunks.length, 0, chunk);
        return chunks;
      });
    await fc.assert(
      fc.asyncProperty(chunks, expectConformance),
      draw("replies", { one: 15, sample: 50, full: 150 }),
    );
  });

  it("for a second step that repeats the id of a call", async () => {
    const search = messageChunks([created(), itemDone(fileSearch({ status: "completed" }))]);
    const [start, ...rest] = search;
    await expectConformance([...(start ? [start] : []), ...rest, ...rest]);
  });

  it("for metadata of parts, calls and results", async () => {
    const meta = (value: string) => ({ providerMetadata: { openai: { value } } });
    const call = { toolCallId: "c", toolName: "file_search", providerExecuted: true } as const;
    await expectConformance([
      { type: "start", messageId: MESSAGE_ID },
      { type: "text-start", id: "t", ...meta("a") },
      { type: "text-end", id: "t", ...meta("b") },
      { type: "reasoning-start", id: "t", ...meta("a") },
      { type: "reasoning-delta", id: "t", delta: "x", ...meta("b") },
      { type: "reasoning-end", id: "t" },
      { type: "tool-input-available", ...call, input: {}, ...meta("call") },
      { type: "tool-input-available", ...call, input: { queries: [] } },
      { type: "tool-output-available", toolCallId: "c", output: 1, ...meta("result") },
    ]);
  });
});

describe("an ending other than a finish", () => {
  const half = messageChunks([created(), ...textPart("msg_1", "Half")]).slice(0, -1);

  it("a failure appears as Parley's error, and the parts stay", async () => {
    const errorText = publicErrorText("server_error");
    const chunks: UIMessageChunk[] = [...half, { type: "error", errorText }];
    const { message, error } = await readWithClient(chunks);
    expect(error?.message).toBe(errorText);
    expect(json(reduce(chunks))).toEqual(json(message));
  });

  it("a stop keeps the parts and its status", async () => {
    await expectConformance([
      ...half,
      { type: "message-metadata", messageMetadata: { status: "stopped" } },
      { type: "abort" },
    ]);
  });
});

describe("the reducer", () => {
  it("joins the text of all text parts", () => {
    const reducer = createPartsReducer(MESSAGE_ID);
    messageChunks([created(), ...textPart("a", "Hello"), ...textPart("b", " there"), completed()])
      .forEach((chunk) => reducer.push(chunk));
    expect(reducer.text).toBe("Hello there");
  });

  it("keeps its first id until the stream names one", () => {
    const reducer = createPartsReducer(MESSAGE_ID);
    reducer.push({ type: "start" });
    expect(reducer.id).toBe(MESSAGE_ID);
    expect(reducer.metadata).toBeUndefined();
  });

  it("does not store transient parts or change the chunks it is given", () => {
    const first = { type: "data-title", id: "1", data: "a" } as const;
    const { parts } = reduce([
      first,
      { type: "data-title", id: "1", data: "b" },
      { type: "data-status", data: "searching", transient: true },
    ]);
    expect(parts).toEqual([{ type: "data-title", id: "1", data: "b" }]);
    expect(first.data).toBe("a");
  });

  it.each<[string, UIMessageChunk]>([
    ["a delta of a text that is not open", { type: "text-delta", id: "t", delta: "x" }],
    ["the end of a reasoning that is not open", { type: "reasoning-end", id: "t" }],
    ["the result of an unknown call", {
      type: "tool-output-available",
      toolCallId: "c",
      output: {},
    }],
  ])("fails where the client fails: %s", async (_name, chunk) => {
    const chunks: UIMessageChunk[] = [{ type: "start", messageId: MESSAGE_ID }, chunk];
    expect(() => reduce(chunks)).toThrow();
    expect((await readWithClient(chunks)).error).toBeDefined();
  });

  it("refuses a chunk that Parley never sends", () => {
    expect(() => reduce([{ type: "reset-step" }])).toThrow("Parley sends no reset-step chunks.");
  });
});

const deltas = fc.array(fc.string({ unit: "grapheme", maxLength: 8 }), { maxLength: 4 });

function outputItem(id: string): fc.Arbitrary<EventBody[]> {
  const fileId = fc.constantFrom("file-known", "file-other");
  return fc.oneof(
    deltas.map((texts) => textPart(id, ...texts)),
    deltas.map((texts) => refusalPart(id, ...texts)),
    fc.tuple(deltas, deltas).map(([first, second]) => [
      ...summaryPart(id, 0, ...first),
      ...summaryPart(id, 1, ...second),
    ]),
    fileId.map((file) => [annotated(id, fileCitation(file, "notes.md"))]),
    fc.webUrl().map((url) => [annotated(id, urlCitation(url))]),
    fc.constantFrom("completed" as const, "failed" as const).map((status) => [
      itemAdded(fileSearch({ id })),
      itemDone(fileSearch({ id, status, queries: ["q"] })),
    ]),
  );
}

/** Generates whole replies as the API may stream them. */
function replyEvents(): fc.Arbitrary<EventBody[]> {
  const items = fc.nat({ max: 5 }).chain((count) =>
    fc.tuple(...Array.from({ length: count }, (_, index) => outputItem(`item_${index}`)))
  );
  const terminal = fc.constantFrom(
    completed(),
    incomplete("content_filter"),
    failed("server_error"),
    streamError(null),
  );
  return fc.tuple(items, terminal).map(([all, last]) => [created(), ...all.flat(), last]);
}

/** Generates chunks that a turn may add between those of the mapper. */
function extraChunk(): fc.Arbitrary<UIMessageChunk> {
  const id = fc.constantFrom("1", "2");
  const value = fc.oneof(fc.integer(), fc.dictionary(fc.constantFrom("a", "b"), fc.integer()));
  return fc.oneof(
    fc.record({ type: fc.constant("data-status" as const), data: value }),
    fc.record({ type: fc.constantFrom("data-status" as const, "data-title"), id, data: value }),
    fc.record({
      type: fc.constant("data-status" as const),
      data: value,
      transient: fc.constant(true),
    }),
    fc.record({
      type: fc.constant("message-metadata" as const),
      messageMetadata: fc.dictionary(fc.constantFrom("usage", "model"), value),
    }),
  );
}
