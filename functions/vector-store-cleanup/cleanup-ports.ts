import type { FilePorts } from "../_shared/files/file-ports.ts";
import type { CleanupDatabase } from "./cleanup-database.ts";

/** What the clean-up needs of the world. */
export interface CleanupPorts extends FilePorts {
  cleanup: CleanupDatabase;
}

/** What a step of the clean-up has done, to be summed up. */
export interface StepReport {
  checked?: number;
  expired?: number;
  deleted?: number;
  recreated?: number;
  orphans?: number;
  failed?: number;
}
