import { describeError } from "../http/log.ts";
import { pause } from "../openai/retry-once.ts";
import { buildStore } from "./build-store.ts";
import type { FilePorts } from "./file-ports.ts";

/** A store that can be searched and added to. */
export interface OpenStore {
  /** Id of the row. */
  id: string;
  /** Id at OpenAI. */
  storeId: string;
}

const POLL_MS = 200;
/** Longer than the lease of whoever makes the store: when that one died, the next caller takes over. */
const LONGEST_WAIT_MS = 130_000;

/**
 * The store of a session, made or made again first if need be: by one caller, however many ask, while the others wait.
 * Null when it cannot be made, or not in time.
 */
export async function openStore(ports: FilePorts, sessionId: string): Promise<OpenStore | null> {
  const deadline = Date.now() + LONGEST_WAIT_MS;
  while (Date.now() < deadline && !ports.signal?.aborted) {
    const claim = await ports.files.claimStore(sessionId);
    switch (claim.kind) {
      case "ready":
        return { id: claim.id, storeId: claim.store_id };
      case "failed":
        return null;
      case "wait":
        await pause(POLL_MS);
        break;
      case "build":
        try {
          await buildStore(ports, claim, sessionId);
        } catch (error) {
          ports.log.error("store_not_made", { session_id: sessionId, ...describeError(error) });
          // The lease passes, and whoever comes then begins again.
          if (ports.signal?.aborted) return null;
          const name = error instanceof Error ? error.name : "unknown";
          await ports.files.failStore(claim, name);
        }
    }
  }
  return null;
}
