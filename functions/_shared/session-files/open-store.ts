import { describeError } from "../http/log.ts";
import { logMisconfiguration } from "../openai/describe-misconfiguration.ts";
import { readFailure } from "../openai/read-failure.ts";
import { pause } from "../http/pause.ts";
import { retryAfter } from "../openai/retry-once.ts";
import { buildStore } from "./build-store.ts";
import type { Collection } from "./collection.ts";
import type { BuildClaim } from "./file-database.ts";
import { StoreNotMadeError } from "./file-failures.ts";
import type { FilePorts } from "./file-ports.ts";
import { PATIENCE, type Patience } from "./patience.ts";

/** A store that is ready for searches and new files. */
export interface OpenStore {
  /** The id of the row. */
  id: string;
  /** The id at OpenAI. */
  storeId: string;
}

/**
 * Returns the store of a collection, and builds it first if it is missing or expired. One caller builds it while all
 * others wait. Returns null when it cannot be built, or not in time.
 */
export async function openStore(
  ports: FilePorts,
  collection: Collection,
): Promise<OpenStore | null> {
  try {
    return await requireStore(ports, collection);
  } catch (error) {
    if (error instanceof StoreNotMadeError) return null;
    throw error;
  }
}

/** Returns the store as `openStore` does. Throws a StoreNotMadeError where that returns null. */
export async function requireStore(
  ports: FilePorts,
  collection: Collection,
  patience = PATIENCE,
): Promise<OpenStore> {
  const deadline = Date.now() + patience.storeMs;
  while (Date.now() < deadline && !ports.signal?.aborted) {
    const claim = await ports.files.claimStore(collection);
    switch (claim.kind) {
      case "ready":
        return { id: claim.id, storeId: claim.store_id };
      case "failed":
        throw new StoreNotMadeError(claim.error ?? "unknown", claim.retry_after ?? 0);
      case "wait":
        await pause(patience.storePollMs);
        break;
      case "build":
        await build(ports, claim, collection, patience);
    }
  }
  throw new StoreNotMadeError("timeout", 0);
}

async function build(
  ports: FilePorts,
  claim: BuildClaim,
  collection: Collection,
  patience: Patience,
): Promise<void> {
  try {
    await buildStore(ports, claim, collection, patience);
  } catch (error) {
    const facts = { ...collection };
    ports.log.error("store_not_made", { ...facts, ...describeError(error) });
    logMisconfiguration(ports.log, error, facts);
    const seconds = Math.min(
      retryAfter(error) ?? patience.storePauseMs / 1000,
      patience.totalMs / 1000,
    );
    const failure = readFailure(error);
    const reason = failure === "internal" && error instanceof Error ? error.name : failure;
    // After an abort, the next caller builds the store again after the lease.
    if (!ports.signal?.aborted) await ports.files.failStore(claim, reason, seconds);
    throw new StoreNotMadeError(reason, seconds);
  }
}
