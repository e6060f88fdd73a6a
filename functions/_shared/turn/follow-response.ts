import { APIError } from "openai";
import type OpenAI from "openai";
import type { Responses } from "openai/resources/responses/responses";
import { readEvents, type StreamEvent } from "../openai/read-events.ts";

/** One connection that sends the events of a response. */
export interface ResponseConnection {
  /** The events, those that arrived together as one list. */
  events: AsyncIterable<StreamEvent[]>;
  /** Ends the connection. The response itself continues. */
  abort(): void;
}

/** What following a response needs to know about the reply, and tells it. */
export interface Follower {
  /** OpenAI's id of the response; undefined until its first event. */
  readonly responseId: string | undefined;
  /** The number of the last event, -1 before the first. */
  readonly lastSequence: number;
  /** True when the end of the reply is known. */
  readonly isEnded: boolean;
  /** Takes an event. */
  push(event: StreamEvent): void;
  /** Takes the stored response after its end. */
  fold(response: Responses.Response): void;
  /** Called when OpenAI has said that the response is still being written. */
  progress(): void;
  /** True when the response has run for too long and must be cancelled. */
  isTooOld(): boolean;
}

/** The times in milliseconds, and the number of connections, that following a response may use. */
export const PATIENCE = {
  /** Without any event for this time, the stored response is asked for its state. */
  silenceMs: 20_000,
  /** The pause before a new connection, when the last one brought no event. */
  reconnectMs: 500,
  /** The pause between two questions for the state when no connection brings events. */
  pollMs: 5_000,
  /** After this time without an answer of OpenAI, the turn is left to recovery. */
  unansweredMs: 60_000,
  /** The number of times that the reader attaches to a response again. */
  connections: 5,
};

/** The end of a response is unknown. The response may still run at OpenAI. */
export class LostResponseError extends Error {
  override readonly name = "LostResponseError";
}

/**
 * Reads a response to its end. The stored response is the truth, and the events are a fast copy of it: whatever is
 * unusual about the events, the stored response is asked for its state. `look` asks for it at once.
 */
export class ResponseReader {
  readonly #openai: OpenAI;
  readonly #follower: Follower;
  readonly #patience: typeof PATIENCE;
  #interrupt: () => void = () => {};
  #answeredAt = Date.now();

  constructor(openai: OpenAI, follower: Follower, patience: typeof PATIENCE = PATIENCE) {
    this.#openai = openai;
    this.#follower = follower;
    this.#patience = patience;
  }

  /** Asks for the state of the response now, for example because it was cancelled. */
  look(): void {
    this.#interrupt();
  }

  /**
   * Resolves when the end of the reply is known. Throws a LostResponseError when OpenAI does not answer for a minute,
   * and OpenAI's error when it has deleted the response.
   */
  async read(first: ResponseConnection | null): Promise<void> {
    let connection = first;
    let left = this.#patience.connections;
    for (;;) {
      const before = this.#follower.lastSequence;
      if (connection) await this.#drain(connection);
      if (this.#follower.isEnded) return;
      const isFruitless = this.#follower.lastSequence === before;
      if (await this.#lookUp()) return;
      if (isFruitless || !connection) {
        await this.#pause(left > 0 ? this.#patience.reconnectMs : this.#patience.pollMs);
        left -= 1;
      }
      connection = left > 0 ? await this.#connect() : null;
      // OpenAI attaches nobody to a response that is older than five minutes, or that was not streamed.
      if (!connection) left = 0;
    }
  }

  /** Passes on the events of a connection until it ends, fails, is interrupted, or brings no event for some time. */
  async #drain({ events, abort }: ResponseConnection): Promise<void> {
    let lastAt = Date.now();
    let clock: ReturnType<typeof setTimeout> | undefined;
    const watch = (milliseconds: number) => {
      clock = setTimeout(() => {
        const silent = Date.now() - lastAt;
        if (silent >= this.#patience.silenceMs) abort();
        else watch(this.#patience.silenceMs - silent);
      }, milliseconds);
    };
    watch(this.#patience.silenceMs);
    this.#interrupt = abort;
    try {
      for await (const arrived of events) {
        lastAt = Date.now();
        for (const event of arrived) this.#follower.push(event);
        if (this.#follower.isEnded) break;
      }
    } catch {
      // A broken connection, an event that is not JSON, or an error event, which is not always an error of the
      // response. The stored response says what happened.
    } finally {
      clearTimeout(clock);
      this.#interrupt = () => {};
    }
  }

  /** Asks for the stored response. Returns true when the reply has ended. */
  async #lookUp(): Promise<boolean> {
    const { responseId } = this.#follower;
    if (responseId === undefined) throw new LostResponseError("no event came");
    try {
      let response = await this.#openai.responses.retrieve(responseId);
      this.#answeredAt = Date.now();
      if (isRunning(response) && this.#follower.isTooOld()) {
        response = await this.#openai.responses.cancel(responseId);
      }
      if (!isRunning(response)) {
        this.#follower.fold(response);
        return true;
      }
      this.#follower.progress();
    } catch (error) {
      if (isGone(error)) throw error;
      if (Date.now() - this.#answeredAt > this.#patience.unansweredMs) {
        throw new LostResponseError("OpenAI does not answer", { cause: error });
      }
    }
    return false;
  }

  async #connect(): Promise<ResponseConnection | null> {
    const { responseId, lastSequence } = this.#follower;
    if (responseId === undefined) return null;
    try {
      return await connect(this.#openai, responseId, lastSequence);
    } catch {
      return null;
    }
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const clock = setTimeout(resolve, milliseconds);
      this.#interrupt = () => {
        clearTimeout(clock);
        resolve();
      };
    });
  }
}

/** Connects to a response after one of its events, -1 for all events. Throws OpenAI's error when it refuses. */
export async function connect(
  openai: OpenAI,
  responseId: string,
  startingAfter: number,
): Promise<ResponseConnection> {
  const controller = new AbortController();
  const query = {
    stream: true as const,
    ...(startingAfter >= 0 && { starting_after: startingAfter }),
  };
  const response = await openai.responses.retrieve(responseId, query, { signal: controller.signal })
    .asResponse();
  return { events: readEvents(response), abort: () => controller.abort() };
}

/** Returns true while OpenAI still writes a response. */
export function isRunning({ status }: Responses.Response): boolean {
  return status === "in_progress" || status === "queued";
}

function isGone(error: unknown): boolean {
  return error instanceof APIError && error.status === 404;
}
