import type { UIMessageChunk } from "ai";
import type { Responses } from "openai/resources/responses/responses";
import pRetry from "p-retry";
import { describeError } from "../http/log.ts";
import { describeMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { publicErrorText, type TurnErrorCode, turnErrorCode } from "../openai/public-errors.ts";
import type { StreamEvent } from "../openai/read-events.ts";
import { pause } from "../http/pause.ts";
import { isGone } from "../openai/store-lost.ts";
import type { TurnUsage } from "./events/map-outcome.ts";
import {
  type Follower,
  isRunning,
  LostResponseError,
  type ResponseConnection,
  ResponseReader,
} from "./follow-response.ts";
import type { Reply } from "./reply.ts";
import { progressReporter } from "./report-progress.ts";
import { enterTurn } from "./running-turns.ts";
import { countTools, type Ending, endingChunks, settleReply } from "./settle-reply.ts";
import type { MessageRow, SavedIds, TurnNews } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";

/** The turn whose reply is read. */
export interface RunningTurn {
  id: string;
  createdAt: Date;
  /** OpenAI's id of the response, if it is already known. */
  responseId?: string;
  /** The conversation of the response, if it is already known. */
  threadId?: string;
}

/** How a function takes part in a turn. */
export interface Part {
  /** True for the function that began the response. It reports progress and saves the ids. */
  isOwner: boolean;
  /** Called with the chunks of each event, after they were sent. */
  onChunks?(chunks: UIMessageChunk[]): void;
}

const RETRY = { retries: 4, minTimeout: 500 };
/** A response that has run for longer than this is cancelled. */
const LONGEST_MS = 15 * 60_000;

/**
 * A turn while this function reads its reply. Owns the reply, its connection to OpenAI and its row in the database, and
 * settles the turn when the end of the reply is known. Several functions may read one turn; it is settled once.
 */
export class TurnRun implements Follower {
  readonly #ports: TurnPorts;
  readonly #turn: RunningTurn;
  readonly #reply: Reply;
  readonly #part: Part;
  readonly #reader: ResponseReader;
  readonly #listen = (news: TurnNews) => void this.#hear(news);
  #saving: Promise<void> = Promise.resolve();
  #isCancelled = false;
  #hasLeft = false;

  constructor(ports: TurnPorts, turn: RunningTurn, reply: Reply, part: Part) {
    this.#ports = ports;
    this.#turn = turn;
    this.#reply = reply;
    this.#part = part;
    this.#reader = new ResponseReader(ports.openai, this);
  }

  get responseId(): string | undefined {
    return this.#reply.mapper.responseId ?? this.#turn.responseId;
  }

  get lastSequence(): number {
    return this.#reply.mapper.lastSequence;
  }

  get isEnded(): boolean {
    return this.#hasLeft || this.#reply.mapper.outcome !== undefined;
  }

  look(): void {
    this.#reader.look();
  }

  /** Stops reading because the client has left. Other functions go on with the turn. */
  leave(): void {
    this.#hasLeft = true;
    this.#reader.look();
  }

  push(event: StreamEvent): void {
    const chunks = this.#reply.mapper.push(event);
    chunks.forEach(this.#reply.emit);
    if (event.type === "response.created") this.#begin(event.response);
    this.#part.onChunks?.(chunks);
    this.progress();
  }

  fold(response: Responses.Response): void {
    this.#turn.threadId ??= response.conversation?.id;
    this.#reply.mapper.fold(response).forEach(this.#reply.emit);
  }

  progress(): void {
    if (!this.#part.isOwner) return;
    progressReporter.note(this.#ports, this.#turn.id, this.#listen);
  }

  isTooOld(): boolean {
    return Date.now() - this.#turn.createdAt.getTime() > LONGEST_MS;
  }

  /**
   * Reads the reply to its end, settles the turn and sends the end to the client. Returns the stored row; null when the
   * session was deleted or the end is unknown. Never rejects.
   */
  async finish(connection: ResponseConnection | null): Promise<MessageRow | null> {
    const leave = enterTurn(this.#turn.id, this);
    try {
      await this.#read(connection);
      return this.#hasLeft ? null : await this.#settle();
    } catch (error) {
      this.#ports.log.error("turn_not_settled", {
        turn_id: this.#turn.id,
        ...describeError(error),
      });
      this.#reply.mapper.close().forEach(this.#reply.emit);
      const code = error instanceof LostResponseError ? "still_generating" : "internal";
      this.#reply.emit({ type: "error", errorText: publicErrorText(code) });
      return null;
    } finally {
      leave();
    }
  }

  /**
   * Settles the turn from its stored response, without a connection. Null: OpenAI has no such response. Returns null
   * while OpenAI still writes the response. Rejects when the database does not respond.
   */
  async settleFrom(response: Responses.Response | null): Promise<Ending | null> {
    if (response && isRunning(response)) return null;
    if (response) this.fold(response);
    const ending = await this.#readEnding();
    await this.#store(ending);
    return ending;
  }

  async #read(connection: ResponseConnection | null): Promise<void> {
    try {
      await this.#reader.read(connection);
    } catch (error) {
      // Without a response at OpenAI, what has arrived is all there will be.
      if (!isGone(error)) throw error;
    }
  }

  /** Saves the ids at once, so that another function can find the response whatever happens to this one. */
  #begin({ id, conversation }: Responses.Response): void {
    this.#turn.threadId ??= conversation?.id;
    if (!this.#part.isOwner) return;
    const ids: SavedIds = { responseId: id, threadId: this.#turn.threadId };
    // The text that has arrived is sent first, because a call takes a moment of CPU time.
    const saved = pause(0).then(() =>
      pRetry(() => this.#ports.db.saveIds(this.#turn.id, ids), RETRY)
    );
    this.#saving = saved.then(
      (news) => this.#hear(news),
      (error) =>
        this.#ports.log.error("turn_ids_not_saved", {
          turn_id: this.#turn.id,
          ...describeError(error),
        }),
    );
  }

  /** Cancels the response after a stop, or after the turn has ended without this function. */
  async #hear({ isActive, isStopRequested }: TurnNews): Promise<void> {
    const { db, openai, log } = this.#ports;
    try {
      if (isActive && !isStopRequested) return;
      if (!isActive && (await db.findTurn(this.#turn.id))?.status === "active") return;
      if (this.#isCancelled || this.isEnded || this.responseId === undefined) return;
      await openai.responses.cancel(this.responseId);
      this.#isCancelled = true;
      this.#reader.look();
    } catch (error) {
      // The next news of the turn leads here again.
      log.error("cancel_failed", { turn_id: this.#turn.id, ...describeError(error) });
    }
  }

  async #settle(): Promise<MessageRow | null> {
    const { log } = this.#ports;
    await this.#saving;
    const ending = await this.#readEnding();
    const row = await this.#store(ending);
    log.info("turn_settled", {
      turn_id: this.#turn.id,
      status: row?.status ?? "session_deleted",
      ...this.#usage,
    });
    const finishReason = ending.status === "complete" ? ending.finishReason : undefined;
    endingChunks(row, finishReason).forEach(this.#reply.emit);
    return row;
  }

  async #store(ending: Ending): Promise<MessageRow | null> {
    this.#reply.mapper.close().forEach(this.#reply.emit);
    (await this.#reply.made.settle()).forEach(this.#reply.emit);
    const settlement = { ...this.#reply, ending, responseId: this.responseId };
    const row = await settleReply(this.#ports.db, this.#turn.id, settlement);
    if (!row) await this.#bookLost();
    return row;
  }

  async #readEnding(): Promise<Ending> {
    const { outcome } = this.#reply.mapper;
    switch (outcome?.status) {
      case "completed":
        return {
          status: "complete",
          finishReason: outcome.finishReason,
          // The conversation at OpenAI holds this turn only when the response completed.
          threadId: this.#turn.threadId,
        };
      case "incomplete":
        return { status: "complete", finishReason: outcome.finishReason };
      case "failed":
        this.#logMistake(outcome.errorCode);
        return { status: "failed", code: turnErrorCode(outcome.errorCode) };
      default:
        return await this.#readCancellation();
    }
  }

  /** Logs what the operator must change when OpenAI rejects this service's settings. */
  #logMistake(code: string | null | undefined): void {
    const mistake = describeMisconfiguration({ code });
    if (!mistake) return;
    this.#ports.log.error("provider_misconfigured", { turn_id: this.#turn.id, ...mistake });
  }

  /** A response that was cancelled, or that is gone, was stopped if someone asked for it. */
  async #readCancellation(): Promise<Ending> {
    const row = await this.#ports.db.findTurn(this.#turn.id);
    if (!row || row.stop_requested_at) return { status: "stopped" };
    const code: TurnErrorCode = this.isTooOld() ? "provider_timeout" : "provider_error";
    return { status: "failed", code };
  }

  get #usage(): TurnUsage | undefined {
    return this.#reply.mapper.outcome?.usage;
  }

  /**
   * Books the tokens of a reply whose session was deleted meanwhile. Without a count of OpenAI, estimates the output at
   * four characters a token. Never rejects.
   */
  async #bookLost(): Promise<void> {
    const { db, log } = this.#ports;
    const { mapper, stored } = this.#reply;
    const estimated = {
      input_tokens: 0,
      cached_input_tokens: 0,
      cache_write_tokens: 0,
      output_tokens: Math.ceil(stored.text.length / 4),
    };
    try {
      const usage = this.#usage ?? estimated;
      const tools = countTools(stored.parts);
      await db.bookLost(this.#turn.id, mapper.model ?? "unknown", usage, tools);
    } catch (error) {
      log.error("usage_not_booked", { turn_id: this.#turn.id, ...describeError(error) });
    }
  }
}
