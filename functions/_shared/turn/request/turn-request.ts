import { APIConnectionTimeoutError, APIError } from "openai";
import type { Responses } from "openai/resources/responses/responses";
import pRetry from "p-retry";
import { describeError } from "../../http/log.ts";
import { readFailure } from "../../openai/read-failure.ts";
import { pause, retryOnce } from "../../openai/retry-once.ts";
import { saysStoreLost } from "../../openai/store-lost.ts";
import type { ResponseConnection } from "../follow-response.ts";
import type { History, StartedTurn } from "../turn-database.ts";
import type { TurnRunPorts } from "../turn-ports.ts";
import { buildInput, cutHistory, estimateTokens, textTokens } from "./build-input.ts";
import { buildRequest } from "./build-request.ts";
import type { TurnSources } from "./turn-sources.ts";

type StreamEvent = Responses.ResponseStreamEvent;

/** The number of attempts while another response locks the conversation, before a new one is built. */
const LOCK_ATTEMPTS = 10;
const LOCK_PAUSE_MS = 1_000;
/** A history that OpenAI finds too long is halved this often. */
const HALVINGS = 2;
/** The context window of a model that Parley does not know: that of the smallest current models. */
const SMALL_WINDOW = 128_000;
/** OpenAI sends the first event at once. Without it, the response has no id by which it could be found again. */
const FIRST_EVENT_MS = 20_000;

/**
 * The request of a turn to OpenAI. Mends what OpenAI has lost or does not take, and sends the request again: a
 * conversation, a vector store, an image, or a history that is too long.
 */
export class TurnRequest {
  readonly #ports: TurnRunPorts;
  readonly #turn: StartedTurn;
  readonly #search: boolean;
  readonly #sources: TurnSources;
  readonly #onSearchLost: () => Promise<void>;
  #threadId: string | null;
  #history: History;
  #halvings = 0;
  #lockAttempts = 0;
  #isRebuilt = false;
  #saving: Promise<void> = Promise.resolve();
  #current = new AbortController();

  /** `onSearchLost` is called when the response begins anew without the files, after the client has accepted it. */
  constructor(
    ports: TurnRunPorts,
    { started, search }: { started: StartedTurn; search: boolean },
    sources: TurnSources,
    onSearchLost: () => Promise<void>,
  ) {
    this.#ports = ports;
    this.#turn = started;
    this.#search = search;
    this.#sources = sources;
    this.#onSearchLost = onSearchLost;
    this.#threadId = started.thread_id;
    this.#history = started.history;
  }

  /** The conversation of the response. */
  get threadId(): string | undefined {
    return this.#threadId ?? undefined;
  }

  /** Sends the request. Resolves when the response has its first event. Throws OpenAI's error when it refuses. */
  async send(): Promise<ResponseConnection> {
    const events = this.#withMending(await this.#sendMended());
    return {
      events: { [Symbol.asyncIterator]: () => events },
      abort: () => this.#current.abort(),
    };
  }

  async #sendMended(): Promise<AsyncIterator<StreamEvent>> {
    for (;;) {
      try {
        return await this.#create();
      } catch (error) {
        if (!await this.#mend(error)) throw error;
      }
    }
  }

  /**
   * Passes on the events. If the response fails before any output for a reason that can be mended, sends it again.
   * After the first output, readers get the events of OpenAI's stream without a step between.
   */
  #withMending(first: AsyncIterator<StreamEvent>): AsyncIterator<StreamEvent> {
    let events = first;
    let hasOutput = false;
    const again = async (): Promise<IteratorResult<StreamEvent>> => {
      await events.return?.();
      events = await this.#sendMended();
      if (this.#sources.isIncomplete) await this.#onSearchLost();
      return await watch();
    };
    const watch = async (): Promise<IteratorResult<StreamEvent>> => {
      let next: IteratorResult<StreamEvent>;
      try {
        next = await events.next();
      } catch (error) {
        // The client of the `openai` package throws an error event.
        if (await this.#mend(error)) return await again();
        throw error;
      }
      if (next.done) return next;
      const error = readError(next.value);
      if (error !== null && await this.#mend(error)) return await again();
      hasOutput = next.value.type === "response.output_item.added";
      return next;
    };
    return {
      next: () => hasOutput ? events.next() : watch(),
      return: async () => await events.return?.() ?? { done: true, value: undefined },
    };
  }

  async #create(): Promise<AsyncIterator<StreamEvent>> {
    const { openai } = this.#ports;
    if (this.#threadId === null) await this.#openConversation();
    try {
      const request = await buildRequest(this.#turn, {
        threadId: this.#threadId ?? "",
        input: this.#buildInput(),
        search: this.#search,
        storeIds: this.#sources.storeIds,
      });
      const connection = new AbortController();
      this.#current = connection;
      const { signal } = connection;
      const events = await retryOnce(() => openai.responses.create(request, { signal }));
      return await waitForFirst(events, connection);
    } finally {
      await this.#saving;
    }
  }

  /** Creates an empty conversation, whose id is saved while the request is sent. */
  async #openConversation(): Promise<void> {
    const { openai } = this.#ports;
    const { session_id } = this.#turn;
    const { id } = await retryOnce(() => openai.conversations.create({ metadata: { session_id } }));
    this.#threadId = id;
    this.#saving = this.#saveThread(id);
  }

