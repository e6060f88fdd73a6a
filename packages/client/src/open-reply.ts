import type { Calls } from "./calls.ts";
import { type ParleyError, readError } from "./errors.ts";
import type { CallOptions } from "./options.ts";
import { PassedChunks } from "./passed-chunks.ts";
import { pause } from "./pause.ts";
import { cutLine, readChunks } from "./read-chunks.ts";
import type { ReplyChunk } from "./ui-message.ts";

type Chunks = AsyncGenerator<ReplyChunk, void, undefined>;

/** A reply that a client asks for or joins. */
export interface ReplyRequest extends CallOptions {
  sessionId: string;
  /** The body of `POST /chat`. Without it, the running reply is joined. */
  body?: object;
  /** True if the body may be sent again, because the id of its message makes it idempotent. */
  isRepeatable?: boolean;
  /** True if the reply goes on after its tool calls: only the same body gets the part that the caller does not have. */
  goesOn?: boolean;
  headers?: Record<string, string> | Headers | undefined;
}

/** A reply that has begun. */
export interface Reply {
  /** What the caller has not had. The generator joins again if the line is cut. */
  chunks: Chunks;
  /** Disconnects. The server goes on writing the reply. */
  leave(): void;
}

/** The most attempts in a row without a new chunk. They take half a minute. */
const ATTEMPTS = 8;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 8_000;
/** Failures after which the same request may succeed. */
const PASSING = new Set([
  "network_error",
  "still_generating",
  "too_many_readers",
  "try_again",
  // The gateway of the local stack, while the functions start.
  "functions_unavailable",
]);
const FIRST_GATEWAY_STATUS = 502;

/**
 * Opens a reply. Resolves with null if there is none to join. Rejects with a `ParleyError` if the server refuses, and
 * with the reason of the signal after an abort.
 */
export async function openReply(calls: Calls, request: ReplyRequest): Promise<Reply | null> {
  const { signal } = request;
  const leaving = new AbortController();
  const leave = () => leaving.abort(signal?.reason);
  if (signal?.aborted) leave();
  signal?.addEventListener("abort", leave);
  const line = new ReplyLine(calls, request, leaving.signal);
  const end = () => {
    signal?.removeEventListener("abort", leave);
    leave();
  };
  try {
    const response = await line.open();
    if (response) return { chunks: line.follow(response, end), leave: end };
  } catch (error) {
    end();
    throw signal?.aborted ? signal.reason : error;
  }
  end();
  return null;
}

/** The connections of one reply: the first one, and one more each time the line is cut. */
class ReplyLine {
  readonly #calls: Calls;
  readonly #request: ReplyRequest;
  readonly #signal: AbortSignal;
  readonly #passed = new PassedChunks();
  #attempts = 0;

  constructor(calls: Calls, request: ReplyRequest, signal: AbortSignal) {
    this.#calls = calls;
    this.#request = request;
    this.#signal = signal;
  }

  /** Connects for the first time. Resolves with null if there is no reply to join. */
  async open(): Promise<Response | null> {
    const { body, isRepeatable = false } = this.#request;
    let lost: ParleyError | undefined;
    for (;;) {
      const isPost = body !== undefined && (isRepeatable || !lost);
      try {
        const response = await this.#send(isPost);
        if (response || body === undefined) return response;
        // The reply ended just now. A message that is sent again gets the stored reply.
        if (!isRepeatable) throw lost ?? cutLine();
      } catch (error) {
        if (error === lost) throw error;
        lost = readError(error);
      }
      await this.#waitAfter(lost ?? cutLine());
    }
  }

  async *follow(first: Response, onEnd: () => void): Chunks {
    try {
      let source = readChunks(first);
      for (;;) {
        const failure = yield* this.#pass(source);
        if (!failure) return;
        source = await this.#connectAgain(failure);
      }
    } catch (error) {
      throw this.#signal.aborted ? this.#signal.reason : error;
    } finally {
      onEnd();
    }
  }

  /** Passes on what is new in a reading of the reply. Returns why the reading ended; null at the end of the reply. */
  async *#pass(
    source: Chunks,
  ): AsyncGenerator<ReplyChunk, ParleyError | null, undefined> {
    this.#passed.rewind();
    try {
      for await (const chunk of source) {
        if (isStillGenerating(chunk)) return readError(chunk.errorText);
        const fresh = this.#passed.take(chunk);
        if (fresh) {
          this.#attempts = 0;
          yield fresh;
        }
        if (END.has(chunk.type)) return null;
      }
    } catch {
      // Each environment has its own error for a body that breaks off.
    }
    return cutLine();
  }

  async #connectAgain(failure: ParleyError): Promise<Chunks> {
    for (let latest = failure;;) {
      await this.#waitAfter(latest);
      latest = failure;
      try {
        const { messageId } = this.#passed;
        const { isRepeatable = false, goesOn } = this.#request;
        const isPost = isRepeatable && (goesOn || messageId === undefined);
        const response = await this.#send(isPost);
        if (response) return readChunks(response);
        if (messageId !== undefined) return deletedReply();
      } catch (error) {
        latest = readError(error);
      }
    }
  }

  /** Posts the message, or joins the reply: the one whose id is known, or the running one. */
  async #send(isPost: boolean): Promise<Response | null> {
    const { body, headers, sessionId } = this.#request;
    const { messageId } = this.#passed;
    const query = messageId === undefined ? "" : `?message_id=${messageId}`;
    const options = {
      signal: this.#signal,
      headers: headers && Object.fromEntries(new Headers(headers)),
    };
    const response =
      await (isPost
        ? this.#calls.invoke<Response | "">("POST", "chat", { ...options, body })
        : this.#calls.invoke<Response | "">("GET", `chat/${sessionId}/stream${query}`, options));
    return response === "" ? null : response;
  }

  /** Waits before another attempt. Throws if there is none to make. */
  async #waitAfter(failure: ParleyError): Promise<void> {
    if (this.#signal.aborted) throw this.#signal.reason;
    if (!isPassing(failure) || this.#attempts === ATTEMPTS) throw failure;
    const growing = Math.min(FIRST_PAUSE_MS * 2 ** this.#attempts, LONGEST_PAUSE_MS);
    this.#attempts += 1;
    await pause(Math.max(growing, (failure.retryAfter ?? 0) * 1000), this.#signal);
  }
}

/** A reply whose message was deleted in the meantime. */
async function* deletedReply(): Chunks {
  yield { type: "abort" };
}

/** The chunks that end a reply. A stream that ends without one was cut. */
const END = new Set<ReplyChunk["type"]>(["finish", "abort", "error"]);

function isStillGenerating(
  chunk: ReplyChunk,
): chunk is Extract<ReplyChunk, { type: "error" }> {
  return chunk.type === "error" && readError(chunk.errorText).code === "still_generating";
}

/** A gateway answers 502 and more without a code of Parley when no function has answered. */
function isPassing({ code, status }: ParleyError): boolean {
  return PASSING.has(code) || (code === "internal" && (status ?? 0) >= FIRST_GATEWAY_STATUS);
}
