import type { UIMessageChunk } from "ai";
import { storedNotices } from "./events/notice.ts";
import { MadeFiles } from "./made-files.ts";
import { createReply } from "./reply.ts";
import { indexFiles } from "./request/find-file.ts";
import type { TurnRow } from "./turn-database.ts";
import type { TurnPorts } from "./turn-ports.ts";
import { TurnRun } from "./turn-run.ts";

/** Opens a turn that another function has begun, to read its reply from the start. Sends that function's notices. */
export async function openTurn(
  ports: TurnPorts,
  row: TurnRow,
  send: (chunk: UIMessageChunk) => void = () => {},
): Promise<TurnRun> {
  const { db } = ports;
  const { assistant_message_id: messageId } = row;
  const [files, message] = await Promise.all([
    db.listFiles(row.session_id),
    db.findMessage(messageId),
  ]);
  const made = new MadeFiles(ports.files, { id: row.id, profileId: row.user_id });
  const reply = createReply(messageId, send, indexFiles(files), made);
  reply.emit({ type: "start", messageId });
  storedNotices(message).forEach(reply.emit);
  const turn = {
    id: row.id,
    createdAt: new Date(row.created_at),
    responseId: row.response_id ?? undefined,
  };
  return new TurnRun(ports, turn, reply, { isOwner: false });
}