  /** Saves the conversation at once, so that it is used or deleted whatever happens to the turn. Never rejects. */
  async #saveThread(threadId: string): Promise<void> {
    const { db, log } = this.#ports;
    const { turn_id } = this.#turn;
    try {
      await pRetry(() => db.saveIds(turn_id, { threadId }), { retries: 2, minTimeout: 500 });
    } catch (error) {
      log.error("conversation_not_saved", { turn_id, ...describeError(error) });
    }
  }

  /** Returns the question, after as much of the history as fits when the conversation does not have it. */
  #buildInput(): Responses.EasyInputMessage[] {
    const { question, instructions, context_window, max_output_tokens } = this.#turn;
    const input = buildInput([...this.#history, question], this.#sources.fileOf);
    const asked = input.slice(this.#history.length);
    const window = Math.max(0, (context_window ?? SMALL_WINDOW) - max_output_tokens);
    const needed = asked.reduce((sum, message) => sum + estimateTokens(message), 0);
    const room = window - needed - textTokens(instructions);
    const history = input.slice(0, this.#history.length);
    // OpenAI may count more tokens than expected, or the window may be smaller than Parley knows.
    const length = history.reduce((sum, message) => sum + estimateTokens(message), 0);
    return [...cutHistory(history, Math.min(room, length) / 2 ** this.#halvings), ...asked];
  }

  /** Removes the reason of a refusal, as far as that is possible. Returns false if the error is final. */
  async #mend(error: unknown): Promise<boolean> {
    if (!(error instanceof APIError)) return false;
    if (error.code === "conversation_locked" && this.#lockAttempts < LOCK_ATTEMPTS) {
      this.#lockAttempts += 1;
      await pause(LOCK_PAUSE_MS);
      return true;
    }
    if (isConversationLost(error)) return await this.#rebuild();
    if (readFailure(error) === "context_too_long") return await this.#shorten();
    if (saysStoreLost(error.message)) return await this.#sources.renew();
    return await this.#sources.resendImage(error.message);
  }

  /** Forgets the conversation. The next attempt opens a new one with the history of our messages. */
  async #rebuild(): Promise<boolean> {
    if (this.#isRebuilt) return false;
    this.#isRebuilt = true;
    const { session_id, turn_id } = this.#turn;
    this.#ports.log.info("conversation_rebuilt", { session_id, turn_id });
    this.#history = await this.#ports.db.rebuildConversation(turn_id);
    this.#threadId = null;
    return true;
  }

  /** The conversation at OpenAI is too long for the model: builds a shorter one from the newest messages. */
  async #shorten(): Promise<boolean> {
    if (this.#threadId !== null && !this.#isRebuilt && this.#history.length === 0) {
      return await this.#rebuild();
    }
    if (this.#halvings === HALVINGS || this.#history.length === 0) return false;
    this.#halvings += 1;
    return true;
  }
}

/**
 * Waits for the first event, because an error before it is a refusal. Returns all events. Throws OpenAI's error, and an
 * APIConnectionTimeoutError when no event comes.
 */
async function waitForFirst(
  events: AsyncIterable<StreamEvent>,
  connection: AbortController,
): Promise<AsyncIterator<StreamEvent>> {
  const iterator = events[Symbol.asyncIterator]();
  const clock = setTimeout(() => connection.abort(), FIRST_EVENT_MS);
  const first = await iterator.next().finally(() => clearTimeout(clock));
  if (first.done) throw new APIConnectionTimeoutError();
  if (first.value.type === "error") {
    connection.abort();
    throw asApiError(first.value);
  }
  let isFirst = true;
  return {
    next() {
      if (!isFirst) return iterator.next();
      isFirst = false;
      return Promise.resolve(first);
    },
    return: async () => await iterator.return?.() ?? { done: true, value: undefined },
  };
}

/** Returns the error of an event in the form of a refused request. */
function asApiError({ code, message }: { code: string | null; message: string }): APIError {
  return new APIError(undefined, { code, message }, message, undefined);
}

/** Returns the error of an event that reports one. */
function readError(event: StreamEvent): APIError | null {
  if (event.type === "error") return asApiError(event);
  const failure = event.type === "response.failed" ? event.response.error : null;
  return failure && asApiError(failure);
}

function isConversationLost({ code, status, message }: APIError): boolean {
  return code === "conversation_locked" || (status === 404 && /conversation/i.test(message));
}
