import type { UIMessageChunk } from "ai";
import type { Responses } from "openai/resources/responses/responses";
import { AppError } from "../http/errors.ts";
import { describeError } from "../http/log.ts";
import { beginResponse, type BegunResponse, createResponse } from "./request/begin-response.ts";
import { pumpReply } from "./pump-reply.ts";
import { generateTitle } from "./request/generate-title.ts";
import { notice } from "./events/notice.ts";
import { readFailure } from "../openai/read-failure.ts";
import { withRenewal } from "./renew-response.ts";
import { createReply, type Reply } from "./reply.ts";
import { retryAfter } from "../openai/retry-once.ts";
import { settleReply } from "./settle-reply.ts";
import type { StartedTurn } from "./turn-database.ts";
import type { TurnPorts, TurnRunPorts } from "./turn-ports.ts";
import { openSources, type TurnSources } from "./request/turn-sources.ts";
import { type TurnWatch, watchTurn } from "./watch-turn.ts";

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
}

/**
 * Generates the reply of a turn, settles the turn in the database, and then sends the end to the client. After a
 * failure, settles the turn or leaves it to recovery while OpenAI may still run, and sends the error to the client.
 */
export async function runTurn(
  ports: TurnRunPorts,
  turn: Turn,
  client: TurnClient,
): Promise<void> {
  const watch = watchTurn(ports, turn.started.turn_id);
  try {
    const sources = await openSources(ports, turn.started);
    const reply = createReply(turn.started.assistant_message_id, client.send, sources.findFile);
    const begun = await begin(ports, turn, { reply, sources }, client);
    if (!begun) return;
    client.accept();
    reply.emit({ type: "start", messageId: turn.started.assistant_message_id });
    if (sources.isIncomplete) await sayIncomplete(ports, turn, reply);
    begun.events = withRenewal(begun.events, async () => {
      if (!await sources.renew()) return null;
      if (sources.isIncomplete) await sayIncomplete(ports, turn, reply);
      const { started, search } = turn;
      return await createResponse(ports, started, begun.threadId, { search, sources });
    });
    const push = createPump(ports, turn, reply, watch, begun.threadId);
    const { turn_id: turnId, profile_id: profileId } = turn.started;
    const row = await pumpReply(ports, { turnId, profileId, reply, watch, ...begun }, push);
    if (row?.status === "complete" && turn.started.needs_title) {
      await generateTitle(ports, turn.started);
    }
  } finally {
    watch.end();
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
    log.error("notice_not_stored", { turn_id: turn_id, ...describeError(error) });
  }
}

async function begin(
  ports: TurnRunPorts,
  { started, search }: Turn,
  { reply, sources }: { reply: Reply; sources: TurnSources },
  client: TurnClient,
): Promise<BegunResponse | null> {
  try {
    return await beginResponse(ports, started, { search, sources });
  } catch (error) {
    const code = readFailure(error);
    ports.log.error(
      code === "provider_misconfigured" ? "provider_misconfigured" : "provider_refused",
      {
        turn_id: started.turn_id,
        session_id: started.session_id,
        ...describeError(error),
      },
    );
    const refusal = new AppError(code, { retryAfter: retryAfter(error), cause: error });
    await settleReply(ports.db, started.turn_id, reply, { status: "failed", code }).catch((
      cause,
    ) =>
      ports.log.error("turn_not_settled", { turn_id: started.turn_id, ...describeError(cause) })
    );
    client.refuse(refusal);
    return null;
  }
}

/** Returns the handler of events: it sends their chunks, stores the ids, and replaces the reply that is regenerated. */
function createPump(
  { db, log }: TurnPorts,
  { started }: Turn,
  { mapper, emit }: Reply,
  watch: TurnWatch,
  threadId: string,
): (event: Responses.ResponseStreamEvent) => void {
  let hasToReplace = started.replaces_reply;
  return (event) => {
    const chunks = mapper.push(event);
    chunks.forEach(emit);
    if (event.type === "response.created") watch.begin(event.response.id, threadId);
    if (hasToReplace && chunks.some(({ type }) => type === "text-delta")) {
      hasToReplace = false;
      // If this fails, settling the turn replaces the reply.
      db.replaceReply(started.turn_id).catch((error) =>
        log.error("reply_not_replaced", { turn_id: started.turn_id, ...describeError(error) })
      );
    }
  };
}
