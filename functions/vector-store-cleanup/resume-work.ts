import type { FileRow } from "../_shared/files/file-database.ts";
import { fileFailure } from "../_shared/files/file-failures.ts";
import { indexFile } from "../_shared/files/index-file.ts";
import { mapAtOnce } from "../_shared/files/map-at-once.ts";
import { openStore } from "../_shared/files/open-store.ts";
import type { CleanupPorts, StepReport } from "./cleanup-ports.ts";

const LIMIT = 20;
const AT_ONCE = 4;

/** Goes on with files whose function died: stored ones are indexed, others have failed. */
export async function resumeFiles(ports: CleanupPorts): Promise<StepReport> {
  const rows = await ports.cleanup.claimStaleFiles(LIMIT);
  await mapAtOnce(rows, AT_ONCE, (row) => resumeFile(ports, row));
  return { checked: rows.length };
}

/** Goes on with stores that somebody began to make and did not finish. */
export async function resumeStores(ports: CleanupPorts): Promise<StepReport> {
  const sessionIds = await ports.cleanup.findAbandonedStores(LIMIT);
  const stores = await mapAtOnce(sessionIds, AT_ONCE, (sessionId) => openStore(ports, sessionId));
  const recreated = stores.filter((store) => store !== null).length;
  return { recreated, failed: stores.length - recreated };
}

async function resumeFile(ports: CleanupPorts, row: FileRow): Promise<void> {
  if (row.status === "pending") await ports.files.fail(row.id, fileFailure("upload_interrupted"));
  else await indexFile(ports, row);
}
