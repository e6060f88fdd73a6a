import type { UIMessageChunk } from "ai";
import { toUIMessage } from "../../../types/api.ts";
import { partsOfSteps, storedChunks } from "./events/stored-chunks.ts";
import { outcomeChunks } from "./events/outcome-chunks.ts";
import { MadeFiles } from "./made-files.ts";
import { createReply, type Reply } from "./reply.ts";
import { indexFiles } from "./request/find-file.ts";
import type { TurnRow } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";
import { TurnRun } from "./turn-run.ts";

/** A turn that another function has begun, and its reply so far. */
export interface OpenedTurn {
  run: TurnRun;
  reply: Reply;
}

/**
 * Opens a turn that another function has begun, to read its reply from the start. Sends what is stored of it: notices,
 * and the steps before the current response. A client that has sent outputs has the first `known` parts already.
 */
export async function openTurn(
  ports: TurnPorts,
  row: TurnRow,
  send: (chunk: UIMessageChunk) => void = () => {},
  known = 0,
): Promise<OpenedTurn> {
  const { db } = ports;
  const { assistant_message_id: messageId } = row;
  const [files, message, calls] = await Promise.all([
    db.listFiles(row.session_id),
    db.findMessage(messageId),
    row.steps > 0 ? db.listToolCalls(row.id) : [],
  ]);
  const made = new MadeFiles(ports.files, { id: row.id, profileId: row.user_id });
  const parts = message ? partsOfSteps(toUIMessage(message).parts, row.steps) : [];
  const reply = createReply(messageId, send, indexFiles(files), made, parts.slice(0, known));
  reply.emit({ type: "start", messageId });
  storedChunks(parts, known).forEach(reply.emit);
  outcomeChunks(reply.stored.parts, calls).forEach(reply.emit);
  const turn = {
    id: row.id,
    startedAt: new Date(row.step_started_at),
    steps: row.steps,
    responseId: row.response_id ?? undefined,
  };
  return { run: new TurnRun(ports, turn, reply, { isOwner: false }), reply };
}
