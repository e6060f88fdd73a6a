import type { Responses } from "openai/resources/responses/responses";
import { describe, expect, it } from "vitest";
import { IGNORED_EVENT_TYPES } from "../../../functions/_shared/turn/events/ignored-events.ts";
import { createEventMapper } from "../../../functions/_shared/turn/events/map-events.ts";
import type { MadeFile } from "../../../functions/_shared/turn/events/map-made-files.ts";
import { createPartsReducer } from "../../../functions/_shared/turn/events/reduce-parts.ts";
import type { TurnOutcome } from "../../../functions/_shared/turn/events/map-outcome.ts";
import {
  annotated,
  completed,
  created,
  type EventBody,
  failed,
  incomplete,
  itemAdded,
  itemDone,
  numbered,
  refusalPart,
  response,
  type StreamEvent,
  summaryPart,
  textAdded,
  textDelta,
  textPart,
  usage,
} from "../../helpers/openai-events.ts";
import { DOCUMENT_TEXT, findFile, scenarios } from "./scenarios/index.ts";

function mapAll(bodies: EventBody[]) {
  const mapper = createEventMapper({ findFile });
  const chunks = numbered(bodies).flatMap((event) => mapper.push(event));
  return { mapper, chunks: [...chunks, ...mapper.close()] };
}

/** Returns an event as a newer API may send it. */
function unknownEvent(type: string, fields: object = {}): StreamEvent {
  // The type of the wire is a union, but a newer API may send other events.
  return { type, sequence_number: 1, ...fields } as unknown as StreamEvent;
}

describe("events become chunks", () => {
  it.each(scenarios)("$name", ({ events, chunks }) => {
    expect(mapAll(events).chunks).toEqual(chunks);
  });

  it.each(scenarios)("$name: a second close adds nothing", ({ events }) => {
    expect(mapAll(events).mapper.close()).toEqual([]);
  });

  it("keeps document texts on the server", () => {
    const sent = JSON.stringify(scenarios.map(({ events }) => mapAll(events).chunks));
    expect(JSON.stringify(scenarios.map(({ events }) => events))).toContain(DOCUMENT_TEXT);
    expect(sent).not.toContain(DOCUMENT_TEXT);
    expect(sent).not.toContain("OpenAI's own words");
  });

  it("names a file by its OpenAI id if Parley does not know it", () => {
    const mapper = createEventMapper();
    const cited = scenarios.find(({ name }) => name.startsWith("a file of Parley"));
    const chunks = numbered(cited?.events ?? []).flatMap((event) => mapper.push(event));
    expect(chunks).toContainEqual(expect.objectContaining({ sourceId: "file-known" }));
  });
});

describe("files that the model made", () => {
  const image: Responses.ResponseOutputItem.ImageGenerationCall = {
    id: "ig_1",
    type: "image_generation_call",
    status: "completed",
    result: "AAAA",
  };
  const citation = {
    type: "container_file_citation",
    container_id: "cntr_1",
    file_id: "cfile_1",
    filename: "chart.png",
    start_index: 0,
    end_index: 1,
  } as const;

  it("are told once each, whether by the stream or by the stored response", () => {
    const made: MadeFile[] = [];
    const mapper = createEventMapper({ onMade: (file) => made.push(file) });
    const events = numbered([
      created(),
      itemAdded({ ...image, status: "in_progress", result: null }),
      itemDone(image),
      ...textPart("msg_1", "Done"),
      annotated("msg_1", citation),
      annotated("msg_1", citation),
    ]);
    events.forEach((event) => mapper.push(event));
    mapper.fold(response({ status: "completed", output: [image] }));
    expect(made).toEqual([
      { kind: "image", remoteId: "ig_1", base64: "AAAA" },
      { kind: "code", remoteId: "cfile_1", containerId: "cntr_1", name: "chart.png" },
    ]);
  });
});

describe("events without a chunk", () => {
  it.each(IGNORED_EVENT_TYPES)("%s", (type) => {
    expect(createEventMapper().push(unknownEvent(type))).toEqual([]);
  });

  it("an event that only a newer API has", () => {
    const mapper = createEventMapper();
    expect(mapper.push(unknownEvent("response.telepathy.delta", { delta: "?" }))).toEqual([]);
    expect(mapper.lastSequence).toBe(1);
  });

  it("an annotation that only a newer API has", () => {
    const annotation = { type: "telepathy_citation", mind: "yours" };
    const event = unknownEvent("response.output_text.annotation.added", { annotation });
    expect(createEventMapper().push(event)).toEqual([]);
  });

  it("an item that only a newer API has", () => {
    const event = unknownEvent("response.output_item.added", { item: { type: "telepathy_call" } });
    expect(createEventMapper().push(event)).toEqual([]);
  });

  it("any event after the end", () => {
    const { mapper } = mapAll([created(), completed()]);
    expect(numbered(textPart("msg_1", "late"), 2).flatMap((event) => mapper.push(event)))
      .toEqual([]);
  });
});

describe("a stream that is resumed", () => {
  const events = numbered([created(), ...textPart("msg_1", "Hello", " there"), completed()]);
  const whole = mapAll([created(), ...textPart("msg_1", "Hello", " there"), completed()]).chunks;

  it.each([0, 1, 2, 3])("repeats from event %i without repeating a chunk", (overlap) => {
    const mapper = createEventMapper();
    const before = events.slice(0, 4).flatMap((event) => mapper.push(event));
    const after = events.slice(overlap).flatMap((event) => mapper.push(event));
    expect([...before, ...after]).toEqual(whole);
  });

  it("tells the number to resume after", () => {
    const mapper = createEventMapper();
    expect(mapper.lastSequence).toBe(-1);
    events.slice(0, 4).forEach((event) => mapper.push(event));
    expect(mapper.lastSequence).toBe(3);
    events.slice(0, 2).forEach((event) => mapper.push(event));
    expect(mapper.lastSequence).toBe(3);
  });
});

