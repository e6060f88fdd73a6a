import { APIConnectionTimeoutError, APIError } from "openai";
import pRetry from "p-retry";
import { describeError } from "../../http/log.ts";
import { readEvents, type StreamEvent } from "../../openai/read-events.ts";
import { readFailure } from "../../openai/read-failure.ts";
import { pause } from "../../http/pause.ts";
import { retryOnce } from "../../openai/retry-once.ts";
import { saysStoreLost } from "../../openai/store-lost.ts";
import { isImage } from "../../session-files/file-kinds.ts";
import type { ResponseConnection } from "../follow-response.ts";
import { NOT_PROVIDED } from "../events/outcome-chunks.ts";
import type {
  History,
  PastMessage,
  SessionFile,
  StartedTurn,
  Step,
  ToolCallRow,
} from "../turn-database.ts";
import type { TurnRunPorts } from "../turn-ports.ts";
import {
  buildInput,
  cutHistory,
  estimateTokens,
  type InputItem,
  replyItems,
  textTokens,
} from "./build-input.ts";
import { buildRequest } from "./build-request.ts";
import { withFileList } from "./describe-files.ts";
import { InlineFiles } from "./inline-files.ts";
import { buildFilter, pickFiles } from "./search-filter.ts";
import type { TurnSources } from "./turn-sources.ts";

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
 * Recovery ends a turn without progress for 60 seconds, and the user is refunded. So a request that leaves this late is
 * sent only if the turn still runs.
 */
const UNWATCHED_MS = 30_000;

/** The turn ended, for example because the database answered late, before its request was sent. */
export class TurnEndedError extends Error {
  override readonly name = "TurnEndedError";
}

const NO_TEXT = { sender: "assistant" as const, content: "", file_ids: [] };

/** A response that OpenAI has begun: its first events, and those that follow. */
interface BegunResponse {
  arrived: StreamEvent[];
  events: AsyncGenerator<StreamEvent[], void>;
}

/**
 * The request of a turn to OpenAI. Mends what OpenAI has lost or does not take, and sends the request again: a
 * conversation, a vector store, an image, a PDF, or a history that is too long.
 */
export class TurnRequest {
  readonly #ports: TurnRunPorts;
  readonly #sources: TurnSources;
  readonly #onSearchLost: () => Promise<void>;
  #turn: StartedTurn;
  #threadId: string | null;
  #history: History;
  /** What the conversation at OpenAI lacks: `all` of the chat, or what has come since the last response. */
  #lacks: "all" | "latest";
  /** The reply so far, when the request continues it. */
  #reply: PastMessage["parts"] = [];
  #outputs: InputItem[] = [];
  #halvings = 0;
  #lockAttempts = 0;
  #isRebuilt = false;
  /** Whose PDFs the model is shown, and how many the last request had. */
  #pdfsOfWhom: "all" | "question" | "none";
  #shownPdfs = { asked: 0, all: 0 };
  #saving: Promise<void> = Promise.resolve();
  #current = new AbortController();

  /** `onSearchLost` is called when the response begins anew without the files, after the client has accepted it. */
  constructor(
    ports: TurnRunPorts,
    started: StartedTurn,
    sources: TurnSources,
    onSearchLost: () => Promise<void>,
  ) {
    this.#ports = ports;
    this.#turn = started;
    this.#sources = sources;
    this.#onSearchLost = onSearchLost;
    this.#threadId = started.thread_id;
    this.#history = started.history;
    this.#lacks = started.thread_id === null ? "all" : "latest";
    this.#pdfsOfWhom = started.accepts_images ? "all" : "none";
  }

  /** The conversation of the response. */
  get threadId(): string | undefined {
    return this.#threadId ?? undefined;
  }

