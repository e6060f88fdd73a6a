import { createParser, type EventSourceMessage } from "eventsource-parser";
import { APIError } from "openai";
import type { Responses } from "openai/resources/responses/responses";

/** An event of a streamed response. */
export type StreamEvent = Responses.ResponseStreamEvent;

/**
 * Reads the events of a streamed response. Yields the events that arrived together as one list, because a step of an
 * asynchronous iterator costs more than an event. After the events before it, an error event is thrown as an APIError
 * without status, and an event that is not JSON as a SyntaxError.
 * @see https://platform.openai.com/docs/api-reference/responses-streaming
 */
export async function* readEvents({ body }: Response): AsyncGenerator<StreamEvent[], void> {
  if (!body) return;
  let messages: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (message) => void messages.push(message) });
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      const { events, failure } = parseAll(messages);
      messages = [];
      if (events.length > 0) yield events;
      if (failure !== undefined) throw failure;
    }
  } finally {
    // Fails when the connection has failed.
    await reader.cancel().catch(() => {});
  }
}

/** Parses events up to the first that reports an error or is not JSON. */
function parseAll(messages: EventSourceMessage[]): { events: StreamEvent[]; failure?: unknown } {
  const events: StreamEvent[] = [];
  for (const message of messages) {
    if (message.data === "[DONE]") continue;
    try {
      events.push(parseEvent(message));
    } catch (failure) {
      return { events, failure };
    }
  }
  return { events };
}

/** Throws an error event. OpenAI documents the flat form, and people report one with the error inside. */
function parseEvent({ event: name, data }: EventSourceMessage): StreamEvent {
  const event = JSON.parse(data);
  const error = event.error ?? (name === "error" || event.type === "error" ? event : undefined);
  if (error === undefined) return event;
  const { code, type, param, message } = error;
  throw new APIError(undefined, { code, type, param, message }, undefined, undefined);
}
