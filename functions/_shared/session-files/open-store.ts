import { describeError } from "../http/log.ts";
import { pause } from "../http/pause.ts";
import { buildStore } from "./build-store.ts";
import type { FilePorts } from "./file-ports.ts";

/** A store that is ready for searches and new files. */
export interface OpenStore {
  /** The id of the row. */
  id: string;
  /** The id at OpenAI. */
  storeId: string;
}

const POLL_MS = 200;
/** Longer than the lease of a build, so that a waiting caller can take over from a function that died. */
const LONGEST_WAIT_MS = 130_000;

/**
 * Returns the store of a session, and builds it first if it is missing or expired. One caller builds it while all
 * others wait. Returns null when it cannot be built, or not in time.
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
          // The next caller builds the store again after the lease.
          if (ports.signal?.aborted) return null;
          const name = error instanceof Error ? error.name : "unknown";
          await ports.files.failStore(claim, name);
        }
    }
  }
  return null;
}