describe("the stored response", () => {
  const call: Responses.ResponseOutputItem = {
    type: "web_search_call",
    id: "ws_1",
    status: "completed",
    action: { type: "search", query: "cats", queries: ["cats"] },
  };
  const page = { type: "url_citation", url: "https://example.com", title: "Cats" } as const;
  const annotation = { ...page, start_index: 0, end_index: 5 };
  const stored = response({
    status: "completed",
    usage: usage(100, 40, 20),
    output: [
      {
        type: "reasoning",
        id: "rs_1",
        summary: [{ type: "summary_text", text: "Thinking" }],
      },
      call,
      {
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "Hello there", annotations: [annotation] }],
      },
    ],
  });
  const streamed = numbered([
    created(),
    ...summaryPart("rs_1", 0, "Think", "ing"),
    itemAdded({ ...call, status: "in_progress" }),
    itemDone(call),
    textAdded("msg_1"),
    textDelta("msg_1", "Hello"),
    textDelta("msg_1", " there"),
    annotated("msg_1", annotation),
  ]);

  it.each(streamed.map((_, count) => count))("completes the reply after %i events", (count) => {
    const mapper = createEventMapper({ findFile });
    const reply = createPartsReducer("message_1");
    streamed.slice(0, count).flatMap((event) => mapper.push(event)).forEach((chunk) =>
      reply.push(chunk)
    );

    mapper.fold(stored).forEach((chunk) => reply.push(chunk));

    const whole = createPartsReducer("message_1");
    createEventMapper({ findFile }).fold(stored).forEach((chunk) => whole.push(chunk));
    expect(reply.parts).toEqual(whole.parts);
    expect(whole.text).toBe("Hello there");
    expect(mapper.outcome?.usage?.output_tokens).toBe(20);
  });

  it("that OpenAI emptied when it cancelled takes nothing back", () => {
    const mapper = createEventMapper();
    const chunks = streamed.flatMap((event) => mapper.push(event));

    chunks.push(...mapper.fold(response({ status: "cancelled" })));

    expect(mapper.outcome?.status).toBe("cancelled");
    expect(chunks.flatMap((chunk) => chunk.type === "text-delta" ? chunk.delta : [])).toEqual([
      "Hello",
      " there",
    ]);
  });
});

describe("state of the reply", () => {
  it("knows the response and its model from the first event", () => {
    const mapper = createEventMapper();
    expect([mapper.responseId, mapper.model]).toEqual([undefined, undefined]);
    numbered([created()]).forEach((event) => mapper.push(event));
    expect([mapper.responseId, mapper.model]).toEqual(["resp_1", "gpt-5.4-mini"]);
  });

  it("has no outcome without a terminal event, whether closed or not", () => {
    expect(mapAll([created(), textAdded("msg_1"), textDelta("msg_1", "x")]).mapper.outcome)
      .toBeUndefined();
  });

  const fullUsage = {
    input_tokens: 100,
    cached_input_tokens: 40,
    cache_write_tokens: 0,
    output_tokens: 20,
  };
  const partUsage = { ...fullUsage, cached_input_tokens: 0, output_tokens: 5 };
  const refused = refusalPart("msg_1", "No");
  const failedAfterWork: EventBody = {
    type: "response.failed",
    response: response({
      error: { code: "server_error", message: "" },
      usage: usage(100, 40, 20),
    }),
  };

  it.each<[string, EventBody[], TurnOutcome]>([
    ["completed", [completed()], {
      status: "completed",
      finishReason: "stop",
      usage: fullUsage,
    }],
    ["completed with a refusal", [...refused, completed()], {
      status: "completed",
      finishReason: "content-filter",
      usage: fullUsage,
    }],
    ["completed without usage", [
      { type: "response.completed", response: response({ status: "completed" }) },
    ], {
      status: "completed",
      finishReason: "stop",
    }],
    ["too long", [incomplete("max_output_tokens")], {
      status: "incomplete",
      finishReason: "length",
      usage: partUsage,
    }],
    ["filtered", [incomplete("content_filter")], {
      status: "incomplete",
      finishReason: "content-filter",
      usage: partUsage,
    }],
    ["a refusal cut short", [...refused, incomplete("max_output_tokens")], {
      status: "incomplete",
      finishReason: "content-filter",
      usage: partUsage,
    }],
    ["incomplete for another reason", [incomplete(undefined)], {
      status: "incomplete",
      finishReason: "other",
      usage: partUsage,
    }],
    ["failed", [failed("rate_limit_exceeded")], {
      status: "failed",
      finishReason: "error",
      errorCode: "rate_limit_exceeded",
    }],
    ["failed after work", [failedAfterWork], {
      status: "failed",
      finishReason: "error",
      errorCode: "server_error",
      usage: fullUsage,
    }],
    ["failed without a reason", [{ type: "response.failed", response: response() }], {
      status: "failed",
      finishReason: "error",
      errorCode: null,
    }],
  ])("ends as: %s", (_name, events, outcome) => {
    expect(mapAll([created(), ...events]).mapper.outcome).toEqual(outcome);
  });
});
