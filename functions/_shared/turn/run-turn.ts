import type { UIMessageChunk } from "ai";
import pRetry from "p-retry";
import { AppError } from "../http/errors.ts";
import { describeError } from "../http/log.ts";
import { describeMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { readFailure } from "../openai/read-failure.ts";
import { retryAfter } from "../openai/retry-once.ts";
import { notice } from "./events/notice.ts";
import type { ResponseConnection } from "./follow-response.ts";
import { MadeFiles } from "./made-files.ts";
import { createReply, type Reply } from "./reply.ts";
import { generateTitle } from "./request/generate-title.ts";
import { TurnEndedError, TurnRequest } from "./request/turn-request.ts";
import { openSources } from "./request/turn-sources.ts";
import { progressReporter } from "./report-progress.ts";
import { settleReply } from "./settle-reply.ts";
import type { StartedTurn } from "./turn-database.ts";
import type { TurnPorts, TurnRunPorts } from "./turn-ports.ts";
import { TurnRun } from "./turn-run.ts";

/** A turn that `start_turn` has admitted. */
export interface Turn {
  started: StartedTurn;
  search: boolean;
}

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
  turn: Turn,
  client: TurnClient,
): Promise<void> {
  const { started } = turn;
  const { turn_id: id, assistant_message_id: messageId } = started;
  const { sources, request, reply } = await prepare(ports, turn, client);
  const connection = await send(ports, turn, { request, reply }, client);
  if (!connection) return;
  client.accept();
  reply.emit({ type: "start", messageId });
  if (sources.isIncomplete) await sayIncomplete(ports, turn, reply);
  const run = new TurnRun(
    ports,
    {
      id,
      createdAt: started.created_at,
      threadId: request.threadId,
    },
    reply,
    {
      isOwner: true,
      onChunks: createReplacer(ports, started),
    },
  );
  const row = await run.finish(connection);
  client.close();
  if (row?.status === "complete" && started.title_model !== null) {
    await generateTitle(ports, started, row.content);
  }
}

/**
 * Sends the request of a turn and leaves: OpenAI writes the reply in the background. A webhook, recovery or a client
 * that comes back settles the turn. Returns false when OpenAI has refused the request; the turn is then settled.
 */
export async function beginTurn(ports: TurnRunPorts, turn: Turn): Promise<boolean> {
  const { sources, request, reply } = await prepare(ports, turn, NOBODY);
  const connection = await send(ports, turn, { request, reply }, NOBODY);
  if (!connection) return false;
  if (sources.isIncomplete) await sayIncomplete(ports, turn, reply);
  for await (const arrived of connection.events) {
    const created = arrived.find(({ type }) => type === "response.created");
    if (created?.type !== "response.created") continue;
    await saveOrCancel(ports, turn.started.turn_id, created.response.id, request.threadId);
    break;
  }
  connection.abort();
  return true;
}

/** The pause between two reports that a turn is being prepared. */
const REPORT_MS = 10_000;

/** Opens what a turn needs before its request is sent. */
async function prepare(ports: TurnRunPorts, turn: Turn, client: TurnClient) {
  const { turn_id: id, profile_id: profileId, assistant_message_id: messageId } = turn.started;
  // Building a store may take longer than recovery waits for progress.
  const clock = setInterval(() => progressReporter.note(ports, id, () => {}), REPORT_MS);
  const sources = await openSources(ports, turn.started).finally(() => clearInterval(clock));
  const made = new MadeFiles(ports.files, { id, profileId });
  const reply = createReply(messageId, client.send, sources.findFile, made);
  const request = new TurnRequest(ports, turn, sources, () => sayIncomplete(ports, turn, reply));
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
  { started: { turn_id, session_id } }: Turn,
  { request, reply }: { request: TurnRequest; reply: Reply },
  client: TurnClient,
): Promise<ResponseConnection | null> {
  try {
    return await request.send();
  } catch (error) {
    const isLate = error instanceof TurnEndedError;
    const code = isLate ? "provider_timeout" : readFailure(error);
    const mistake = describeMisconfiguration(error);
    const refused = isLate ? "turn_ended_early" : "provider_refused";
    const event = mistake ? "provider_misconfigured" : refused;
    ports.log.error(event, { turn_id, session_id, ...mistake, ...describeError(error) });
    const ended = { ...reply, ending: { status: "failed" as const, code } };
    await settleReply(ports.db, turn_id, ended).catch((cause) =>
      ports.log.error("turn_not_settled", { turn_id, ...describeError(cause) })
    );
    client.refuse(new AppError(code, { retryAfter: retryAfter(error), cause: error }));
    client.close();
    return null;
  }
}

/** Adds a notice to the reply that files were not searched, for the client and in the stored parts. */
async function sayIncomplete(
  { db, log }: TurnPorts,
  { started: { turn_id } }: Turn,
  reply: Reply,
): Promise<void> {
  const part = notice("search_unavailable");
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
