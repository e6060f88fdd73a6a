import type Stripe from "stripe";
import type { FilePorts, FileServices } from "../_shared/session-files/file-ports.ts";
import type { CleanupDatabase } from "./cleanup-database.ts";

/** What is the same for every run. */
export interface CleanupServices extends FileServices {
  /** Null where nothing is sold. */
  stripe: Stripe | null;
}

/** What the clean-up needs of the world. */
export interface CleanupPorts extends FilePorts, CleanupServices {
  cleanup: CleanupDatabase;
  /** When it aborts, the run is over: what waits for somebody is given up, and nothing more is begun. */
  signal: AbortSignal;
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
