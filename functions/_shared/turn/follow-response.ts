import type OpenAI from "openai";
import type { Responses } from "openai/resources/responses/responses";
import type { EventMapper } from "./events/map-events.ts";
import { pause } from "../openai/retry-once.ts";

type Events = AsyncIterable<Responses.ResponseStreamEvent>;

/** How often in a row a connection may bring nothing new before the turn is left to recovery. */
const FRUITLESS_ATTEMPTS = 4;
const FIRST_PAUSE_MS = 250;

/** The end of a response could not be learned; it may run on at OpenAI. */
export class LostResponseError extends Error {
  override readonly name = "LostResponseError";
}

/**
 * Hands every event of a response to `push`, attaching again after the last one when a connection breaks or brings what
 * cannot be read. Resolves when the mapper knows the outcome, or with the response when it was cancelled: that end has
 * no event of its own. Throws a LostResponseError when OpenAI does not answer any more.
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
