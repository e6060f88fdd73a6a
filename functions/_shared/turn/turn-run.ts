import type { UIMessageChunk } from "ai";
import type { Responses } from "openai/resources/responses/responses";
import pRetry from "p-retry";
import { describeError } from "../http/log.ts";
import { describeMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { toUIMessage } from "../../../types/api.ts";
import { publicErrorText, type TurnErrorCode, turnErrorCode } from "../openai/public-errors.ts";
import type { StreamEvent } from "../openai/read-events.ts";
import { pause } from "../http/pause.ts";
import { isGone } from "../openai/store-lost.ts";
import type { TurnUsage } from "./events/map-outcome.ts";
import { interruptedChunks, outcomeChunks } from "./events/outcome-chunks.ts";
import { partsOfSteps, storedChunks } from "./events/stored-chunks.ts";
import {
  connect,
  type Follower,
  LostResponseError,
  type ResponseConnection,
  ResponseReader,
} from "./follow-response.ts";
import type { Reply } from "./reply.ts";
import { progressReporter } from "./report-progress.ts";
import { enterTurn } from "./running-turns.ts";
import {
  countTools,
  createSettlement,
  type EndedReply,
  type Ending,
  endingChunks,
  settleReply,
  WAITING,
} from "./settle-reply.ts";
import type { MessageRow, SavedIds, Step, TurnNews, TurnRow } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";

/** The turn whose reply is read. */
export interface RunningTurn {
  id: string;
  /** When the turn, or its current step, began. */
  startedAt: Date;
  /** The number of responses before the current one, which are stored. */
  steps: number;
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
  /** Runs the calls of a step and sends the next request. Without it, another function goes on with the turn. */
  next?(step: Step, run: TurnRun): Promise<NextStep>;
}

/** What follows the calls of a step: the next response, or the end. Null if another function has ended the turn. */
export type NextStep = ResponseConnection | Ending | null;

const RETRY = { retries: 4, minTimeout: 500 };
/** A response that has run for longer than this is cancelled. */
const LONGEST_MS = 15 * 60_000;
/** The pause between two looks whether another function has begun the next step. */
const NEXT_STEP_MS = 250;
/** Stands for a connection that OpenAI refuses. The stored response then has the reply. */
const SILENT: ResponseConnection = { events: (async function* () {})(), abort() {} };

/** Returns true when a response that began then has run for too long. */
export function isTooOld(startedAt: Date): boolean {
  return Date.now() - startedAt.getTime() > LONGEST_MS;
}

/**
 * A turn while this function reads its reply. Owns the reply, its connection to OpenAI and its row in the database, and
 * settles the turn when the end of the reply is known. Several functions may read one turn; it is settled once.
 */
export class TurnRun implements Follower {
  readonly #ports: TurnPorts;
  readonly #turn: RunningTurn;
  readonly #reply: Reply;
  #part: Part;
  readonly #reader: ResponseReader;
  /** Takes what the database knows about the turn. */
  readonly listen = (news: TurnNews): void => void this.#hear(news);
  #saving: Promise<void> = Promise.resolve();
  #isCancelled = false;
  #hasLeft = false;
  #isStopped = false;
  #mustAnswer = false;

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

  /** True when a stop was requested, or the turn was ended by another function. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** True when the response has ended with calls of tools. */
  get callsTools(): boolean {
    const { outcome, calls } = this.#reply.mapper;
    return outcome?.status === "completed" && calls.length > 0 && !this.#mustAnswer;
  }

  /** The conversation of the latest response, if it is known. */
  get threadId(): string | undefined {
    return this.#turn.threadId;
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
    this.#turn.threadId = response.conversation?.id ?? this.#turn.threadId;
    this.#reply.mapper.fold(response).forEach(this.#reply.emit);
  }

  progress(): void {
    if (!this.#part.isOwner) return;
    progressReporter.note(this.#ports, this.#turn.id, this.listen);
  }

  isTooOld(): boolean {
    return isTooOld(this.#turn.startedAt);
  }

  /**
   * Reads the reply to its end, settles the turn and sends the end to the client. Begins with the calls of `begun`, if
   * it is given, instead of a response. Returns the stored row; null when the session was deleted, the end is unknown,
   * or another function has settled the turn. Never rejects.
   */
  async finish(first: ResponseConnection | null, begun?: Step): Promise<MessageRow | null> {
    const leave = enterTurn(this.#turn.id, this);
    try {
      let next = begun ? await this.#goOn(begun) : first;
      for (;;) {
        if (next && "status" in next) return await this.#settle(next);
        await this.#read(next);
        if (this.#hasLeft) return null;
        if (this.callsTools) {
          // A reader leaves the step to a function that can run its calls.
          next = await this.#goOn(this.#part.next ? await this.storeStep() : null);
        } else {
          if (!await this.#hasGoneOn()) {
            const row = await this.#settle(await this.#readEnding());
            if (row?.status !== "streaming") return row;
          }
          // The response was read too late: its step is stored, and the turn goes on or has ended.
          next = await this.#awaitNext();
        }
        if (next === null) return null;
      }
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
   * Stores a response that has ended with calls. Returns null if another function has stored it or has ended the turn.
   * Rejects when the database does not respond.
   */
  async storeStep(): Promise<Step | null> {
    await this.#saving;
    (await this.#reply.made.settle()).forEach(this.#reply.emit);
    const { db } = this.#ports;
    const { calls } = this.#reply.mapper;
    const settlement = createSettlement({ ...this.#ended, ending: WAITING });
    return await pRetry(
      () => db.storeStep(this.#turn.id, this.#turn.steps, settlement, calls),
      RETRY,
    );
  }

  /** Begins the next response: `responseId` is known if another function has sent its request. */
  beginStep(steps: number, startedAt: Date, responseId?: string): void {
    Object.assign(this.#turn, { steps, startedAt, responseId });
    this.#isCancelled = false;
    this.#reply.nextStep();
  }

  /** Runs the calls of a step, or waits until another function has begun the next one. */
  async #goOn(step: Step | null): Promise<NextStep> {
    if (!step || !this.#part.next) return await this.#awaitNext();
    this.beginStep(step.steps, step.started_at);
    this.#mustAnswer = step.must_answer;
    this.#isStopped ||= step.is_stop_requested;
    return await this.#part.next(step, this) ?? await this.#awaitNext();
  }

  /** Shows what other functions do with the turn, until they have begun the next response or ended the turn. */
  async #awaitNext(): Promise<ResponseConnection | null> {
    const { db, openai } = this.#ports;
    this.#part = { isOwner: false };
    for (;;) {
      if (this.#hasLeft) return null;
      const row = await db.findTurn(this.#turn.id);
      // A response that another function has stored is booked.
      if (!row && this.#reply.mapper.responseId !== undefined) await this.#bookLost();
      if (row?.status !== "active") return await this.#showEnd(row);
      if (row.response_id !== null && row.response_id !== this.responseId) {
        await this.#catchUp(row, row.steps);
        this.beginStep(row.steps, new Date(row.step_started_at), row.response_id);
        return await connect(openai, row.response_id, -1).catch(() => SILENT);
      }
      await pause(NEXT_STEP_MS);
    }
  }

  /** Shows the stored steps that this function has not seen, and what became of the calls. */
  async #catchUp(row: TurnRow, steps = Infinity): Promise<MessageRow | null> {
    const { db } = this.#ports;
    const [message, calls] = await Promise.all([
      db.findMessage(row.assistant_message_id),
      db.listToolCalls(row.id),
    ]);
    const { emit, stored } = this.#reply;
    const parts = message ? partsOfSteps(toUIMessage(message).parts, steps) : [];
    storedChunks(parts, stored.parts.length).forEach(emit);
    outcomeChunks(stored.parts, calls).forEach(emit);
    return message;
  }

  /** Returns true if the response is gone because its step is stored. Asks only when the response has no end. */
  async #hasGoneOn(): Promise<boolean> {
    if (this.#reply.mapper.outcome) return false;
    const row = await this.#ports.db.findTurn(this.#turn.id);
    return row !== null && row.steps > this.#turn.steps;
  }

  async #showEnd(row: TurnRow | null): Promise<null> {
    const message = row && await this.#catchUp(row);
    const finishReason = row?.status === "waiting" ? WAITING.finishReason : undefined;
    endingChunks(message, finishReason).forEach(this.#reply.emit);
    return null;
  }

  /** Settles the turn by what is known of its response. Rejects when the database does not respond. */
  async settle(): Promise<Ending> {
    return await this.end(await this.#readEnding());
  }

  /** Settles the turn with this end. Rejects when the database does not respond. */
  async end(ending: Ending): Promise<Ending> {
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
    this.#turn.threadId = conversation?.id ?? this.#turn.threadId;
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
      this.#isStopped = true;
      if (this.#isCancelled || this.isEnded || this.responseId === undefined) return;
      await openai.responses.cancel(this.responseId);
      this.#isCancelled = true;
      this.#reader.look();
    } catch (error) {
      // The next news of the turn leads here again.
      log.error("cancel_failed", { turn_id: this.#turn.id, ...describeError(error) });
    }
  }

  async #settle(ending: Ending): Promise<MessageRow | null> {
    const { log } = this.#ports;
    await this.#saving;
    const row = await this.#store(ending);
    if (row?.status === "streaming") return row;
    log.info("turn_settled", {
      turn_id: this.#turn.id,
      status: row?.status ?? "session_deleted",
      ...this.#usage,
    });
    const finishReason = "finishReason" in ending ? ending.finishReason : undefined;
    endingChunks(row, finishReason).forEach(this.#reply.emit);
    return row;
  }

  async #store(ending: Ending): Promise<MessageRow | null> {
    this.#reply.mapper.close().forEach(this.#reply.emit);
    (await this.#reply.made.settle()).forEach(this.#reply.emit);
    const { emit, stored } = this.#reply;
    if (ending.status !== "waiting") interruptedChunks(stored.parts).forEach(emit);
    const row = await settleReply(this.#ports.db, this.#turn.id, { ...this.#ended, ending });
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
          // The conversation at OpenAI holds this turn only when the response completed, without calls left open.
          ...(this.#reply.mapper.calls.length === 0 && { threadId: this.#turn.threadId }),
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

  get #ended(): Omit<EndedReply, "ending"> {
    const { mapper, stored } = this.#reply;
    return { mapper, stored, step: this.#turn.steps, responseId: this.responseId };
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
