import type { Responses } from "openai/resources/responses/responses";

type WithoutSequence<Event> = Event extends unknown ? Omit<Event, "sequence_number"> : never;
type Annotation = NonNullable<Responses.ResponseOutputTextAnnotationAddedEvent["annotation"]>;

/** An event of OpenAI's response stream. */
export type StreamEvent = Responses.ResponseStreamEvent;

/** An event before it gets its number in a stream. */
export type EventBody = WithoutSequence<StreamEvent>;

/** Numbers events as the API does, one after another. */
export function numbered(bodies: EventBody[], first = 0): StreamEvent[] {
  return bodies.map((body, index) => ({ ...body, sequence_number: first + index }));
}

/** Returns a response with the required fields and those given. */
export function response(fields: Partial<Responses.Response> = {}): Responses.Response {
  return {
    id: "resp_1",
    object: "response",
    model: "gpt-5.4-mini",
    created_at: 1_760_000_000,
    access_programs: null,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: null,
    output: [],
    output_text: "",
    parallel_tool_calls: true,
    temperature: null,
    tool_choice: "auto",
    tools: [],
    top_p: null,
    ...fields,
  };
}

/** Returns the token counts of a finished response. */
export function usage(input: number, cached: number, output: number): Responses.ResponseUsage {
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: cached, cache_write_tokens: 0 },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: input + output,
  };
}

/** Returns the event of an accepted response. */
export function created(): EventBody {
  return { type: "response.created", response: response({ status: "in_progress" }) };
}

/** Returns the event of a completed response. */
export function completed(): EventBody {
  const ended = response({ status: "completed", usage: usage(100, 40, 20) });
  return { type: "response.completed", response: ended };
}

/** Returns the event of a response that ended early. */
export function incomplete(
  reason: NonNullable<Responses.Response["incomplete_details"]>["reason"],
): EventBody {
  const ended = response({
    status: "incomplete",
    incomplete_details: { reason },
    usage: usage(100, 0, 5),
  });
  return { type: "response.incomplete", response: ended };
}

/** Returns the event of a failed response. */
export function failed(
  code: Responses.ResponseError["code"],
  message = "OpenAI's own words",
): EventBody {
  return {
    type: "response.failed",
    response: response({ status: "failed", error: { code, message } }),
  };
}

/** Returns the event of an error in the stream itself. */
export function streamError(code: string | null): EventBody {
  return { type: "error", code, message: "OpenAI's own words", param: null };
}

/** Returns the event that begins an output item. */
export function itemAdded(item: Responses.ResponseOutputItem): EventBody {
  return { type: "response.output_item.added", output_index: 0, item };
}

/** Returns the event that completes an output item. */
export function itemDone(item: Responses.ResponseOutputItem): EventBody {
  return { type: "response.output_item.done", output_index: 0, item };
}

const NO_TEXT = { type: "output_text", text: "", annotations: [] } as const;

function content(itemId: string, index = 0) {
  return { item_id: itemId, output_index: 0, content_index: index };
}

/** Returns the event that begins a text part of a message. */
export function textAdded(itemId: string, index?: number): EventBody {
  return {
    type: "response.content_part.added",
    ...content(itemId, index),
    part: { ...NO_TEXT, annotations: [] },
  };
}

/** Returns the event of a piece of text. */
export function textDelta(itemId: string, delta: string, index?: number): EventBody {
  return { type: "response.output_text.delta", ...content(itemId, index), delta, logprobs: [] };
}

/** Returns the event that completes a text part. */
function textDone(itemId: string, index?: number): EventBody {
  return {
    type: "response.content_part.done",
    ...content(itemId, index),
    part: { ...NO_TEXT, annotations: [] },
  };
}

/** Returns the events of a whole text part, in the deltas given. */
export function textPart(itemId: string, ...deltas: string[]): EventBody[] {
  return [textAdded(itemId), ...deltas.map((delta) => textDelta(itemId, delta)), textDone(itemId)];
}

/** Returns the events of a whole refusal, in the deltas given. */
export function refusalPart(itemId: string, ...deltas: string[]): EventBody[] {
  const part = { type: "refusal", refusal: "" } as const;
  return [
    { type: "response.content_part.added", ...content(itemId), part },
    ...deltas.map((delta): EventBody => ({
      type: "response.refusal.delta",
      ...content(itemId),
      delta,
    })),
    { type: "response.content_part.done", ...content(itemId), part },
  ];
}

/** Returns the event of a citation in a text part. */
export function annotated(itemId: string, annotation: Annotation | null): EventBody {
  return {
    type: "response.output_text.annotation.added",
    ...content(itemId),
    annotation_index: 0,
    annotation,
  };
}

/** Returns a citation of a searched file. */
export function fileCitation(fileId: string, filename = ""): Annotation {
  return { type: "file_citation", file_id: fileId, filename, index: 0 };
}

/** Returns a citation of a web page. */
export function urlCitation(url: string, title = ""): Annotation {
  return { type: "url_citation", url, title, start_index: 0, end_index: 1 };
}

/** Returns the events of a whole part of a reasoning summary, in the deltas given. */
export function summaryPart(itemId: string, index: number, ...deltas: string[]): EventBody[] {
  const place = { item_id: itemId, output_index: 0, summary_index: index };
  const part = { type: "summary_text", text: "" } as const;
  return [
    { type: "response.reasoning_summary_part.added", ...place, part },
    ...deltas.map((delta): EventBody => ({
      type: "response.reasoning_summary_text.delta",
      ...place,
      delta,
    })),
    { type: "response.reasoning_summary_part.done", ...place, part },
  ];
}

/** Returns a file search, not started unless told otherwise. */
export function fileSearch(
  fields: Partial<Responses.ResponseFileSearchToolCall> = {},
): Responses.ResponseFileSearchToolCall {
  return { id: "fs_1", type: "file_search_call", status: "in_progress", queries: [], ...fields };
}
