import type Stripe from "stripe";
import type { FilePorts, FileServices } from "../_shared/session-files/file-ports.ts";
import type { CleanupDatabase } from "./cleanup-database.ts";

/** The services that all runs share. */
export interface CleanupServices extends FileServices {
  /** Null in a project that does not sell anything. */
  stripe: Stripe | null;
}

/** The services and database calls of one run of the clean-up. */
export interface CleanupPorts extends FilePorts, CleanupServices {
  cleanup: CleanupDatabase;
  /** Ends the run when it aborts: the run stops waiting for services and starts no new work. */
  signal: AbortSignal;
}

/** Counts of what a step of the clean-up has done. The run adds them up. */
export interface StepReport {
  checked?: number;
  expired?: number;
  deleted?: number;
  recreated?: number;
  orphans?: number;
  failed?: number;
}
