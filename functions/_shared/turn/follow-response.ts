import type OpenAI from "openai";
import type { Responses } from "openai/resources/responses/responses";
import type { EventMapper } from "./events/map-events.ts";
import { pause } from "../openai/retry-once.ts";

type Events = AsyncIterable<Responses.ResponseStreamEvent>;

/** The number of successive connections without a new event after which the turn is left to recovery. */
const FRUITLESS_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;

/** The end of a response is unknown. The response may still run at OpenAI. */
export class LostResponseError extends Error {
  override readonly name = "LostResponseError";
}

/**
 * Passes every event of a response to `push`. When a connection breaks or becomes unreadable, connects again after the
 * last event. Resolves with null when the mapper has the outcome. Resolves with the response when it was cancelled,
 * because a cancellation has no event. Throws a LostResponseError when OpenAI no longer responds.
 */
export async function followResponse(
  openai: OpenAI,
  mapper: EventMapper,
  events: Events,
  push: (event: Responses.ResponseStreamEvent) => void,
): Promise<Responses.Response | null> {
  let connection: Events | null = events;
  for (let fruitless = 0; fruitless < FRUITLESS_ATTEMPTS;) {
    const before = mapper.lastSequence;
    const failure = connection && await drain(connection, push);
    if (mapper.outcome) return null;
    if (mapper.responseId === undefined) throw failure ?? new LostResponseError("no event came");
    fruitless = mapper.lastSequence > before ? 0 : fruitless + 1;
    if (fruitless > 0) await pause(FIRST_PAUSE_MS * 2 ** fruitless);
    const next = await attach(openai, mapper.responseId, mapper.lastSequence);
    if (next && "cancelled" in next) return next.cancelled;
    connection = next?.events ?? null;
  }
  throw new LostResponseError("OpenAI does not answer");
}

async function drain(
  events: Events,
  push: (event: Responses.ResponseStreamEvent) => void,
): Promise<unknown> {
  try {
    for await (const event of events) push(event);
    return undefined;
  } catch (error) {
    return error;
  }
}

async function attach(
  openai: OpenAI,
  responseId: string,
  startingAfter: number,
): Promise<{ events: Events } | { cancelled: Responses.Response } | null> {
  try {
    const response = await openai.responses.retrieve(responseId);
    if (response.status === "cancelled") return { cancelled: response };
    const options = {
      stream: true as const,
      ...(startingAfter >= 0 && { starting_after: startingAfter }),
    };
    return { events: await openai.responses.retrieve(responseId, options) };
  } catch {
    return null;
  }
}
