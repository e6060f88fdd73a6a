import type { UIMessageChunk } from "ai";
import { TOOL_INTERRUPTED_TEXT } from "../../../../functions/_shared/turn/events/map-events.ts";
import {
  completed,
  created,
  failed,
  fileSearch,
  incomplete,
  itemAdded,
  refusalPart,
  streamError,
  summaryPart,
  textAdded,
  textDelta,
  textPart,
} from "../../../helpers/openai-events.ts";
import { end, input, type Scenario, start, toolError } from "./scenario.ts";

const refusal = { providerMetadata: { openai: { refusal: true } } };

function text(id: string, ...deltas: string[]): UIMessageChunk[] {
  return [
    { type: "text-start", id },
    ...deltas.map((delta): UIMessageChunk => ({ type: "text-delta", id, delta })),
    { type: "text-end", id },
  ];
}

function reasoning(id: string, ...deltas: string[]): UIMessageChunk[] {
  return [
    { type: "reasoning-start", id },
    ...deltas.map((delta): UIMessageChunk => ({ type: "reasoning-delta", id, delta })),
    { type: "reasoning-end", id },
  ];
}

/** Replies of text and reasoning, and every way in which a reply can end. */
export const replies: Scenario[] = [
  {
    name: "text in deltas",
    events: [created(), ...textPart("msg_1", "Hello", " there"), completed()],
    chunks: [start, ...text("msg_1:0", "Hello", " there"), end],
  },
  {
    name: "an empty delta gives no chunk",
    events: [created(), ...textPart("msg_1", "", "Hi", ""), completed()],
    chunks: [start, ...text("msg_1:0", "Hi"), end],
  },
  {
    name: "a delta whose part was never announced opens it",
    events: [created(), textDelta("msg_1", "Hi"), completed()],
    chunks: [start, ...text("msg_1:0", "Hi"), end],
  },
  {
    name: "two parts and two messages keep their own ids",
    events: [
      created(),
      ...textPart("msg_1", "a"),
      textAdded("msg_1", 1),
      textDelta("msg_1", "b", 1),
      ...textPart("msg_2", "c"),
      completed(),
    ],
    chunks: [
      start,
      ...text("msg_1:0", "a"),
      { type: "text-start", id: "msg_1:1" },
      { type: "text-delta", id: "msg_1:1", delta: "b" },
      ...text("msg_2:0", "c"),
      { type: "text-end", id: "msg_1:1" },
      end,
    ],
  },
  {
    name: "a reasoning summary in two parts",
    events: [
      created(),
      ...summaryPart("rs_1", 0, "First", " this"),
      ...summaryPart("rs_1", 1, "then that"),
      ...textPart("msg_1", "Done"),
      completed(),
    ],
    chunks: [
      start,
      ...reasoning("rs_1:0", "First", " this"),
      ...reasoning("rs_1:1", "then that"),
      ...text("msg_1:0", "Done"),
      end,
    ],
  },
  {
    name: "raw reasoning is not shown",
    events: [
      created(),
      {
        type: "response.content_part.added",
        item_id: "rs_1",
        output_index: 0,
        content_index: 0,
        part: { type: "reasoning_text", text: "" },
      },
      completed(),
    ],
    chunks: [start, end],
  },
  {
    name: "a refusal is text marked as a refusal",
    events: [created(), ...refusalPart("msg_1", "I cannot", " help"), completed()],
    chunks: [
      start,
      { type: "text-start", id: "msg_1:0", ...refusal },
      { type: "text-delta", id: "msg_1:0", delta: "I cannot", ...refusal },
      { type: "text-delta", id: "msg_1:0", delta: " help", ...refusal },
      { type: "text-end", id: "msg_1:0" },
      end,
    ],
  },
  {
    name: "an incomplete response closes open parts",
    events: [
      created(),
      textAdded("msg_1"),
      textDelta("msg_1", "Half"),
      incomplete("max_output_tokens"),
    ],
    chunks: [start, ...text("msg_1:0", "Half"), end],
  },
  {
    name: "failed in the middle of a text",
    events: [created(), textAdded("msg_1"), textDelta("msg_1", "Half"), failed("server_error")],
    chunks: [start, ...text("msg_1:0", "Half"), end],
  },
  {
    name: "an error event in the middle of reasoning and a search",
    events: [
      created(),
      ...summaryPart("rs_1", 0, "Hm").slice(0, 2),
      itemAdded(fileSearch()),
      streamError("server_error"),
    ],
    chunks: [
      start,
      { type: "reasoning-start", id: "rs_1:0" },
      { type: "reasoning-delta", id: "rs_1:0", delta: "Hm" },
      input("fs_1", "file_search", { queries: [] }),
      { type: "reasoning-end", id: "rs_1:0" },
      toolError("fs_1", TOOL_INTERRUPTED_TEXT),
      end,
    ],
  },
  {
    name: "an end without a terminal event",
    events: [created(), textAdded("msg_1"), textDelta("msg_1", "Half")],
    chunks: [start, ...text("msg_1:0", "Half"), end],
  },
  { name: "an error before anything began", events: [streamError(null)], chunks: [] },
];