  /**
   * Sends the request. Resolves when the response has its first event. Throws OpenAI's error when it refuses, and a
   * TurnEndedError when nobody waits for the reply any more.
   */
  async send(): Promise<ResponseConnection> {
    const begun = await this.#sendMended();
    return { events: this.#withMending(begun), abort: () => this.#current.abort() };
  }

  /**
   * Sends the outputs of a step's calls. The reply so far, which ends with these calls, is sent in their place when the
   * conversation is lost, or when `isUncertain`: an earlier function may have sent them already. Throws as `send` does.
   */
  async sendOutputs(
    step: Step,
    reply: PastMessage["parts"],
    { isUncertain = false } = {},
  ): Promise<ResponseConnection> {
    this.#turn = { ...this.#turn, ...step };
    this.#reply = reply;
    this.#outputs = step.calls.filter((call) => call.step === step.steps).map(outputItem);
    this.#lacks = this.#threadId === null ? "all" : "latest";
    this.#isRebuilt = false;
    this.#lockAttempts = 0;
    if (isUncertain) await this.#rebuild();
    return await this.send();
  }

  async #sendMended(): Promise<BegunResponse> {
    for (;;) {
      try {
        return await this.#create();
      } catch (error) {
        if (!await this.#mend(error)) throw error;
      }
    }
  }

  /**
   * Passes on the events. If the response fails before any output for a reason that can be mended, sends the request
   * again.
   */
  async *#withMending(begun: BegunResponse): AsyncGenerator<StreamEvent[], void> {
    let { arrived, events } = begun;
    let hasOutput = false;
    try {
      while (arrived.length > 0) {
        hasOutput ||= arrived.some(({ type }) => type === "response.output_item.added");
        const failure = hasOutput ? null : findFailure(arrived);
        if (failure && await this.#mend(failure)) {
          // The failed response must be known, too, because it is deleted with its chat.
          yield arrived.filter(({ type }) => type === "response.created");
          ({ arrived, events } = await this.#sendAgain(events));
          continue;
        }
        yield arrived;
        try {
          arrived = await readNext(events);
        } catch (error) {
          if (hasOutput || !await this.#mend(error)) throw error;
          ({ arrived, events } = await this.#sendAgain(events));
        }
      }
    } finally {
      await events.return();
    }
  }

  async #sendAgain(events: BegunResponse["events"]): Promise<BegunResponse> {
    await events.return();
    const begun = await this.#sendMended();
    if (this.#sources.isIncomplete) await this.#onSearchLost();
    return begun;
  }

  async #create(): Promise<BegunResponse> {
    const { openai } = this.#ports;
    await this.#requireActive();
    if (this.#threadId === null) await this.#openConversation();
    const request = await buildRequest(this.#turn, {
      threadId: this.#threadId ?? "",
      instructions: this.#instructions,
      input: this.#buildInput().flat(),
      storeIds: this.#sources.storeIds,
      filter: buildFilter(pickFiles(this.#turn.question, this.#sources.files)),
    });
    const connection = new AbortController();
    this.#current = connection;
    const { signal } = connection;
    const response = await retryOnce(() =>
      openai.responses.create(request, { signal }).asResponse()
    );
    return await waitForFirst(readEvents(response), connection);
  }

  async #requireActive(): Promise<void> {
    const { turn_id, started_at } = this.#turn;
    if (Date.now() - started_at.getTime() < UNWATCHED_MS) return;
    const active = await this.#ports.db.reportProgress([turn_id]);
    if (!active.has(turn_id)) {
      throw new TurnEndedError("the turn ended before its request was sent");
    }
  }

  /** Creates an empty conversation, whose id is saved while the response begins. */
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

  get #instructions(): string {
    return withFileList(this.#turn.instructions, this.#sources.files);
  }

  /**
   * Returns the question and the reply so far, after as much of the history as fits when the conversation does not have
   * it. Returns the outputs alone when the conversation has all the rest.
   */
  #buildInput(): InputItem[][] {
    if (this.#outputs.length > 0 && this.#lacks === "latest") return [this.#outputs];
    const { question, context_window, max_output_tokens } = this.#turn;
    const pdfs = new InlineFiles();
    if (this.#pdfsOfWhom !== "none") pdfs.choose(this.#pdfsOf(question));
    this.#shownPdfs = { asked: pdfs.size, all: pdfs.size };
    const asked = this.#show([...this.#history, question], pdfs).slice(this.#history.length);
    if (this.#reply.length > 0) asked.push(replyItems({ ...NO_TEXT, parts: this.#reply }));
    if (this.#history.length === 0) return asked;
    const window = Math.max(0, (context_window ?? SMALL_WINDOW) - max_output_tokens);
    // The estimate for a PDF may be far too high. It must not drive out the whole history.
    const needed = countTokens(asked) + Math.min(pdfs.tokens, window / 2);
    const room = window - needed - textTokens(this.#instructions);
    return [...this.#buildHistory(room, pdfs), ...asked];
  }

  /**
   * Returns the newest messages that fit. What they leave of `room` shows their PDFs, the newest first. Their names are
   * always there, so that the model can search them.
   */
  #buildHistory(room: number, pdfs: InlineFiles): InputItem[][] {
    const all = this.#show(this.#history, pdfs);
    // OpenAI may count more tokens than expected, or the window may be smaller than Parley knows.
    const most = Math.min(room, countTokens(all)) / 2 ** this.#halvings;
    const kept = cutHistory(all, most);
    if (kept.length === 0 || this.#pdfsOfWhom !== "all") return kept;
    const newestFirst = this.#history.slice(-kept.length).toReversed();
    pdfs.choose(newestFirst.flatMap((message) => this.#pdfsOf(message)), room - countTokens(kept));
    this.#shownPdfs.all = pdfs.size;
    return this.#show(this.#history, pdfs).slice(-kept.length);
  }

  /** Returns messages as the model is shown them, with the chosen PDFs. */
  #show(messages: History, pdfs: InlineFiles): InputItem[][] {
    return buildInput(messages, {
      fileOf: (id) => this.#fileOf(id),
      isShown: (file) => this.#sources.canShow(file) && (isImage(file.file_type) || pdfs.has(file)),
    });
  }

  #pdfsOf({ sender, file_ids }: PastMessage): SessionFile[] {
    if (sender !== "user") return [];
    return file_ids.flatMap((id) => this.#fileOf(id) ?? [])
      .filter((file) => !isImage(file.file_type) && this.#sources.canShow(file));
  }

  #fileOf(id: string): SessionFile | undefined {
    return this.#sources.files.find((file) => file.id === id);
  }

  /** Removes the reason of a refusal, as far as that is possible. Returns false if the error is final. */
  async #mend(error: unknown): Promise<boolean> {
    // The id of a conversation must not be saved after that of a newer one.
    await this.#saving;
    if (!(error instanceof APIError)) return false;
    if (error.code === "conversation_locked" && this.#lockAttempts < LOCK_ATTEMPTS) {
      this.#lockAttempts += 1;
      await pause(LOCK_PAUSE_MS);
      return true;
    }
    if (isConversationLost(error) || (this.#outputs.length > 0 && refusesOutput(error))) {
      return await this.#rebuild();
    }
    if (readFailure(error) === "context_too_long") return await this.#shorten(error);
    if (saysStoreLost(error.message)) return await this.#sources.renew(error.message);
    if (await this.#sources.resend(error.message)) return true;
    if (refusesFile(error) && this.#hidePdfs(error)) return true;
    // The conversation may hold a file that OpenAI does not have any more.
    return namesFile(error) && await this.#rebuild();
  }

  /** Goes on without the PDFs of the history, then without any: they can still be searched. */
  #hidePdfs(error: APIError): boolean {
    const { asked, all } = this.#shownPdfs;
    if (all === 0) return false;
    this.#pdfsOfWhom = all > asked ? "question" : "none";
    const { turn_id } = this.#turn;
    this.#ports.log.info("pdfs_not_shown", { turn_id, ...describeError(error) });
    return true;
  }

  /** Forgets the conversation. The next attempt opens a new one with the history of our messages. */
  async #rebuild(): Promise<boolean> {
    if (this.#isRebuilt) return false;
    this.#isRebuilt = true;
    const { session_id, turn_id } = this.#turn;
    this.#ports.log.info("conversation_rebuilt", { session_id, turn_id });
    this.#history = await this.#ports.db.rebuildConversation(turn_id);
    this.#threadId = null;
    this.#lacks = "all";
    return true;
  }

  /** The conversation at OpenAI is too long for the model: builds a shorter one from the newest messages. */
  async #shorten(error: APIError): Promise<boolean> {
    if (this.#lacks === "latest" && !this.#isRebuilt) return await this.#rebuild();
    if (this.#hidePdfs(error)) return true;
    if (this.#halvings === HALVINGS || this.#history.length === 0) return false;
    this.#halvings += 1;
    return true;
  }
}

/**
 * Waits for the first events, because an error before them is a refusal. Throws OpenAI's error, and an
 * APIConnectionTimeoutError when no event comes.
 */
async function waitForFirst(
  events: BegunResponse["events"],
  connection: AbortController,
): Promise<BegunResponse> {
  const clock = setTimeout(() => connection.abort(new APIConnectionTimeoutError()), FIRST_EVENT_MS);
  const arrived = await readNext(events).finally(() => clearTimeout(clock));
  if (arrived.length === 0) throw new APIConnectionTimeoutError();
  return { arrived, events };
}

/** Returns the next events; none at the end. */
async function readNext(events: BegunResponse["events"]): Promise<StreamEvent[]> {
  const { value } = await events.next();
  return value ?? [];
}

/** Returns the error of a response that has failed, in the form of a refused request. */
function findFailure(arrived: StreamEvent[]): APIError | null {
  const failed = arrived.find((event) => event.type === "response.failed");
  const error = failed?.response.error;
  return error ? new APIError(undefined, error, error.message, undefined) : null;
}

/** Returns true for a refusal that is about a file, such as a PDF with a password or with too many pages. */
function refusesFile({ status, message }: APIError): boolean {
  return (status === 400 || status === 413) &&
    /\b(?:files?|pdfs?|documents?|pages?)\b/i.test(message);
}

function namesFile({ status, message }: APIError): boolean {
  return (status === 400 || status === 404) && /\bfile[-_]\w+/.test(message);
}

/** Returns true when OpenAI misses an output, has one already, or does not know its call. */
function refusesOutput({ status, message }: APIError): boolean {
  return status === 400 && /function call|tool (?:call|output)|approval/i.test(message);
}

/** Returns the answer to a call, for the model. */
function outputItem({ kind, call_id, status, output, error }: ToolCallRow): InputItem {
  if (kind === "mcp") {
    return {
      type: "mcp_approval_response",
      approval_request_id: call_id,
      approve: status === "complete",
      ...(error !== null && { reason: error }),
    };
  }
  const answer = status === "complete" ? output ?? null : { error: error ?? NOT_PROVIDED };
  return { type: "function_call_output", call_id, output: JSON.stringify(answer) };
}

function countTokens(messages: readonly InputItem[][]): number {
  return messages.reduce((sum, items) => sum + estimateTokens(items), 0);
}

function isConversationLost({ code, status, message }: APIError): boolean {
  return code === "conversation_locked" || (status === 404 && /conversation/i.test(message));
}
