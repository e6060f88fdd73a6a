import type { UIMessageChunk } from "ai";
import { describeError } from "../_shared/http/log.ts";
import { publicErrorText } from "../_shared/openai/public-errors.ts";
import { replayMessage } from "./replay-message.ts";
import { connect, type ResponseConnection } from "../_shared/turn/follow-response.ts";
import { openTurn } from "../_shared/turn/open-turn.ts";
import { pause } from "../_shared/http/pause.ts";
import { endingChunks } from "../_shared/turn/settle-reply.ts";
import type { TurnRow } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";

/** The pause between two queries of the database whether OpenAI has accepted the turn. */
const POLL_MS = 100;
const POLL_ATTEMPTS = 600;

/** A client that joins a reply. */
export interface JoinedClient {
  send(chunk: UIMessageChunk): void;
  /** Aborted when the client disconnects. */
  left: AbortSignal;
  /** The parts of the reply that the client has already. */
  known: number;
}

/**
 * Sends a reply from its start, and live while it is being written. Any process may have begun the reply. The first
 * process that sees its end settles the turn. Stops reading when the client leaves. Never rejects.
 */
export async function resumeTurn(
  ports: TurnPorts,
  turn: TurnRow,
  { send, left, known }: JoinedClient,
): Promise<void> {
  try {
    const row = await waitForResponse(ports, turn);
    if (!row) return await replayEnded(ports, turn, send, known);
    const { run } = await openTurn(ports, row, send, known);
    left.addEventListener("abort", () => run.leave());
    if (left.aborted) return;
    await run.finish(await connectSafely(ports, row));
  } catch (error) {
    ports.log.error("resume_failed", { turn_id: turn.id, ...describeError(error) });
    send({ type: "error", errorText: publicErrorText("still_generating") });
  }
}

/** Returns null when OpenAI attaches nobody to the response any more. The stored response then has the reply. */
async function connectSafely(
  { openai }: TurnPorts,
  { response_id }: TurnRow,
): Promise<ResponseConnection | null> {
  try {
    return response_id === null ? null : await connect(openai, response_id, -1);
  } catch {
    return null;
  }
}

/**
 * Waits until OpenAI has accepted the turn, and returns its row. Returns null when the turn ended before. Throws when
 * this takes longer than a minute.
 */
async function waitForResponse({ db }: TurnPorts, turn: TurnRow): Promise<TurnRow | null> {
  let latest: TurnRow | null = turn;
  for (let attempt = 0; attempt < POLL_ATTEMPTS; attempt += 1) {
    if (latest?.status !== "active") return null;
    if (latest.response_id) return latest;
    await pause(POLL_MS);
    latest = await db.findTurn(turn.id);
  }
  throw new Error("OpenAI has not taken the turn");
}

async function replayEnded(
  { db }: TurnPorts,
  turn: TurnRow,
  send: (chunk: UIMessageChunk) => void,
  known: number,
): Promise<void> {
  const row = await db.findMessage(turn.assistant_message_id);
  (row ? replayMessage(row, known) : endingChunks(null)).forEach(send);
}
