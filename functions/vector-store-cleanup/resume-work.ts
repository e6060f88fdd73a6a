import type { FileRow } from "../_shared/session-files/file-database.ts";
import { fileFailure } from "../_shared/session-files/file-failures.ts";
import { indexFile } from "../_shared/session-files/index-file.ts";
import { mapAtOnce } from "../_shared/session-files/map-at-once.ts";
import { openStore } from "../_shared/session-files/open-store.ts";
import { PATIENCE } from "../_shared/session-files/patience.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";

const LIMIT = 20;
const AT_ONCE = 4;
/** The time for one file is shorter than in the function of the upload, because a run resumes up to 20 files. */
const SHORT_PATIENCE = { ...PATIENCE, callMs: 10_000 };

/**
 * Resumes files whose next attempt is due, or whose function died: indexes stored files, and marks unfinished uploads
 * as failed.
 */
export async function resumeFiles(ports: CleanupPorts): Promise<StepReport> {
  const rows = await ports.cleanup.claimStaleFiles(LIMIT);
  const resumed = await mapAtOnce(rows, AT_ONCE, (row) => resumeFile(ports, row), ports.signal);
  return { checked: resumed.length };
}

/** Builds the stores that another function began to build and did not complete. */
export async function resumeStores(ports: CleanupPorts): Promise<StepReport> {
  const collections = await ports.cleanup.findAbandonedStores(LIMIT);
  const stores = await mapAtOnce(
    collections,
    AT_ONCE,
    (collection) => openStore(ports, collection),
    ports.signal,
  );
  const recreated = stores.filter((store) => store !== null).length;
  return { recreated, failed: stores.length - recreated };
}

async function resumeFile(ports: CleanupPorts, row: FileRow): Promise<void> {
  const { files } = ports;
  // Nobody can upload a file of the assistant again, so a row without its bytes would only be in the way.
  if (row.status === "pending" && row.origin === "assistant") {
    return await files.dropPending(row.id);
  }
  if (row.status === "pending") return await files.fail(row.id, fileFailure("upload_interrupted"));
  await indexFile(ports, row, SHORT_PATIENCE);
}
