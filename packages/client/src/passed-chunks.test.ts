import { describe, expect, test } from "vitest";
import { PassedChunks } from "./passed-chunks.ts";
import type { ReplyChunk } from "./ui-message.ts";

const text = (id: string, ...deltas: string[]): ReplyChunk[] => [
  { type: "text-start", id },
  ...deltas.map((delta): ReplyChunk => ({ type: "text-delta", id, delta })),
  { type: "text-end", id },
];
const tool: ReplyChunk[] = [
  { type: "tool-input-available", toolCallId: "t", toolName: "file_search", input: {} },
  { type: "tool-output-available", toolCallId: "t", output: [1] },
];
const start: ReplyChunk = { type: "start", messageId: "m" };
const finish: ReplyChunk = { type: "finish" };

/** A reply as the function streams it. */
const STREAM: ReplyChunk[] = [
  start,
  { type: "start-step" },
  ...tool,
  ...text("a", "One ", "two ", "three."),
  ...text("b", "Four."),
  { type: "source-url", sourceId: "s", url: "http://localhost/" },
  { type: "finish-step" },
  finish,
];
/** The same reply as the database has it: other ids, and each text in one piece. */
const STORED: ReplyChunk[] = [
  start,
  { type: "start-step" },
  ...tool,
  ...text("2", "One two three."),
  ...text("3", "Four."),
  { type: "source-url", sourceId: "s", url: "http://localhost/" },
  { type: "finish-step" },
  finish,
];

/** Passes on the first chunks of a stream, and then another reading of the same reply. */
function readTwice(count: number, again: ReplyChunk[]): ReplyChunk[] {
  const passed = new PassedChunks();
  const take = (chunks: ReplyChunk[]) => chunks.flatMap((chunk) => passed.take(chunk) ?? []);
  const first = take(STREAM.slice(0, count));
  passed.rewind();
  return [...first, ...take(again)];
}

/** Joins the deltas of each text. */
function joinTexts(chunks: ReplyChunk[]): unknown[] {
  const texts = new Map<string, string>();
  for (const chunk of chunks) {
    if ("delta" in chunk) texts.set(chunk.id, (texts.get(chunk.id) ?? "") + chunk.delta);
  }
  return [...chunks.filter((chunk) => !("delta" in chunk)), ...texts.values()];
}

describe.for(STREAM.map((_, index) => index))("a line cut after %i chunks", (count) => {
  test("is completed by the stream", () => {
    expect(readTwice(count, STREAM)).toEqual(STREAM);
  });

  test("is completed by the stored reply", () => {
    // The caller keeps the ids that it knows.
    const chunks = joinTexts(readTwice(count, STORED));
    const ids = (list: unknown[]) => JSON.stringify(list).replaceAll(/"id":"\w"/g, "");
    expect(ids(chunks)).toBe(ids(joinTexts(STREAM)));
  });
});
