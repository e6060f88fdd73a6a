import type { UIMessageChunk } from "ai";
import pRetry from "p-retry";
import { AppError } from "../http/errors.ts";
import { describeError } from "../http/log.ts";
import { describeMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { readFailure } from "../openai/read-failure.ts";
import { retryAfter } from "../openai/retry-once.ts";
import { notice, type NoticeCode } from "./events/notice.ts";
import type { Part } from "./events/stored-chunks.ts";
import type { ResponseConnection } from "./follow-response.ts";
import { MadeFiles } from "./made-files.ts";
import { createReply, type Reply } from "./reply.ts";
import { generateTitle } from "./request/generate-title.ts";
import { TurnEndedError, TurnRequest } from "./request/turn-request.ts";
import { openSources, type TurnSources } from "./request/turn-sources.ts";
import type { OpenedTurn } from "./open-turn.ts";
import { progressReporter } from "./report-progress.ts";
import { type Ending, settleReply } from "./settle-reply.ts";
import { runStep } from "./tools/run-step.ts";
import type { StartedTurn } from "./turn-database.ts";
import type { TurnPorts, TurnRunPorts } from "./turn-ports.ts";
import { TurnRun } from "./turn-run.ts";

/** The client that asked for a turn. It may disconnect at any time. */
export interface TurnClient {
  /** Called when OpenAI has accepted the request. Chunks follow. */
  accept(): void;
  /** Called instead of `accept` when nothing was generated. */
  refuse(error: AppError): void;
  send(chunk: UIMessageChunk): void;
  /** Called after the last chunk. */
  close(): void;
}

/** A client that ignores everything: the reply is only stored. */
export const NOBODY: TurnClient = { accept() {}, refuse() {}, send() {}, close() {} };

/**
 * Generates the reply of a turn, settles the turn in the database, and then sends the end to the client. After a
 * failure, settles the turn or leaves it to recovery while OpenAI may still run, and sends the error to the client.
 */
export async function runTurn(
  ports: TurnRunPorts,
  started: StartedTurn,
  client: TurnClient,
): Promise<void> {
  const { turn_id: id, assistant_message_id: messageId } = started;
  const prepared = await prepare(ports, started, client);
  const { sources, request, reply } = prepared;
  // A reply that goes on begins with the calls that its client has answered.
  const connection = started.steps === 0 ? await send(ports, started, prepared, client) : null;
  if (started.steps === 0 && !connection) return;
  client.accept();
  reply.emit({ type: "start", messageId });
  if (started.is_search_off && started.steps === 0) {
    await say(ports, started, reply, "web_search_off");
  }
  if (sources.isIncomplete) await say(ports, started, reply, "search_unavailable");
  const turn = {
    id,
    startedAt: started.started_at,
    steps: started.steps,
    threadId: request.threadId,
  };
  const run = new TurnRun(ports, turn, reply, {
    isOwner: true,
    onChunks: createReplacer(ports, started),
    next: (step, run) =>
      runStep(ports, id, step, { reply, request, run, onRefused: refuser(ports, started) }),
  });
  const row = await run.finish(connection, started.steps === 0 ? undefined : started);
  client.close();
  if (row?.status === "complete" && row.content !== "" && started.title_model !== null) {
    await generateTitle(ports, started, row.content);
  }
}

/**
 * Sends the request of a turn and leaves: OpenAI writes the reply in the background. A webhook, recovery or a client
 * that comes back goes on with the turn. Returns false when OpenAI has refused the request; the turn is then settled.
 */
export async function beginTurn(ports: TurnRunPorts, started: StartedTurn): Promise<boolean> {
  const prepared = await prepare(ports, started, NOBODY);
  const { sources, request, reply } = prepared;
  const connection = await send(ports, started, prepared, NOBODY);
  if (!connection) return false;
  if (started.is_search_off) await say(ports, started, reply, "web_search_off");
  if (sources.isIncomplete) await say(ports, started, reply, "search_unavailable");
  await leave(ports, started.turn_id, connection, request);
  return true;
}

/**
 * Runs the calls of a step whose function has died, sends the next request and leaves. `isUncertain` says that the dead
 * function may have sent it. Returns how the turn ended; null while it goes on.
 */
export async function continueTurn(
  ports: TurnRunPorts,
  step: StartedTurn,
  { run, reply }: OpenedTurn,
  isUncertain: boolean,
): Promise<Ending | null> {
  const { request } = await prepare(ports, step, NOBODY, reply);
  run.beginStep(step.steps, step.started_at);
  const onRefused = refuser(ports, step);
  const next = await runStep(ports, step.turn_id, step, {
    reply,
    request,
    run,
    isUncertain,
    onRefused,
  });
  if (next === null) return null;
  if ("status" in next) return await run.end(next);
  await leave(ports, step.turn_id, next, request);
  return null;
}

/** Saves the ids of a response that goes on in the background, and disconnects. */
async function leave(
  ports: TurnPorts,
  turnId: string,
  { events, abort }: ResponseConnection,
  request: TurnRequest,
): Promise<void> {
  for await (const arrived of events) {
    const created = arrived.find(({ type }) => type === "response.created");
    if (created?.type !== "response.created") continue;
    await saveOrCancel(ports, turnId, created.response.id, request.threadId);
    break;
  }
  abort();
}

/** The pause between two reports that a turn is being prepared. */
const REPORT_MS = 10_000;

interface PreparedTurn {
  sources: TurnSources;
  request: TurnRequest;
  reply: Reply;
}

/** Opens what a turn needs before its request is sent. */
async function prepare(
  ports: TurnRunPorts,
  started: StartedTurn,
  client: TurnClient,
  opened?: Reply,
): Promise<PreparedTurn> {
  const { turn_id: id, profile_id: profileId, assistant_message_id: messageId } = started;
  // Building a store may take longer than recovery waits for progress.
  const clock = setInterval(() => progressReporter.note(ports, id, () => {}), REPORT_MS);
  const sources = await openSources(ports, started).finally(() => clearInterval(clock));
  const made = new MadeFiles(ports.files, { id, profileId });
  const parts = started.parts as Part[]; // The functions store only UIMessage.parts.
  const reply = opened ?? createReply(messageId, client.send, sources.findFile, made, parts);
  const onSearchLost = () => say(ports, started, reply, "search_unavailable");
  const request = new TurnRequest(ports, started, sources, onSearchLost);
  return { sources, request, reply };
}

/** Saves the ids of a response. Cancels a response that cannot be saved, because nothing would find it again. */
async function saveOrCancel(
  { db, openai }: TurnPorts,
  turnId: string,
  responseId: string,
  threadId?: string,
): Promise<void> {
  try {
    const ids = { responseId, threadId };
    await pRetry(() => db.saveIds(turnId, ids), { retries: 4, minTimeout: 500 });
  } catch (error) {
    await openai.responses.cancel(responseId);
    throw error;
  }
}

/** Sends the request. When OpenAI refuses it, settles the turn, refuses the client and returns null. */
async function send(
  ports: TurnRunPorts,
  started: StartedTurn,
  { request, reply }: PreparedTurn,
  client: TurnClient,
): Promise<ResponseConnection | null> {
  try {
    return await request.send();
  } catch (error) {
    const { turn_id } = started;
    const ending = refuser(ports, started)(error);
    await settleReply(ports.db, turn_id, { ...reply, ending, step: 0 }).catch((cause) =>
      ports.log.error("turn_not_settled", { turn_id, ...describeError(cause) })
    );
    client.refuse(new AppError(ending.code, { retryAfter: retryAfter(error), cause: error }));
    client.close();
    return null;
  }
}

/** Returns a function that logs why a request was not taken, and says how its turn ends. */
function refuser({ log }: TurnPorts, { turn_id, session_id }: StartedTurn) {
  return (error: unknown) => {
    const isLate = error instanceof TurnEndedError;
    const mistake = describeMisconfiguration(error);
    const refused = isLate ? "turn_ended_early" : "provider_refused";
    const event = mistake ? "provider_misconfigured" : refused;
    log.error(event, { turn_id, session_id, ...mistake, ...describeError(error) });
    const code = isLate ? "provider_timeout" as const : readFailure(error);
    return { status: "failed" as const, code };
  };
}

/** Adds a notice to the reply, for the client and in the stored parts. */
async function say(
  { db, log }: TurnPorts,
  { turn_id }: StartedTurn,
  reply: Reply,
  code: NoticeCode,
): Promise<void> {
  const part = notice(code);
  reply.emit(part);
  try {
    await db.note(turn_id, part);
  } catch (error) {
    log.error("notice_not_stored", { turn_id, ...describeError(error) });
  }
}

/** Returns a function that replaces the reply that is regenerated, when the first text of the new one arrives. */
function createReplacer(
  { db, log }: TurnPorts,
  { turn_id, replaces_reply }: StartedTurn,
): ((chunks: UIMessageChunk[]) => void) | undefined {
  if (!replaces_reply) return undefined;
  let hasToReplace = true;
  return (chunks) => {
    if (!hasToReplace || !chunks.some(({ type }) => type === "text-delta")) return;
    hasToReplace = false;
    // If this fails, settling the turn replaces the reply.
    db.replaceReply(turn_id).catch((error) =>
      log.error("reply_not_replaced", { turn_id, ...describeError(error) })
    );
  };
}
