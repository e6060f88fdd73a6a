import type { UIMessageChunk } from "ai";
import { describeError } from "../_shared/http/log.ts";
import { pumpReply, type RunningReply } from "../_shared/turn/pump-reply.ts";
import { publicErrorText } from "../_shared/openai/public-errors.ts";
import { replayMessage } from "./replay-message.ts";
import { openReply } from "../_shared/turn/open-reply.ts";
import { pause } from "../_shared/openai/retry-once.ts";
import { endingChunks } from "../_shared/turn/settle-reply.ts";
import type { TurnRow } from "../_shared/turn/turn-database.ts";
import type { TurnPorts } from "../_shared/turn/turn-ports.ts";
import { type TurnWatch, watchTurn } from "../_shared/turn/watch-turn.ts";

/** The pause between two queries of the database whether OpenAI has accepted the turn. */
const POLL_MS = 100;
const POLL_ATTEMPTS = 600;

/**
 * Sends a running reply from its start, then live. Any process may have begun the reply. The first process that sees
 * its end settles the turn. Never rejects.
 */
export async function resumeTurn(
  ports: TurnPorts,
  turn: TurnRow,
  send: (chunk: UIMessageChunk) => void,
): Promise<void> {
  let watch: TurnWatch | undefined;
  try {
    const responseId = await waitForResponse(ports, turn);
    if (!responseId) return await replayEnded(ports, turn, send);
    // Starts the heartbeats only now: while waiting, they would keep recovery from settling a dead function's turn.
    watch = watchTurn(ports, turn.id);
    const reply = await openReply(ports.db, turn, send);
    const events = await ports.openai.responses.retrieve(responseId, { stream: true });
    const running: RunningReply = {
      turnId: turn.id,
      profileId: turn.user_id,
      reply,
      watch,
      events,
    };
    await pumpReply(ports, running, (event) => {
      reply.mapper.push(event).forEach(reply.emit);
      if (event.type === "response.created") running.threadId = event.response.conversation?.id;
    });
  } catch (error) {
    ports.log.error("resume_failed", { turn_id: turn.id, ...describeError(error) });
    send({ type: "error", errorText: publicErrorText("still_generating") });
  } finally {
    watch?.end();
  }
}

/**
 * Waits for OpenAI's id of the reply. Returns null when the turn ended before it had one. Throws when the id takes
 * longer than a minute.
 */
async function waitForResponse({ db }: TurnPorts, turn: TurnRow): Promise<string | null> {
  let latest: TurnRow | null = turn;
  for (let attempt = 0; attempt < POLL_ATTEMPTS; attempt += 1) {
    if (latest?.status !== "active") return null;
    if (latest.response_id) return latest.response_id;
    await pause(POLL_MS);
    latest = await db.findTurn(turn.id);
  }
  throw new Error("OpenAI has not taken the turn");
}

async function replayEnded(
  { db }: TurnPorts,
  turn: TurnRow,
  send: (chunk: UIMessageChunk) => void,
): Promise<void> {
  const row = await db.findMessage(turn.assistant_message_id);
  (row ? replayMessage(row) : endingChunks(null)).forEach(send);
}
