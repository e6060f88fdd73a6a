import { setImmediate } from "node:timers/promises";
import type { Behaviour } from "../control/behaviour.ts";
import type { WireEvent } from "../wire-types.ts";

/** Control over the connection of one request. */
export interface Connection {
  /** Breaks the connection without a proper end. */
  destroy(): void;
}

/** One reader of a response's events. */
export interface Listener {
  behaviour: Behaviour;
  /** Undefined without a real connection; a commanded disconnect then ends the body with an error. */
  connection: Connection | undefined;
  /** Called when the reader disconnects before the end. */
  onGone(): void;
}

/** Returns the events as server-sent events, with the faults that the listener's behaviour commands. */
export function streamEvents(
  events: AsyncGenerator<WireEvent, void>,
  listener: Listener,
): Response {
  const frames = toFrames(events, listener.behaviour);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value: frame, done } = await frames.next();
      if (done) controller.close();
      else if (frame === BREAK) await breakOff(controller, listener.connection);
      else controller.enqueue(encoder.encode(frame));
    },
    cancel: listener.onGone,
  }, { highWaterMark: 0 });
  return new Response(body, { headers: HEADERS });
}

const BREAK = Symbol("break the connection");

const MALFORMED = 'event: response.output_text.delta\ndata: {"type":"response.output_text.d\n\n';

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // Makes the Node adapter send the headers at once instead of reading ahead.
  "transfer-encoding": "chunked",
};

async function* toFrames(
  events: AsyncGenerator<WireEvent, void>,
  { disconnect_after_events, malformed_after_events }: Behaviour,
): AsyncGenerator<string | typeof BREAK, void> {
  let sent = 0;
  if (malformed_after_events === 0) yield MALFORMED;
  if (disconnect_after_events === 0) yield BREAK;
  for await (const event of events) {
    yield `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    sent++;
    if (sent === malformed_after_events) yield MALFORMED;
    if (sent === disconnect_after_events) yield BREAK;
  }
}

async function breakOff(
  controller: ReadableStreamDefaultController<Uint8Array>,
  connection: Connection | undefined,
): Promise<void> {
  // The earlier frames must be sent first.
  await setImmediate();
  if (connection) connection.destroy();
  else controller.error(new Error("The emulator broke the connection on command."));
}
