import type { SessionStores } from "./turn-ports.ts";
import type { FilePorts } from "../session-files/file-ports.ts";
import { openStore } from "../session-files/open-store.ts";

/** The vector stores of sessions, for turns. */
export function createSessionStores(ports: FilePorts): SessionStores {
  return {
    open: async (sessionId) => (await openStore(ports, sessionId))?.storeId ?? null,
    expire: (storeId) => ports.files.expireStore(storeId),
  };
}
