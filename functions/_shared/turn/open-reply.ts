import type { UIMessageChunk } from "ai";
import { indexFiles } from "./request/find-file.ts";
import { storedNotices } from "./events/notice.ts";
import { createReply, type Reply } from "./reply.ts";
import type { TurnDatabase, TurnRow } from "./turn-database.ts";

/** Opens a reply that another function has begun, from its start. Sends the notices of that function first. */
export async function openReply(
  db: TurnDatabase,
  { assistant_message_id: messageId, session_id }: TurnRow,
  send: (chunk: UIMessageChunk) => void,
): Promise<Reply> {
  const [files, row] = await Promise.all([db.listFiles(session_id), db.findMessage(messageId)]);
  const reply = createReply(messageId, send, indexFiles(files));
  reply.emit({ type: "start", messageId });
  storedNotices(row).forEach(reply.emit);
  return reply;
}
