import type { SessionStores } from "../turn/turn-ports.ts";
import type { FilePorts } from "./file-ports.ts";
import { openStore } from "./open-store.ts";

/** The vector stores of sessions, for turns. */
export function createSessionStores(ports: FilePorts): SessionStores {
  return {
    open: async (sessionId) => (await openStore(ports, sessionId))?.storeId ?? null,
    expire: (storeId) => ports.files.expireStore(storeId),
  };
}
