import type { SessionStores } from "./turn-ports.ts";
import type { FilePorts } from "../session-files/file-ports.ts";
import { openStore } from "../session-files/open-store.ts";
import { logMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { sendFile } from "../session-files/send-file.ts";

/** Creates the vector stores of sessions and assistants as turns use them. */
export function createSessionStores(ports: FilePorts): SessionStores {
  return {
    open: async (collection) => (await openStore(ports, collection))?.storeId ?? null,
    expire: (storeId) => ports.files.expireStore(storeId),
    resend: async (fileId) => {
      const row = await ports.files.find(fileId);
      if (row === null) return false;
      try {
        return await sendFile(ports, row) !== null;
      } catch (error) {
        logMisconfiguration(ports.log, error, { file_id: fileId });
        throw error;
      }
    },
  };
}
