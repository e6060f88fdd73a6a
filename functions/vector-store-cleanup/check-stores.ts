import { expiryOf } from "../_shared/session-files/build-store.ts";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { isGone } from "../_shared/openai/store-lost.ts";
import { describeError } from "../_shared/http/log.ts";
import { createMisconfigurationLog } from "../_shared/openai/describe-misconfiguration.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";

const LIMIT = 100;
const STORES_AT_ONCE = 8;

/** Asks OpenAI about stores that expire soon. Stores the new expiry, or marks the store as expired. */
export async function checkStores(ports: CleanupPorts): Promise<StepReport> {
  const storeIds = await ports.cleanup.claimStoresToCheck(LIMIT);
  const logMistake = createMisconfigurationLog(ports.log);
  const outcomes = await mapAtOnce(
    storeIds,
    STORES_AT_ONCE,
    (id) => checkStore(ports, id, logMistake),
    ports.signal,
  );
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length;
  return { checked: outcomes.length, expired: count("expired"), failed: count("failed") };
}

async function checkStore(
  { openai, cleanup, files, storeDays, log }: CleanupPorts,
  storeId: string,
  logMistake: (error: unknown) => void,
): Promise<"active" | "expired" | "failed"> {
  try {
    const store = await openai.vectorStores.retrieve(storeId);
    if (store.status !== "expired") {
      await cleanup.touchStore(storeId, expiryOf(store, storeDays));
      return "active";
    }
  } catch (error) {
    if (!isGone(error)) {
      log.error("store_not_checked", { ...describeError(error) });
      logMistake(error);
      return "failed";
    }
  }
  await files.expireStore(storeId);
  return "expired";
}
