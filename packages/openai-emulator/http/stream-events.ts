import { setImmediate, setTimeout } from "node:timers/promises";
import type { Behaviour } from "../control/behaviour.ts";
import { isCounted, isDeltaPoint } from "../scenarios/count-deltas.ts";
import type { Cut, StreamFault } from "../scenarios/scenario.ts";
import type { WireEvent } from "../wire-types.ts";

/** Control over the connection of one request. */
export interface Connection {
  /** Breaks the connection without a proper end. */
  destroy(): void;
}

/** One reader of a response's events. */
export interface Listener {
  behaviour: Behaviour;
  /** The changes that the scenario makes to this stream. */
  fault: StreamFault;
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
  const frames = toFrames(cutEvents(events, listener.fault), listener.behaviour);
  const pieces = toPieces(frames, listener.fault);
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { value: piece, done } = await pieces.next();
      if (done) controller.close();
      else if (piece === SILENCE) await new Promise(() => {});
      else if (piece === BREAK) await breakOff(controller, listener.connection);
      else controller.enqueue(piece);
    },
    cancel: listener.onGone,
  }, { highWaterMark: 0 });
  return new Response(body, { headers: HEADERS });
}

const BREAK = Symbol("break the connection");
const SILENCE = Symbol("keep the connection open without sending anything");
type Act = typeof BREAK | typeof SILENCE;

const MALFORMED = 'event: response.output_text.delta\ndata: {"type":"response.output_text.d\n\n';
const TERMINAL = ["response.completed", "response.failed", "response.incomplete"];

const HEADERS = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache",
  // Makes the Node adapter send the headers at once instead of reading ahead.
  "transfer-encoding": "chunked",
};

async function* toFrames(
  events: AsyncGenerator<string | Act, void>,
  { disconnect_after_events, malformed_after_events }: Behaviour,
): AsyncGenerator<string | Act, void> {
  let sent = 0;
  if (malformed_after_events === 0) yield MALFORMED;
  if (disconnect_after_events === 0) yield BREAK;
  for await (const event of events) {
    yield event;
    sent++;
    if (sent === malformed_after_events) yield MALFORMED;
    if (sent === disconnect_after_events) yield BREAK;
  }
}

/** Yields the frames of the events up to the cut, and what happens there. A cut comes before a terminal event. */
async function* cutEvents(
  events: AsyncGenerator<WireEvent, void>,
  { cut, repeats }: StreamFault,
): AsyncGenerator<string | Act, void> {
  let next = 0;
  let deltas = 0;
  if (cut?.at.after === "start") return yield* applyCut(cut, next);
  for await (const event of events) {
    if (cut && TERMINAL.includes(event.type)) break;
    const frame = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    yield frame;
    if (repeats) yield frame;
    next = event.sequence_number + 1;
    if (cut && isCounted(event, cut.at)) deltas++;
    if (cut && isReached(cut, deltas)) break;
  }
  if (cut) yield* applyCut(cut, next);
}

function* applyCut(cut: Cut, sequence: number): Generator<string | Act, void> {
  if (cut.frame) yield cut.frame(sequence);
  if (cut.then === "silence") yield SILENCE;
}

/** Returns whether the point is reached after at least one event, `deltas` of them of the kind of the point. */
function isReached({ at }: Cut, deltas: number): boolean {
  return at.after === "created" || (isDeltaPoint(at) && deltas >= at.n);
}

async function* toPieces(
  frames: AsyncGenerator<string | Act, void>,
  { splits }: StreamFault,
): AsyncGenerator<Uint8Array | Act, void> {
  const encoder = new TextEncoder();
  for await (const frame of frames) {
    if (typeof frame === "symbol") yield frame;
    else if (!splits) yield encoder.encode(frame);
    else yield* splitBytes(encoder.encode(frame));
  }
}

/** Yields pieces that end in the middle of the frame and after the first byte of each longer character. */
async function* splitBytes(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  const isInside = (index: number) => ((bytes[index] ?? 0) & 0b1100_0000) === 0b1000_0000;
  const middle = Math.floor(bytes.length / 2);
  let start = 0;
  for (let end = 1; end < bytes.length; end++) {
    if (end !== middle && (!isInside(end) || isInside(end - 1))) continue;
    yield bytes.subarray(start, end);
    // Otherwise Node may send two pieces together.
    await setTimeout(1);
    start = end;
  }
  yield bytes.subarray(start);
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
